"""Tell whether new data and a model's predictions on it lie otherwise than in training.

Frames of one person are alike, so a test over frames would always alarm. Here a subject is one
observation: each item (an AU, or the predictions of an emotion) is summed up for each subject by
its mean and its 2, 50 and 90 % quantiles, and the groups' difference in each is divided by its
standard error. How large the largest of these becomes by chance alone is found by dealing the
subjects to the two groups at random (maxT: Westfall & Young 1993), so that the level holds for
all items together. The low quantile finds shifts of AUs whose mean differs much between people:
where a muscle rests OpenFace writes 0, so that nearly everybody's is about 0.

Beside the test stand two distances between distributions in which each subject counts the same:
the population stability index over tenths of the training data (PSI; Siddiqi 2006) and the largest
distance of the cumulative distributions (Kolmogorov-Smirnov). With few subjects both are large
by chance, with many the test finds differences too small to matter: drift is what is certain by
the test and large by PSI.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES
from pipeline.data.card.profile import BINS, PREDICTED, Profile, highest

Floats = NDArray[np.float64]
Outcome = Literal["no drift", "drift", "unknown"]

FEWEST = 3  # new subjects; of fewer nothing can be told
QUANTILES = (0.02, 0.5, 0.9)
TENTHS = 10
_EMPTY = 1e-3  # stands for a share of 0 in PSI, whose logarithm has no 0
_CELLS = 1 << 24  # of a matrix of permutations that is held at once


@dataclass(frozen=True)
class DriftBounds:
    """When a difference is drift: certain at `level` (0-1), and of at least `psi`."""

    level: float
    psi: float
    permutations: int
    seed: int


@dataclass(frozen=True)
class Drift:
    """What was found, and why.

    `items` has a row an item: `item`, `kind` (AU or prediction), the means `training` and `new`,
    `difference`, `psi`, `ks`, `outside` (share of new frames beyond what training reached), `p`
    (adjusted for all items), `noticed_from` (a shift of the whole item by so much would be found
    in about half of the cases) and `drift`. `p` and `noticed_from` are NaN where the subjects are
    too few.
    """

    outcome: Outcome
    reasons: list[str]
    items: pd.DataFrame
    subjects: tuple[int, int]
    frames: tuple[int, int]


def compare(training: Profile, new: Profile, bounds: DriftBounds) -> Drift:
    """Compare new data with training data; both profiles have the same items."""
    subjects = len(training.counts), len(new.counts)
    shares = _shares(training), _shares(new)
    items = _distances(training.items, *shares)
    items["outside"] = _outside(training, new)
    items[["p", "noticed_from"]] = np.nan
    testable = smallest_p(*subjects) <= bounds.level and min(subjects) >= FEWEST
    if testable:
        p, noticed = _test(np.concatenate(shares), subjects[1], bounds)
        items["p"] = p
        items["noticed_from"] = noticed * [highest(item) for item in training.items]
    items["drift"] = (items["p"] <= bounds.level) & (items["psi"] >= bounds.psi)
    alarms = [*_units(training, new), *_shifts(items)]
    untold = [] if testable else [_too_few(subjects, bounds.level)]
    outcome: Outcome = "drift" if alarms else "unknown" if untold else "no drift"
    return Drift(outcome, alarms + untold, items, subjects, (training.frames, new.frames))


def other_extractor(training: Profile, new: Profile, writers: tuple[str, str]) -> Drift:
    """Say that another program wrote the new data than training's: `writers`, training's first."""
    reason = (
        f"units: {writers[1]} wrote the new data, {writers[0]} that of training; their action "
        "units are not the same. Extract the new ones with the program that training used."
    )
    subjects = len(training.counts), len(new.counts)
    return Drift("drift", [reason], pd.DataFrame(), subjects, (training.frames, new.frames))


def smallest_p(training: int, new: int) -> float:
    """Give the smallest p that a test with so many subjects can reach: one deal among all."""
    if min(training, new) < 1:
        return 1.0
    # Of two groups of the same size, the exchange of both gives the same statistic.
    return (1 + (training == new)) / math.comb(training + new, new)


def _shares(profile: Profile) -> Floats:
    """Turn each subject's counts into shares, shape (subjects, items, bins)."""
    return np.asarray(profile.counts / profile.counts.sum(axis=2, keepdims=True))


def _distances(items: tuple[str, ...], training: Floats, new: Floats) -> pd.DataFrame:
    old, fresh = training.mean(axis=0), new.mean(axis=0)
    scale = np.array([highest(item) for item in items])
    table = pd.DataFrame({"item": [item.removeprefix(PREDICTED) for item in items]})
    table["kind"] = ["prediction" if item.startswith(PREDICTED) else "AU" for item in items]
    table["training"] = _means(old) * scale
    table["new"] = _means(fresh) * scale
    table["difference"] = table["new"] - table["training"]
    table["psi"] = [psi(*pair) for pair in zip(old, fresh, strict=True)]
    table["ks"] = np.abs(old.cumsum(axis=1) - fresh.cumsum(axis=1)).max(axis=1)
    return table


def psi(training: Floats, new: Floats) -> float:
    """Give the population stability index of two distributions over the same bins.

    Bins are joined into tenths of `training` as well as they can be.
    """
    tenth = np.minimum(np.floor((training.cumsum() - training / 2) * TENTHS), TENTHS - 1)
    joined = [np.bincount(tenth.astype(int), shares, TENTHS) for shares in (training, new)]
    old, fresh = (np.maximum(shares[joined[0] + joined[1] > 0], _EMPTY) for shares in joined)
    return float(((fresh - old) * np.log(fresh / old)).sum())


