"""Measure what changes from one model to another on the same rows, with what is certain of it.

A change is the second model's score minus the first's; its interval is that of the paired
difference over subjects (`bootstrap`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.resampling.bootstrap import Resampling, group, samples_of
from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.evaluation.scoring.metric_names import label_of


@dataclass(frozen=True)
class Side:
    """One model's predictions (rows, emotions) in [0, 1], its thresholds one an emotion."""

    predicted: Floats
    thresholds: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two models on the same rows: `subject` names each row's person, `true` holds its labels."""

    subject: npt.ArrayLike
    emotions: Sequence[str]
    true: Floats
    first: Side
    second: Side
    positive_at: float


@dataclass(frozen=True)
class Change:
    """A metric of both and the interval of its change; `emotion` is None for the macro average.

    That is the average over the emotions for which the metric is defined for both.
    """

    metric: str
    emotion: str | None
    first: float
    second: float
    change: Interval


def measure(pair: Pair, metrics: Sequence[str], resampling: Resampling) -> list[Change]:
    """Measure each metric: the macro average, then by emotion."""
    groups = group(pair.subject, resampling.resamples, resampling.seed)
    first, second = (
        samples_of(
            pair.true,
            side.predicted,
            groups,
            pair.emotions,
            metrics,
            positive_at=pair.positive_at,
            thresholds=side.thresholds,
        )
        for side in (pair.first, pair.second)
    )
    return [
        _change(first[metric], second[metric], resampling.confidence, emotion)
        for metric in metrics
        for emotion in (None, *pair.emotions)
    ]


def _change(first: Samples, second: Samples, confidence: float, emotion: str | None) -> Change:
    gap = difference(second, first)
    both = np.isfinite(gap.point)
    names = [emotion] if emotion else [n for n, ok in zip(gap.emotions, both, strict=True) if ok]
    return Change(
        first.metric,
        emotion,
        first.only(names).point_macro,
        second.only(names).point_macro,
        interval(gap, confidence, emotion),
    )


def find(changes: Sequence[Change], metric: str, emotion: str | None = None) -> Change:
    """Look a change up; the macro average where no emotion is given."""
    return next(c for c in changes if c.metric == metric and c.emotion == emotion)


def told(found: Change) -> str:
    """Say a change with its interval, such as `AUROC 0.700 -> 0.750 (+0.050, 0.010 to 0.090)`."""
    name = label_of(found.metric)
    between = f"{found.change.low:+.3f} to {found.change.high:+.3f}"
    if found.change.reason:
        between = f"no interval: {found.change.reason}"
    return f"{name} {found.first:.3f} -> {found.second:.3f} ({found.change.point:+.3f}; {between})"


def numbers(found: Change) -> dict[str, float]:
    change = found.change
    return {
        "champion": found.first,
        "challenger": found.second,
        "change": change.point,
        "low": change.low,
        "high": change.high,
    }
