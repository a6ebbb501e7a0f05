"""Measure what changes from one model to another on the same rows, with what is certain of it.

A change is the second model's score minus the first's; its interval is that of the paired
difference over subjects (`bootstrap`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.resampling.bootstrap import Resampling, group, samples_of
from pipeline.evaluation.resampling.intervals import Interval, difference, interval
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.evaluation.scoring.metric_names import label_of

# What is measured beside the metric that decides.
METRICS = ("average_precision", "auroc", "f1", "brier", "ece")


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
    champion: Side
    challenger: Side
    positive_at: float


@dataclass(frozen=True)
class Change:
    """A metric of both and the interval of its change; `emotion` is None for the macro average."""

    metric: str
    emotion: str | None
    champion: float
    challenger: float
    change: Interval


def measure(pair: Pair, first: str, resampling: Resampling) -> list[Change]:
    """Measure each metric, `first` before the others: macro, then by emotion."""
    groups = group(pair.subject, resampling.resamples, resampling.seed)
    metrics = list(dict.fromkeys([first, *METRICS]))
    old, new = (
        samples_of(
            pair.true,
            side.predicted,
            groups,
            pair.emotions,
            metrics,
            positive_at=pair.positive_at,
            thresholds=side.thresholds,
        )
        for side in (pair.champion, pair.challenger)
    )
    changes = []
    for metric in metrics:
        gap = difference(new[metric], old[metric])
        before, after = (
            {None: s.point_macro} | dict(zip(s.emotions, s.point.tolist(), strict=True))
            for s in (old[metric], new[metric])
        )
        for emotion in (None, *pair.emotions):
            found = interval(gap, resampling.confidence, emotion)
            changes.append(Change(metric, emotion, before[emotion], after[emotion], found))
    return changes


def find(changes: Sequence[Change], metric: str, emotion: str | None = None) -> Change:
    """Look a change up; the macro average where no emotion is given."""
    return next(c for c in changes if c.metric == metric and c.emotion == emotion)


def told(found: Change) -> str:
    """Say a change with its interval, such as `AUROC 0.700 -> 0.750 (+0.050, 0.010 to 0.090)`."""
    name = label_of(found.metric)
    between = f"{found.change.low:+.3f} to {found.change.high:+.3f}"
    if found.change.reason:
        between = f"no interval: {found.change.reason}"
    return (
        f"{name} {found.champion:.3f} -> {found.challenger:.3f} "
        f"({found.change.point:+.3f}; {between})"
    )


def numbers(found: Change) -> dict[str, float]:
    change = found.change
    return {
        "champion": found.champion,
        "challenger": found.challenger,
        "change": change.point,
        "low": change.low,
        "high": change.high,
    }
