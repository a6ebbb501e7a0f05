"""Score probabilities against labels, overall, as a macro average and per emotion.

A label that reaches `positive_at` is a positive, a probability that reaches its threshold a
predicted positive. A number that is not defined is None: precision where nothing was predicted
positive, recall without positives, F1 = 2TP / (2TP + FP + FN) where that denominator is 0,
AUROC and average precision unless there are positives and negatives. Where there are no
positives but some are predicted, F1 is 0. Errors (mse, mae) are against the soft labels.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from pipeline.evaluation.arrays import Bools, Floats, Ints, checked, reach

Numbers: TypeAlias = dict[str, float | None]

MACRO = ("accuracy", "precision", "recall", "f1", "auroc", "average_precision")
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


class Counts(NamedTuple):
    """The cells of each emotion's confusion matrix, each of shape (emotions,)."""

    tp: Ints
    fp: Ints
    fn: Ints
    tn: Ints


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
    true, predicted = checked(true, predicted, emotions)
    bounds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), len(emotions))
    positive, said = reach(true, positive_at), reach(predicted, bounds)
    emotion = _by_emotion(true, predicted, positive, said, emotions)
    for name, bound in zip(emotions, bounds, strict=True):
        emotion[name]["threshold"] = float(bound)
    return Scores(
        rows=len(true),
        overall=_overall(true, predicted, positive, said),
        macro={metric: _macro(emotion, metric) for metric in MACRO},
        emotions_defined={metric: len(_defined(emotion, metric)) for metric in MACRO},
        emotion=emotion,
    )


def epoch_scores(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    positive_at: float,
    threshold: float,
) -> dict[str, float]:
    """Score the validation split after an epoch, flat: `val/f1/anger`, `val/f1_macro`, ...

    The metrics are those of `EPOCH`; undefined ones are left out. Raises `InputError` as `score`.
    """
    true, predicted = checked(true, predicted, emotions)
    positive, said = reach(true, positive_at), reach(predicted, threshold)
    emotion = _by_emotion(true, predicted, positive, said, emotions)
    flat = {f"val/{metric}_macro": _macro(emotion, metric) for metric in EPOCH}
    for name, numbers in emotion.items():
        flat |= {f"val/{metric}/{name}": numbers[metric] for metric in EPOCH}
    return {key: value for key, value in flat.items() if value is not None}


def count(positive: Bools, said: Bools) -> Counts:
    """Count true and false positives and negatives; both arrays are (rows, emotions)."""
    tp = np.count_nonzero(positive & said, axis=0)
    fp = np.count_nonzero(said, axis=0) - tp
    fn = np.count_nonzero(positive, axis=0) - tp
    return Counts(tp, fp, fn, len(positive) - tp - fp - fn)


def _by_emotion(
    true: Floats, predicted: Floats, positive: Bools, said: Bools, emotions: Sequence[str]
) -> dict[str, Numbers]:
    cells = np.stack(count(positive, said), axis=1)
    gap = predicted - true
    mse = (gap**2).mean(axis=0, dtype=np.float64)
    mae = np.abs(gap).mean(axis=0, dtype=np.float64)
    return {
        name: _ratios(*map(int, cells[i]))
        | _ranks(positive[:, i], predicted[:, i])
        | {"mse": float(mse[i]), "mae": float(mae[i]), "positives": int(positive[:, i].sum())}
        for i, name in enumerate(emotions)
    }


def _overall(true: Floats, predicted: Floats, positive: Bools, said: Bools) -> Numbers:
    pooled = (int(cells.sum()) for cells in count(positive, said))
    gap = predicted - true
    numbers: Numbers = _ratios(*pooled) | {
        "exact_match": float(np.mean((positive == said).all(axis=1))),
        "mse": float(np.mean(gap**2, dtype=np.float64)),
        "mae": float(np.mean(np.abs(gap), dtype=np.float64)),
    }
    if _one_hot(true):
        hits = predicted.argmax(axis=1) == true.argmax(axis=1)
        numbers["top1_accuracy"] = float(np.mean(hits))
    return numbers


def _ratios(tp: int, fp: int, fn: int, tn: int) -> Numbers:
    return {
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ranks(positive: Bools, predicted: Floats) -> Numbers:
    if positive.all() or not positive.any():
        return {"auroc": None, "average_precision": None}
    return {
        "auroc": float(roc_auc_score(positive, predicted)),
        "average_precision": float(average_precision_score(positive, predicted)),
    }


def _defined(emotion: Mapping[str, Numbers], metric: str) -> list[float]:
    found = (numbers[metric] for numbers in emotion.values())
    return [value for value in found if value is not None]


def _macro(emotion: Mapping[str, Numbers], metric: str) -> float | None:
    values = _defined(emotion, metric)
    return float(np.mean(values)) if values else None


def _one_hot(true: Floats) -> bool:
    binary = ((true == 0) | (true == 1)).all()
    return bool(binary and true.shape[1] > 1 and (true.sum(axis=1) == 1).all())
