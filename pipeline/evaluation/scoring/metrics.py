"""Score probabilities against labels, overall, as a macro average and per emotion.

A label that reaches `positive_at` is a positive, a probability that reaches its threshold a
predicted positive. A number that is not defined is None: precision where nothing was predicted
positive, recall without positives, F1 = 2TP / (2TP + FP + FN) where that denominator is 0,
AUROC and average precision unless there are positives and negatives, concordance where labels
and probabilities are the same constant. Where there are no positives but some are predicted, F1
is 0. Errors (mse, mae), concordance (ccc) and Jensen-Shannon distance (jsd) are against the soft
labels, Brier score and calibration error (ece) against what is positive (see `sum_scores`).
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring import sum_scores
from pipeline.evaluation.scoring.arrays import Bools, Floats, checked, reach
from pipeline.evaluation.scoring.confusion import count, ratios
from pipeline.evaluation.scoring.emotion_scores import (
    Numbers,
    defined,
    errors,
    mean,
    or_none,
    with_ratios,
)

MACRO = ("binary_accuracy", "precision", "recall", "f1", "auroc", "average_precision", "ece", "ccc")
QUALITY = ("brier", "ece", "ccc", "jsd")


class Scores(TypedDict):
    """What `score_each` gives for each set of thresholds; goes to JSON as it is.

    `macro` averages over the emotions where a number is defined, `emotions_defined` counts them.
    """

    rows: int
    overall: Numbers
    macro: Numbers
    emotions_defined: dict[str, int]
    emotion: dict[str, Numbers]


def score_each(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: Mapping[str, npt.ArrayLike],
) -> dict[str, Scores]:
    """Score predictions (rows, emotions) at several thresholds, each one number or one an emotion.

    What does not depend on them is computed once. `overall` pools all cells (micro average);
    `exact_match` is the share of rows in which every emotion is right; where each row has one
    category see `category_scores` instead.
    Raises `InputError` for arrays that do not fit (see `arrays.checked`).
    """
    true, predicted = checked(true, predicted, emotions)
    positive = reach(true, positive_at)
    free = _free(true, predicted, positive, emotions)
    scores = {}
    for name, given in thresholds.items():
        bounds = np.broadcast_to(np.asarray(given, dtype=np.float64), len(emotions))
        predicted_positive = reach(predicted, bounds)
        emotion = with_ratios(free, positive, predicted_positive)
        for numbers, bound in zip(emotion.values(), bounds, strict=True):
            numbers["threshold"] = float(bound)
        scores[name] = Scores(
            rows=len(true),
            overall=_overall(true, predicted, positive, predicted_positive)
            | {metric: mean(emotion, metric) for metric in ("brier", "jsd")},
            macro={metric: mean(emotion, metric) for metric in MACRO},
            emotions_defined={metric: len(defined(emotion, metric)) for metric in MACRO},
            emotion=emotion,
        )
    return scores


def _free(
    true: Floats, predicted: Floats, positive: Bools, emotions: Sequence[str]
) -> dict[str, Numbers]:
    """Compute what no threshold changes."""
    found = errors(true, predicted, positive, emotions)
    for i, name in enumerate(emotions):
        rows = sum_scores.Rows(true[:, i], predicted[:, i], positive[:, i], positive[:, i])
        found[name] |= {metric: or_none(sum_scores.whole(metric, rows)) for metric in QUALITY}
    return found


def _overall(
    true: Floats, predicted: Floats, positive: Bools, predicted_positive: Bools
) -> Numbers:
    pooled = (int(cells.sum()) for cells in count(positive, predicted_positive))
    gap = predicted - true
    return ratios(*pooled) | {
        "exact_match": float(np.mean((positive == predicted_positive).all(axis=1))),
        "mse": float(np.mean(gap**2, dtype=np.float64)),
        "mae": float(np.mean(np.abs(gap), dtype=np.float64)),
    }
