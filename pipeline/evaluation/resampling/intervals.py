"""Turn the scores of resamples into intervals, of one model or of the difference of two.

A number that is not defined is NaN (see `metrics`; ranks need positives and negatives). A macro
average is over the emotions that are defined on all rows together, in every resample over the
same ones: a resample where one of these is undefined has no macro average.

Percentile intervals of few subjects are too short. Their tails are therefore cut where Student's t
would cut them, which widens the interval (Hesterberg, The American Statistician 69, 2015, section
5.3). Fewer than `FEW` subjects give too few different resamples to cut any: the interval is then
Student's t around the point. Measured coverage: docs/benchmarks.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy.special import ndtr, stdtrit

from pipeline.errors import InputError
from pipeline.evaluation.scoring.arrays import Bools, Floats

# A person who alone holds all positives is missing in a third of the resamples (1/e); what
# remains then tells how one person was scored, not how people are.
LEAST_DEFINED = 0.75
LEAST_DEFINED_MACRO = 0.5  # of several emotions one or another is missing more often
FEW = 5
DIGITS = 6  # of what is written: beyond them sums of floats may depend on the machine


@dataclass(frozen=True)
class Samples:
    """One metric on all rows (`point`, shape (emotions,)) and in each resample of subjects.

    `samples` is (resamples, emotions). `subjects` and `seed` tell which draws they come from,
    `limits` between which values the metric can lie.
    """

    metric: str
    emotions: tuple[str, ...]
    point: Floats
    samples: Floats
    subjects: int
    seed: int
    limits: tuple[float, float] = (0.0, 1.0)

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

    def only(self, emotions: Sequence[str]) -> "Samples":
        """Keep these emotions."""
        kept = [self.emotions.index(name) for name in emotions]
        return replace(
            self, emotions=tuple(emotions), point=self.point[kept], samples=self.samples[:, kept]
        )


@dataclass(frozen=True)
class Interval:
    """A score and its bounds; the bounds are NaN where `reason` says why there are none."""

    point: float
    low: float
    high: float
    reason: str = ""


def interval(samples: Samples, level: float = 0.95, emotion: str | None = None) -> Interval:
    """Give the interval of the macro average, or of one emotion.

    Bounds are NaN, with the reason, for one subject alone, where an emotion that counts is defined
    in less than `LEAST_DEFINED` of the resamples, and where so many are missing that the macro
    average is in less than `LEAST_DEFINED_MACRO`: too few subjects have positives, or negatives.
    """
    if emotion is not None:
        samples = samples.only([emotion])
    point, drawn = samples.point_macro, samples.samples_macro
    undefined = partial(Interval, point, np.nan, np.nan)
    if not np.isfinite(point):
        return undefined("undefined on these rows")
    if samples.subjects < 2:
        return undefined("one subject: nothing is known of others")
    rarest = np.isfinite(samples.samples[:, np.isfinite(samples.point)]).mean(axis=0).min()
    defined = drawn[np.isfinite(drawn)]
    if rarest < LEAST_DEFINED or len(defined) < LEAST_DEFINED_MACRO * len(drawn):
        share = min(float(rarest), len(defined) / len(drawn))
        return undefined(f"defined in {share:.0%} of the resamples: too few subjects decide it")
    low, high = _bounds(point, defined, level, samples)
    return Interval(point, low, high)


def _bounds(point: float, drawn: Floats, level: float, samples: Samples) -> tuple[float, float]:
    # The spread of resamples is that of n - 1 in n; in units of it, where t cuts.
    n = samples.subjects
    width = float(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + level) / 2))
    if n < FEW:
        spread = width * drawn.std()
        low, high = np.clip([point - spread, point + spread], *samples.limits)
    else:
        tail = float(ndtr(-width))
        low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


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
    return replace(
        a,
        point=a.point - b.point,
        samples=a.samples - b.samples,
        limits=(a.limits[0] - b.limits[1], a.limits[1] - b.limits[0]),
    )
