"""Draw a learning curve on: a power law, fitted to the scores and to every resample of them.

score(n) = ceiling - distance * (n / largest)^-rate: learning curves of many kinds of models follow
it over a wide range (Hestness et al., arXiv:1712.00409, 2017). The interval of what it says is that
of people and seeds; that the law may not hold is no part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring.arrays import Floats

# A score that falls has a distance below 0; a rate beyond these cannot be told from a step, or
# from a logarithm.
BOUNDS = ([0.0, -1.0, 0.1], [1.0, 1.0, 3.0])
START = (0.1, 0.5)  # distance and rate
MOST_FITS = 500  # resamples, which tell an interval well enough
LAW = ("all",)


@dataclass(frozen=True)
class Laws:
    """Laws (1 + resamples, 3) for a number of people: that of all rows first."""

    largest: float
    laws: Floats

    def at(self, people: float) -> Floats:
        """Give the scores for so many people (1 + resamples,)."""
        return power(people / self.largest, *self.laws.T)


def power(share: float | Floats, ceiling: Floats, distance: Floats, rate: Floats) -> Floats:
    """Give the score for a share of the largest number of people."""
    return np.asarray(ceiling - distance * share**-rate)


def fit_laws(people: Sequence[float], scores: Sequence[Samples]) -> Laws:
    """Fit the law to the macro averages at each number of people, and in each resample."""
    points = np.array([one.point_macro for one in scores])
    drawn = np.stack([one.samples_macro[:MOST_FITS] for one in scores], axis=1)
    shares = np.array(people) / max(people)
    return Laws(max(people), np.array([_fit(shares, row) for row in (points, *drawn)]))


def _fit(shares: Floats, scores: Floats) -> Floats:
    if not np.isfinite(scores).all():
        return np.full(3, np.nan)
    start = np.clip([scores[-1] + START[0], *START], *BOUNDS)
    found = least_squares(lambda law: power(shares, *law) - scores, start, bounds=BOUNDS)
    return np.asarray(found.x)


def as_samples(drawn: Floats, like: Samples) -> Samples:
    """Take a number of all rows, and of resamples, for the samples of a score or difference."""
    return replace(
        like, emotions=LAW, point=drawn[:1], samples=drawn[1:, np.newaxis], limits=(-1.0, 1.0)
    )
