"""Score what follows from sums over rows: sums per group once, weighted for each resample.

A group's rows come along whole, so every sum over a resample's rows is a weighted sum of the
groups' sums: one matrix product for all resamples. Of one emotion; arrays are (rows,).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pipeline.evaluation.scoring.arrays import Bools, Floats, Ints
from pipeline.evaluation.scoring.confusion import RATIOS, divide

BINS = 10


@dataclass(frozen=True)
class Rows:
    """One emotion's labels and probabilities, what is positive, and what is predicted so."""

    true: Floats
    predicted: Floats
    positive: Bools
    predicted_positive: Bools


# Takes sums of shape (..., terms), gives scores of shape (...).
Formula: TypeAlias = Callable[[Floats], Floats]
# Yields what is summed one after the other: ten million rows of each at once would not fit.
Terms: TypeAlias = Callable[[Rows], Iterator[Floats | Bools]]


def scores(metrics: Iterable[str], rows: Rows, of: Ints, draws: Floats) -> dict[str, Floats]:
    """Score each draw (draws, groups) of the groups that `of` gives the rows; NaN if undefined."""
    found: dict[str, Floats] = {}
    weighted: dict[Terms, Floats] = {}  # several metrics follow from the same sums
    for metric in metrics:
        terms, formula = _METRICS[metric]
        if terms not in weighted:
            weighted[terms] = draws @ _per_group(terms(rows), of, draws.shape[1])
        found[metric] = formula(weighted[terms])
    return found


def by_group(metric: str, rows: Rows, of: Ints, groups: int) -> Floats:
    """Score each group by itself, shape (groups,); NaN if undefined."""
    terms, formula = _METRICS[metric]
    return formula(_per_group(terms(rows), of, groups))


def whole(metric: str, rows: Rows) -> float:
    """Score all rows; NaN if undefined."""
    terms, formula = _METRICS[metric]
    return float(formula(np.array([np.sum(term, dtype=np.float64) for term in terms(rows)])))


def _per_group(terms: Iterable[Floats | Bools], of: Ints, groups: int) -> Floats:
    return np.stack([np.bincount(of, weights=term, minlength=groups) for term in terms], axis=1)


def _cells(rows: Rows) -> Iterator[Floats | Bools]:
    predicted_positive, positive = rows.predicted_positive, rows.positive
    yield from (
        positive & predicted_positive,
        predicted_positive & ~positive,
        positive & ~predicted_positive,
        ~(positive | predicted_positive),
    )


def _averaged(value: Callable[[Rows], Floats]) -> tuple[Terms, Formula]:
    """Average a value of the rows."""

    def terms(rows: Rows) -> Iterator[Floats | Bools]:
        yield value(rows)
        yield np.ones(len(rows.true))

    return terms, lambda sums: divide(sums[..., 0], sums[..., 1])


def squared_error(rows: Rows) -> Floats:
    """(predicted - label)², against the soft label."""
    gap: Floats = (rows.predicted - rows.true).astype(np.float64)
    return np.asarray(gap * gap)


def absolute_error(rows: Rows) -> Floats:
    """|predicted - label|, against the soft label."""
    return np.abs(rows.predicted - rows.true).astype(np.float64)


def brier(rows: Rows) -> Floats:
    """(predicted - positive)², positive being 0 or 1 (Brier 1950)."""
    gap: Floats = (rows.predicted - rows.positive).astype(np.float64)
    return np.asarray(gap * gap)


def jensen_shannon(rows: Rows) -> Floats:
    """Jensen-Shannon distance in [0, 1] (base 2) of two Bernoulli distributions, of one emotion.

    Not of distributions over the emotions: labels are marked independently of each other, most
    rows have none and some have several, so that a row does not sum to 1 nor can be made to.
    """
    true, predicted = rows.true.astype(np.float64), rows.predicted.astype(np.float64)
    between = _entropy((true + predicted) / 2) - (_entropy(true) + _entropy(predicted)) / 2
    return np.asarray(np.sqrt(between.clip(0, 1)))


def _entropy(share: Floats) -> Floats:
    """Entropy in bits of a Bernoulli distribution, 0 where `share` is 0 or 1."""
    inner = share.clip(1e-12, 1 - 1e-12)
    return np.asarray(-(inner * np.log2(inner) + (1 - inner) * np.log2(1 - inner)))


def _moments(rows: Rows) -> Iterator[Floats | Bools]:
    # Around the labels' mean: squares of numbers far from 0 would cancel. A shift changes nothing.
    middle = rows.true.mean(dtype=np.float64)
    x, y = rows.true - middle, rows.predicted - middle
    yield from (np.ones(len(x)), x, y)
    for left, right in ((x, x), (y, y), (x, y)):
        yield left * right


def _concordance(sums: Floats) -> Floats:
    """Concordance correlation, 2 s_xy / (s_x² + s_y² + (m_x - m_y)²) (Lin, Biometrics 1989)."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    covered = xy * n - x * y
    spread = (xx * n - x * x) + (yy * n - y * y) + (x - y) ** 2
    return np.asarray(divide(2 * covered, np.where(spread > 1e-12 * n * n, spread, 0)))


def bins_of(predicted: Floats) -> Ints:
    """Give each row one of at most `BINS` bins of as equal numbers as equal probabilities allow."""
    edges = np.unique(np.quantile(predicted, np.arange(1, BINS) / BINS))
    return np.searchsorted(edges.astype(predicted.dtype), predicted, side="right")


def _gaps(rows: Rows) -> Iterator[Floats | Bools]:
    where = bins_of(rows.predicted)
    gap = rows.predicted.astype(np.float64) - rows.positive
    for k in range(BINS):
        yield np.where(where == k, gap, 0)
    yield np.ones(len(gap))


def _calibration_error(sums: Floats) -> Floats:
    """Compute the expected calibration error, with bins of equal mass (Nixon et al., 2019).

    Bins of equal width would put nearly all rows into the first where most probabilities are
    small. The bins are those of all rows, also in a resample.
    """
    return divide(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


_METRICS: dict[str, tuple[Terms, Formula]] = {
    **{name: (_cells, RATIOS[name]) for name in ("f1", "precision", "recall", "binary_accuracy")},
    "mse": _averaged(squared_error),
    "mae": _averaged(absolute_error),
    "brier": _averaged(brier),
    "ece": (_gaps, _calibration_error),
    "ccc": (_moments, _concordance),
    "jsd": _averaged(jensen_shannon),
}
METRICS = tuple(_METRICS)
