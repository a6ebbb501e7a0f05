"""Say how far a score would move with other people: a bootstrap over subjects, never over rows.

Rows of one person resemble each other, so subjects are drawn, with replacement, and all rows of a
subject come along as often as it was drawn. The same seed and number of subjects give the same
draws: samples of two models on the same rows are paired, and their difference is the sample of
the difference.

A number that is not defined is NaN (see `metrics`; ranks need positives and negatives). A macro
average is over the emotions that are defined on all rows together, in every resample over the
same ones: a resample where one of these is undefined has no macro average.

Percentile intervals of few subjects are too short. Their tails are therefore cut where Student's t
would cut them, which widens the interval (Hesterberg, The American Statistician 69, 2015, section
5.3); docs/benchmarks.md says from how many subjects on that holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from pipeline.errors import InputError
from pipeline.evaluation import ranking, sums
from pipeline.evaluation.arrays import Bools, Floats, Ints, checked, reach

METRICS = (*ranking.METRICS, *sums.METRICS)
RESAMPLES = 2000
# A person who alone holds all positives is missing in a third of the resamples (1/e); what
# remains then tells how one person was scored, not how people are.
LEAST_DEFINED = 0.75
# Beyond so many, subjects are dealt at random into as many groups that are drawn whole: sums
# over them vary as those over subjects do, and memory does not grow with the number of people.
MOST_GROUPS = 2000


@dataclass(frozen=True)
class Samples:
    """One metric on all rows (`point`, shape (emotions,)) and in each resample of subjects.

    `samples` is (resamples, emotions). `subjects` and `seed` tell which draws they come from.
    """

    metric: str
    emotions: tuple[str, ...]
    point: Floats
    samples: Floats
    subjects: int
    seed: int

    @property
    def point_macro(self) -> float:
        """The mean over the emotions that are defined; NaN where none is."""
        return float(self.point[self._defined].mean()) if self._defined.any() else np.nan

    @cached_property
    def samples_macro(self) -> Floats:
        """The mean over the same emotions in each resample (resamples,); NaN where one lacks."""
        if not self._defined.any():
            return np.full(len(self.samples), np.nan)
        return np.asarray(self.samples[:, self._defined].mean(axis=1))

    @property
    def _defined(self) -> Bools:
        return np.isfinite(self.point)


@dataclass(frozen=True)
class Interval:
    """A score and its bounds; the bounds are NaN where `reason` says why there are none."""

    point: float
    low: float
    high: float
    reason: str = ""


@dataclass(frozen=True)
class Groups:
    """What is drawn: `of` tells each row's group, `draws` how often each group is drawn.

    Groups are subjects, or several subjects each beyond `MOST_GROUPS`. `draws` is
    (1 + resamples, groups): the first row draws each group once, which leaves the rows as they
    are. `subjects` is the number of people.
    """

    of: Ints
    draws: Floats
    subjects: int
    seed: int


def draw_subjects(subjects: int, resamples: int, seed: int) -> Ints:
    """Draw as many subjects as there are, with replacement, for each resample.

    Returns how often each is drawn: (resamples, subjects), rows sum to `subjects`.
    """
    random = np.random.default_rng(seed)
    shares = np.full(subjects, 1 / subjects)
    return random.multinomial(subjects, shares, size=resamples).astype(np.int64)


def group(subject: npt.ArrayLike, resamples: int = RESAMPLES, seed: int = 0) -> Groups:
    """Find the groups of rows and draw them; `subject` has a name or code for each row."""
    names, of = np.unique(np.asarray(subject), return_inverse=True)
    number = min(len(names), MOST_GROUPS)
    if number < len(names):
        dealt = np.random.default_rng(seed).permutation(len(names)) % number
        of = dealt[of]
    draws = np.vstack([np.ones(number), draw_subjects(number, resamples, seed)])
    return Groups(of, draws, len(names), seed)


def metric_samples(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    subject: npt.ArrayLike,
    emotions: Sequence[str],
    metric: str,
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
    resamples: int = RESAMPLES,
    seed: int,
) -> Samples:
    """Score predictions (rows, emotions) on all rows and in resamples of subjects.

    `subject` holds a name or code for each row, `thresholds` one number or one an emotion;
    `metric` is one of `METRICS`. Raises `InputError` as `arrays.checked`, for another metric, and
    for subjects that are not as many as the rows.
    """
    groups = group(subject, resamples, seed)
    return samples_of(
        true, predicted, groups, emotions, [metric], positive_at=positive_at, thresholds=thresholds
    )[metric]


def samples_of(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    groups: Groups,
    emotions: Sequence[str],
    metrics: Sequence[str],
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
) -> dict[str, Samples]:
    """Score several metrics with the same groups and draws; otherwise as `metric_samples`.

    Memory beside the arrays: a few numbers a row of one emotion, whatever the resamples.
    """
    true, predicted = checked(true, predicted, emotions)
    _check(groups, len(true), metrics)
    bounds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), len(emotions))
    columns = [
        _column(true[:, i], predicted[:, i], positive_at, float(bounds[i]), groups, metrics)
        for i in range(len(emotions))
    ]
    return {
        metric: Samples(
            metric=metric,
            emotions=tuple(emotions),
            point=np.array([column[metric][0] for column in columns]),
            samples=np.stack([column[metric][1:] for column in columns], axis=1),
            subjects=groups.subjects,
            seed=groups.seed,
        )
        for metric in metrics
    }


def _check(groups: Groups, rows: int, metrics: Sequence[str]) -> None:
    if len(groups.of) != rows:
        raise InputError(
            f"{len(groups.of)} subjects were given for {rows} rows; give each row's subject."
        )
    if unknown := [metric for metric in metrics if metric not in METRICS]:
        raise InputError(f"metric {unknown[0]!r} is unknown; allowed are {', '.join(METRICS)}.")


def _column(
    true: Floats,
    predicted: Floats,
    positive_at: float,
    threshold: float,
    groups: Groups,
    metrics: Sequence[str],
) -> dict[str, Floats]:
    """Score one emotion; each metric has the number on all rows first, then one a resample."""
    rows = sums.Rows(true, predicted, reach(true, positive_at), reach(predicted, threshold))
    of, draws = groups.of, groups.draws
    found = {name: sums.score(name, rows, of, draws) for name in metrics if name in sums.METRICS}
    if set(metrics) & set(ranking.METRICS):
        found |= ranking.rank_scores(rows.positive, predicted, of, draws)
    return found


def interval(samples: Samples, level: float = 0.95, emotion: str | None = None) -> Interval:
    """Give the interval of the macro average, or of one emotion.

    Bounds are NaN, with the reason, for one subject alone and where fewer than `LEAST_DEFINED`
    of the resamples are defined (too few subjects have positives, or negatives).
    """
    if emotion is None:
        point, drawn = samples.point_macro, samples.samples_macro
    else:
        column = samples.emotions.index(emotion)
        point, drawn = float(samples.point[column]), samples.samples[:, column]
    undefined = partial(Interval, point, np.nan, np.nan)
    if not np.isfinite(point):
        return undefined("undefined on these rows")
    if samples.subjects < 2:
        return undefined("one subject: nothing is known of others")
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < LEAST_DEFINED * len(drawn):
        share = f"{len(defined) / len(drawn):.0%}"
        return undefined(f"defined in {share} of the resamples: positives of too few subjects")
    tail = _tail(level, samples.subjects)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(point, float(low), float(high))


def _tail(level: float, subjects: int) -> float:
    """Give the share to cut from each end: that of Student's t, and of n - 1 in n, as z."""
    width = np.sqrt(subjects / (subjects - 1)) * stdtrit(subjects - 1, (1 + level) / 2)
    return float(ndtr(-width))


def difference(a: Samples, b: Samples) -> Samples:
    """Subtract the samples of `b` from those of `a`, which must be of the same rows.

    An emotion that is undefined in either is undefined. Raises `InputError` where metric,
    emotions, subjects, seed or resamples differ: the samples are not paired then.
    """
    for name in ("metric", "emotions", "subjects", "seed"):
        if getattr(a, name) != getattr(b, name):
            raise InputError(
                f"{name} of the samples are {getattr(a, name)!r} and {getattr(b, name)!r}; only "
                "samples of the same rows, metric and seed can be subtracted."
            )
    if a.samples.shape != b.samples.shape:
        raise InputError(
            f"{len(a.samples)} and {len(b.samples)} resamples were given; draw the same number."
        )
    return Samples(
        a.metric, a.emotions, a.point - b.point, a.samples - b.samples, a.subjects, a.seed
    )
