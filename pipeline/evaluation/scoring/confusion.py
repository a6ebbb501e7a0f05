"""Count the cells of confusion matrices and what follows from them alone."""

from typing import NamedTuple

import numpy as np

from pipeline.evaluation.scoring.arrays import Bools, Ints


class Counts(NamedTuple):
    """The cells of each emotion's confusion matrix, each of shape (emotions,)."""

    tp: Ints
    fp: Ints
    fn: Ints
    tn: Ints


def count(positive: Bools, predicted_positive: Bools) -> Counts:
    """Count true and false positives and negatives; both arrays are (rows, emotions)."""
    tp = np.count_nonzero(positive & predicted_positive, axis=0)
    fp = np.count_nonzero(predicted_positive, axis=0) - tp
    fn = np.count_nonzero(positive, axis=0) - tp
    return Counts(tp, fp, fn, len(positive) - tp - fp - fn)


def ratios(tp: int, fp: int, fn: int, tn: int) -> dict[str, float | None]:
    """Give accuracy, precision, recall and F1; None where the denominator is 0."""
    return {
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