def _means(shares: Floats) -> Floats:
    """Give the mean in units of the range; a bin stands for its middle, bin 0 for 0."""
    middle = np.maximum(np.arange(BINS + 1) - 0.5, 0) / BINS
    return np.asarray(shares @ middle)


def _summaries(shares: Floats) -> Floats:
    """Sum each subject's items up in units of the range: shape (subjects, items, summaries)."""
    cumulated = shares.cumsum(axis=2)
    quantiles = [(cumulated < q - 1e-9).sum(axis=2) / BINS for q in QUANTILES]
    return np.stack([_means(shares), *quantiles], axis=2)


def subject_means(profile: Profile) -> Floats:
    """Give each subject's mean of each item in the item's unit, shape (subjects, items)."""
    return _means(_shares(profile)) * [highest(item) for item in profile.items]


def _test(shares: Floats, new: int, bounds: DriftBounds) -> tuple[Floats, Floats]:
    """Give each item's adjusted p, and the shift that would be noticed in units of the range."""
    summaries = _summaries(shares)
    subjects, items, kinds = summaries.shape
    flat = summaries.reshape(subjects, items * kinds)
    own = np.zeros((1, subjects))
    own[0, subjects - new :] = 1
    difference, error = _contrast(flat, own)
    largest = np.concatenate(
        [(np.abs(d) / e).max(axis=1) for d, e in _by_chance(flat, new, bounds)]
    )
    observed = (np.abs(difference) / error).reshape(items, kinds).max(axis=1)
    # The deal that was observed is one of those that chance could have made.
    reached = (largest[:, None] >= observed * (1 - 1e-9)).sum(axis=0)
    critical = np.quantile(largest, 1 - bounds.level)
    noticed = critical * error.reshape(items, kinds).min(axis=1)
    return (1 + reached) / (1 + len(largest)), noticed


def _by_chance(flat: Floats, new: int, bounds: DriftBounds) -> Iterator[tuple[Floats, Floats]]:
    """Deal the subjects at random, many times; some deals at once as memory allows."""
    rng = np.random.default_rng(bounds.seed)
    left, at_once = bounds.permutations, max(1, _CELLS // len(flat))
    while left > 0:
        drawn = rng.random((min(left, at_once), len(flat)))
        place = np.argpartition(drawn, new - 1, axis=1)[:, :new]
        groups = np.zeros_like(drawn)
        np.put_along_axis(groups, place, 1, axis=1)
        yield _contrast(flat, groups)
        left -= len(drawn)


def _contrast(flat: Floats, groups: Floats) -> tuple[Floats, Floats]:
    """Give difference of means and its standard error for each deal: shape (deals, summaries).

    `groups` is 1 for a new subject and 0 for one of training. One bin is added to the error,
    which differences that come from rounding do not exceed.
    """
    new = groups[0].sum()
    old = len(flat) - new
    flat = flat - flat.mean(axis=0)  # so that squares do not cancel
    total, squares = groups @ flat, groups @ flat**2
    rest, rest_squares = flat.sum(axis=0) - total, (flat**2).sum(axis=0) - squares
    spread = squares - total**2 / new + rest_squares - rest**2 / old
    variance = np.maximum(spread, 0) / (len(flat) - 2) * (1 / new + 1 / old)
    return total / new - rest / old, np.sqrt(variance + BINS**-2)


def _outside(training: Profile, new: Profile) -> Floats:
    """Give the share of new frames beyond the bins that any training frame reached."""
    reached = training.counts.sum(axis=0) > 0
    first, last = reached.argmax(axis=1), BINS - reached[:, ::-1].argmax(axis=1)
    cells = np.arange(BINS + 1)
    beyond = (cells < first[:, None]) | (cells > last[:, None])
    return np.asarray((new.counts.sum(axis=0) * beyond).sum(axis=1) / new.frames)


def _units(training: Profile, new: Profile) -> list[str]:
    """Say so where no new intensity exceeds 1 though those of training do: another unit."""
    chosen = [i for i, item in enumerate(training.items) if item in INTENSITIES]
    one = BINS // 5  # the bin that ends at intensity 1
    above = [profile.counts[:, chosen, one + 1 :].any() for profile in (training, new)]
    if not above[0] or above[1]:
        return []
    return [
        "units: no intensity of the new data exceeds 1, those of training do. OpenFace writes 0-5, "
        "py-feat 0-1: extract the action units with the program that training used."
    ]


def _shifts(items: pd.DataFrame) -> list[str]:
    found = items[items["drift"]].sort_values(["p", "psi"], ascending=[True, False])
    return [
        f"{row.kind} {row.item}: mean {row.training:.2f} in training, {row.new:.2f} in the new "
        f"data; PSI {row.psi:.2f}, p {row.p:.4f} over all items"
        for row in found.itertuples()
    ]


def _too_few(subjects: tuple[int, int], level: float) -> str:
    training, new = subjects
    if new < FEWEST or training < FEWEST:
        why = f"at least {FEWEST} of each are needed"
    else:
        why = (
            f"chance alone gives p {smallest_p(training, new):.3f} at best, above the level {level}"
        )
    return (
        f"subjects: {new} new beside {training} of training; {why}. Whether their action "
        "units drifted cannot be told: record more people."
    )
