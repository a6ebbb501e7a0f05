"""Count the cells of confusion matrices and what follows from them alone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pipeline.evaluation.scoring.arrays import Bools, Floats, Ints


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


def divide(part: Floats, whole: Floats) -> Floats:
    """Divide, NaN where the whole is not above 0."""
    quotient: Floats = np.full(part.shape, np.nan)
    return np.divide(part, whole, out=quotient, where=whole > 0)


def _binary_accuracy(cells: Floats) -> Floats:
    return divide(cells[..., 0] + cells[..., 3], cells.sum(axis=-1))


def _precision(cells: Floats) -> Floats:
    return divide(cells[..., 0], cells[..., 0] + cells[..., 1])


def _recall(cells: Floats) -> Floats:
    return divide(cells[..., 0], cells[..., 0] + cells[..., 2])


def _f1(cells: Floats) -> Floats:
    twice = 2 * cells[..., 0]
    return divide(twice, twice + cells[..., 1] + cells[..., 2])


# Each takes cells in the order of `Counts`, shape (..., 4), and gives ratios of shape (...).
RATIOS: dict[str, Callable[[Floats], Floats]] = {
    "binary_accuracy": _binary_accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
}


def ratios(tp: int, fp: int, fn: int, tn: int) -> dict[str, float | None]:
    """Give binary accuracy, precision, recall and F1; None where the denominator is 0."""
    cells = np.array([tp, fp, fn, tn], dtype=np.float64)
    found = {name: float(ratio(cells)) for name, ratio in RATIOS.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}
