"""Turn the columns of action units (AUs) into what a network takes: one function for all who ask.

Square roots first, where asked for: intensities crowd near 0. Then each person's own level and
spread are taken out, where asked for: how a face looks at rest, and how far it moves, differs more
from person to person than from emotion to emotion. Both are the mean and variance of the person's
own rows, without any label, every clip counting alike, and are drawn towards those of the training
split as if `shrink_clips` further clips of its people had been seen: 2 clips of one's own change
little, 40 nearly all, and who is not known stays as he is. Calibrated values keep the unit, and
the mean and spread, of the training people.

Imports NumPy alone, for a logged model carries this file along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

UNKNOWN = -1  # the code of a person who is not known
_AT_ONCE = 1 << 16  # rows calibrated at once


@dataclass(frozen=True)
class Levels:
    """What is known of some people: number of clips (people,), the others (people, columns).

    `mean` and `variance` are of rows, `between` is the variance of the means of clips. NaN where
    there is no clip, `between` where there are fewer than two.
    """

    clips: Codes
    mean: Floats
    variance: Floats
    between: Floats


@dataclass(frozen=True)
class Population:
    """The people of the training split, each counting alike; all of shape (columns,)."""

    mean: Floats
    variance: Floats
    between: Floats


@dataclass(frozen=True)
class FeatureMap:
    """How columns become features, and what training knew; `population` is None: not calibrated."""

    columns: tuple[str, ...]
    square_root: bool
    shrink_clips: float
    population: Population | None

    def __call__(self, values: NDArray[np.floating[Any]], subject: Codes, clip: Codes) -> Array:
        """Turn AUs (rows, columns) into features of the same shape.

        `subject` and `clip` (rows,) hold codes from 0 on, or `UNKNOWN`; a person's level is that
        of the rows given here, so give all of them at once.
        """
        rooted = _rooted(values, self.square_root)
        if self.population is None:
            return rooted
        return calibrated(rooted, subject, clip, self.population, self.shrink_clips)

    def of_nobody(self, values: NDArray[np.floating[Any]]) -> Array:
        """Turn AUs (rows, columns) into features of people of whom nothing is known."""
        unknown = np.full(len(values), UNKNOWN)
        return self(values, unknown, unknown)

    def levels(self, values: NDArray[np.floating[Any]], subject: Codes, clip: Codes) -> Levels:
        """Measure people as calibration sees them: see `own_levels`."""
        return own_levels(_rooted(values, self.square_root), subject, clip)

    def lay_out(self) -> dict[str, Any]:
        """Lay it out for JSON."""
        people = self.population and {k: v.tolist() for k, v in vars(self.population).items()}
        return {**vars(self), "columns": list(self.columns), "population": people}


def fit_feature_map(
    columns: tuple[str, ...],
    values: NDArray[np.floating[Any]],
    subject: Codes,
    clip: Codes,
    *,
    square_root: bool,
    calibrate: bool,
    shrink_clips: float,
) -> FeatureMap:
    """Learn from training rows (rows, columns), and no others, what calibration has to know."""
    people = None
    if calibrate:
        people = population(own_levels(_rooted(values, square_root), subject, clip))
    return FeatureMap(columns, square_root, shrink_clips, people)


def read_feature_map(laid_out: Mapping[str, Any] | Sequence[str]) -> FeatureMap:
    """Take what `FeatureMap.lay_out` gave, or columns alone, which are features as they are."""
    if not isinstance(laid_out, Mapping):
        return FeatureMap(tuple(laid_out), False, 0.0, None)
    people = laid_out["population"]
    found = people and Population(**{k: np.array(v, np.float64) for k, v in people.items()})
    return FeatureMap(**{**laid_out, "columns": tuple(laid_out["columns"]), "population": found})


def own_levels(values: Array, subject: Codes, clip: Codes) -> Levels:
    """Measure each person of some rows (rows, columns); rows of nobody known are left out.

    A code of `clip` may stand for another clip of another person.
    """
    known = subject != UNKNOWN
    subject, clip = subject[known], clip[known]
    people, width = int(subject.max(initial=-1)) + 1, int(clip.max(initial=0)) + 1
    keys, of = np.unique(subject * width + clip, return_inverse=True)
    whose, rows = keys // width, np.bincount(of)
    clips = np.bincount(whose, minlength=people)

    def of_clips(by_row: Floats) -> Floats:
        return np.asarray(np.bincount(of, weights=by_row) / rows)

    def of_people(by_clip: Floats, number: Codes) -> Floats:
        total = np.bincount(whose, weights=by_clip, minlength=people)
        nothing: Floats = np.full(people, np.nan)
        return np.divide(total, number, out=nothing, where=number > 0)

    mean, variance, between = (np.empty((people, values.shape[1])) for _ in range(3))
    for i in range(values.shape[1]):
        column = values[known, i].astype(np.float64)
        middle = of_clips(column)
        mean[:, i] = of_people(middle, clips)
        # Around the mean: a difference of squares would lose its digits.
        variance[:, i] = of_people(of_clips((column - mean[subject, i]) ** 2), clips)
        between[:, i] = of_people((middle - mean[whose, i]) ** 2, clips - 1)
    return Levels(clips, mean, variance, between)


def population(levels: Levels) -> Population:
    """Average over people: `variance` is that of rows within and between people."""
    seen = levels.clips > 0
    mean = levels.mean[seen].mean(axis=0)
    variance = (levels.variance[seen] + (levels.mean[seen] - mean) ** 2).mean(axis=0)
    several = levels.clips > 1
    return Population(mean, variance, levels.between[several].sum(axis=0) / max(several.sum(), 1))


def calibrated(
    values: Array, subject: Codes, clip: Codes, people: Population, shrink_clips: float
) -> Array:
    """Give each person the mean and spread of the training people; see the module's head."""
    own = own_levels(values, subject, clip)
    share = (own.clips / (own.clips + shrink_clips))[:, np.newaxis]
    mean = _drawn(own.mean, people.mean, share)
    variance = _drawn(own.variance, people.variance, share)
    # What never moved, neither in training nor here, has no spread to be brought to another.
    ratio = np.divide(people.variance, variance, out=np.ones_like(variance), where=variance > 0)
    scale = np.sqrt(ratio)
    found = np.empty(values.shape, dtype=np.float32)
    for start in range(0, len(values), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        whose = subject[rows]
        found[rows] = people.mean + (values[rows] - mean[whose]) * scale[whose]
    return found


def _drawn(own: Floats, people: Floats, share: Floats) -> Floats:
    """Mix own numbers with those of the training people, which stand alone in the last row.

    That row is for the code `UNKNOWN`.
    """
    mixed = np.where(share > 0, share * own + (1 - share) * people, people)
    return np.vstack([mixed, people])


def _rooted(values: NDArray[np.floating[Any]], square_root: bool) -> Array:
    return (np.sqrt(values) if square_root else values).astype(np.float32, copy=False)
