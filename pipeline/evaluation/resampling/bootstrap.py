"""Say how far a score would move with other people: a bootstrap over subjects, never over rows.

Rows of one person resemble each other, so subjects are drawn, with replacement, and all rows of a
subject come along as often as it was drawn. The same seed and number of subjects give the same
draws: samples of two models on the same rows are paired, and their difference is the sample of
the difference (see `intervals`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from pipeline.errors import InputError
from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring import ranking, sum_scores
from pipeline.evaluation.scoring.arrays import Floats, Ints, checked, reach

__all__ = ["Interval", "Samples", "difference", "interval"]  # what is made of the samples

METRICS = (*ranking.METRICS, *sum_scores.METRICS)
RESAMPLES = 2000
# Beyond so many, subjects are dealt at random into as many groups that are drawn whole: sums
# over them vary as those over subjects do, and memory does not grow with the number of people.
MOST_GROUPS = 2000


@dataclass(frozen=True)
class Resampling:
    """How many resamples to draw, with which seed, and the share of intervals that are to hold."""

    resamples: int
    seed: int
    confidence: float


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


def group(
    subject: npt.ArrayLike, resamples: int = RESAMPLES, seed: int = 0, most: int = MOST_GROUPS
) -> Groups:
    """Find at most so many groups of rows and draw them; `subject` names each row's."""
    names, of = np.unique(np.asarray(subject), return_inverse=True)
    number = min(len(names), most)
    if number < len(names):
        dealt = np.random.default_rng(seed).permutation(len(names)) % number
        of = dealt[of]
    draws = np.vstack([np.ones(number), draw_subjects(number, resamples, seed)])
    return Groups(of, draws, len(names), seed)


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
    """Score predictions (rows, emotions) on all rows and in resamples of subjects.

    `thresholds` is one number or one an emotion, `metrics` are some of `METRICS`; all have the same
    groups and draws. Raises `InputError` as `arrays.checked`, for another metric, and for subjects
    that are not as many as the rows.

    Memory beside the arrays: a few numbers a row of one emotion, whatever the resamples.
    """
    true, predicted = checked(true, predicted, emotions)
    _check(groups, len(true), metrics)
    bounds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), len(emotions))
    # One thread: products this small lose by being shared, on a busy machine tenfold, and the
    # order of a sum, so its last digit, would depend on the number of cores.
    with threadpool_limits(1, user_api="blas"):
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
            limits=(-1.0 if metric == "ccc" else 0.0, 1.0),
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
    rows = sum_scores.Rows(true, predicted, reach(true, positive_at), reach(predicted, threshold))
    of, draws = groups.of, groups.draws
    found = sum_scores.scores(
        (name for name in metrics if name in sum_scores.METRICS), rows, of, draws
    )
    if set(metrics) & set(ranking.METRICS):
        found |= ranking.rank_scores(rows.positive, predicted, of, draws)
    return found
