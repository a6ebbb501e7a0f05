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
from typing import TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring import ranking, sum_scores
from pipeline.evaluation.scoring.arrays import Bools, Floats, checked, reach
from pipeline.evaluation.scoring.confusion import count, ratios

Numbers: TypeAlias = dict[str, float | None]

MACRO = ("accuracy", "precision", "recall", "f1", "auroc", "average_precision", "ece", "ccc")
QUALITY = ("brier", "ece", "ccc", "jsd")
EPOCH = ("f1", "auroc", "average_precision", "mae")


class Scores(TypedDict):
    """What `score` returns; goes to JSON as it is.

    `macro` averages over the emotions where a number is defined, `emotions_defined` counts them.
    """

    rows: int
    overall: Numbers
    macro: Numbers
    emotions_defined: dict[str, int]
    emotion: dict[str, Numbers]


def score(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
) -> Scores:
    """Score predictions (rows, emotions); `thresholds` is one number or one an emotion.

    `overall` pools all cells (micro average); `exact_match` is the share of rows in which every
    emotion is right. `top1_accuracy`, the share of rows whose highest probability (the first of
    equals) is the labelled one, is there only where each row of `true` is one-hot.
    Raises `InputError` for arrays that do not fit (see `arrays.checked`).
    """
    return score_each(
        true, predicted, emotions, positive_at=positive_at, thresholds={"": thresholds}
    )[""]


def score_each(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: Mapping[str, npt.ArrayLike],
) -> dict[str, Scores]:
    """Score as `score` for each of several thresholds; what does not hang on them only once."""
    true, predicted = checked(true, predicted, emotions)
    positive = reach(true, positive_at)
    free = _free(true, predicted, positive, emotions)
    scores = {}
    for name, given in thresholds.items():
        bounds = np.broadcast_to(np.asarray(given, dtype=np.float64), len(emotions))
        said = reach(predicted, bounds)
        emotion = _with_ratios(free, positive, said)
        for numbers, bound in zip(emotion.values(), bounds, strict=True):
            numbers["threshold"] = float(bound)
        scores[name] = Scores(
            rows=len(true),
            overall=_overall(true, predicted, positive, said)
            | {metric: _mean(emotion, metric) for metric in ("brier", "jsd")},
            macro={metric: _mean(emotion, metric) for metric in MACRO},
            emotions_defined={metric: len(_defined(emotion, metric)) for metric in MACRO},
            emotion=emotion,
        )
    return scores


def epoch_scores(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    positive_at: float,
    threshold: float,
) -> dict[str, float]:
    """Score the validation split after an epoch, flat: `val_f1`, `val_f1/anger`, ...

    The metrics are those of `EPOCH`; undefined ones are left out. Raises `InputError` as `score`.
    """
    true, predicted = checked(true, predicted, emotions)
    positive, said = reach(true, positive_at), reach(predicted, threshold)
    emotion = _with_ratios(_errors(true, predicted, positive, emotions), positive, said)
    flat = {f"val_{metric}": _mean(emotion, metric) for metric in EPOCH}
    for name, numbers in emotion.items():
        flat |= {f"val_{metric}/{name}": numbers[metric] for metric in EPOCH}
    return {key: value for key, value in flat.items() if value is not None}


def _free(
    true: Floats, predicted: Floats, positive: Bools, emotions: Sequence[str]
) -> dict[str, Numbers]:
    """Compute what no threshold changes."""
    found = _errors(true, predicted, positive, emotions)
    for i, name in enumerate(emotions):
        rows = sum_scores.Rows(true[:, i], predicted[:, i], positive[:, i], positive[:, i])
        found[name] |= {metric: _or_none(sum_scores.whole(metric, rows)) for metric in QUALITY}
    return found


def _errors(
    true: Floats, predicted: Floats, positive: Bools, emotions: Sequence[str]
) -> dict[str, Numbers]:
    gap = predicted - true
    mse = (gap**2).mean(axis=0, dtype=np.float64)
    mae = np.abs(gap).mean(axis=0, dtype=np.float64)
    return {
        name: _ranks(positive[:, i], predicted[:, i])
        | {"mse": float(mse[i]), "mae": float(mae[i]), "positives": int(positive[:, i].sum())}
        for i, name in enumerate(emotions)
    }


def _with_ratios(free: Mapping[str, Numbers], positive: Bools, said: Bools) -> dict[str, Numbers]:
    cells = np.stack(count(positive, said), axis=1)
    pairs = zip(cells, free.items(), strict=True)
    return {name: ratios(*map(int, row)) | numbers for row, (name, numbers) in pairs}


def _overall(true: Floats, predicted: Floats, positive: Bools, said: Bools) -> Numbers:
    pooled = (int(cells.sum()) for cells in count(positive, said))
    gap = predicted - true
    numbers: Numbers = ratios(*pooled) | {
        "exact_match": float(np.mean((positive == said).all(axis=1))),
        "mse": float(np.mean(gap**2, dtype=np.float64)),
        "mae": float(np.mean(np.abs(gap), dtype=np.float64)),
    }
    if _one_hot(true):
        hits = predicted.argmax(axis=1) == true.argmax(axis=1)
        numbers["top1_accuracy"] = float(np.mean(hits))
    return numbers


def _ranks(positive: Bools, predicted: Floats) -> Numbers:
    found = ranking.by_group(positive, predicted, np.zeros(len(positive), dtype=np.int64), 1)
    return {metric: _or_none(float(value[0])) for metric, value in found.items()}


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _defined(emotion: Mapping[str, Numbers], metric: str) -> list[float]:
    found = (numbers[metric] for numbers in emotion.values())
    return [value for value in found if value is not None]


def _mean(emotion: Mapping[str, Numbers], metric: str) -> float | None:
    values = _defined(emotion, metric)
    return float(np.mean(values)) if values else None


def _one_hot(true: Floats) -> bool:
    binary = ((true == 0) | (true == 1)).all()
    return bool(binary and true.shape[1] > 1 and (true.sum(axis=1) == 1).all())
