"""Measure what changes from one model to another on the same rows, with what is certain of it.

A change is the second model's score minus the first's; its interval is that of the paired
difference over subjects (`bootstrap`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.categories.samples import METRICS as CATEGORY_METRICS
from pipeline.evaluation.categories.samples import answers_of, draw_samples, kind_of, metrics_for
from pipeline.evaluation.prediction_file import Predictions
from pipeline.evaluation.resampling.bootstrap import Resampling, group, samples_of
from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring.arrays import Floats, Ints
from pipeline.evaluation.scoring.metric_names import label_of

ACCURACY = ("accuracy", "clip_accuracy")


@dataclass(frozen=True)
class Side:
    """One model's predictions (rows, emotions) in [0, 1], its thresholds one an emotion."""

    predicted: Floats
    thresholds: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two models on the same rows.

    `subject` and `clip` name each row's person and clip, `true` holds its labels.
    """

    subject: npt.ArrayLike
    clip: npt.ArrayLike
    emotions: Sequence[str]
    true: Floats
    first: Side
    second: Side
    positive_at: float

    @classmethod
    def of(cls, first: Predictions, second: Predictions) -> "Pair":
        """Lay two models' predictions of the same rows side by side."""
        return cls(
            subject=second.subject,
            clip=second.clip,
            emotions=second.emotions,
            true=second.true,
            first=Side(first.predicted, first.thresholds),
            second=Side(second.predicted, second.thresholds),
            positive_at=second.positive_at,
        )

    @property
    def codes(self) -> tuple[Ints, Ints]:
        """A number for each row's person, and for its clip."""
        subject, clip = (
            np.unique(key, return_inverse=True)[1] for key in (self.subject, self.clip)
        )
        return subject, clip

    @property
    def category_metrics(self) -> tuple[str, ...]:
        """The metrics of categories that the rows allow; see `samples.metrics_for`."""
        return metrics_for(self.true, self.emotions, *self.codes)


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
    """Measure each metric: the macro average, then by emotion.

    Raises `InputError` where a metric is of categories, and labels are none.
    """
    first, second = (_draw(pair, side, metrics, resampling) for side in (pair.first, pair.second))

    def change(metric: str, emotion: str | None) -> Change:
        # The accuracy of one category is its recall, which balanced accuracy averages.
        recall = emotion is not None and metric in ACCURACY
        drawn = metric.replace("accuracy", "balanced_accuracy") if recall else metric
        return _change(metric, first[drawn], second[drawn], resampling.confidence, emotion)

    return [change(metric, emotion) for metric in metrics for emotion in (None, *pair.emotions)]


def _change(
    metric: str, first: Samples, second: Samples, confidence: float, emotion: str | None
) -> Change:
    gap = difference(second, first)
    both = np.isfinite(gap.point)
    names = [emotion] if emotion else [n for n, ok in zip(gap.emotions, both, strict=True) if ok]
    return Change(
        metric,
        emotion,
        first.only(names).point_macro,
        second.only(names).point_macro,
        interval(gap, confidence, emotion),
    )


def _draw(
    pair: Pair, side: Side, metrics: Sequence[str], resampling: Resampling
) -> dict[str, Samples]:
    groups = group(pair.subject, resampling.resamples, resampling.seed)
    drawn = samples_of(
        pair.true,
        side.predicted,
        groups,
        pair.emotions,
        [metric for metric in metrics if metric not in CATEGORY_METRICS],
        positive_at=pair.positive_at,
        thresholds=side.thresholds,
    )
    if kinds := {kind_of(metric) for metric in metrics if metric in CATEGORY_METRICS}:
        answers = answers_of(pair.true, side.predicted, pair.emotions, *pair.codes)
        drawn |= draw_samples({kind: answers[kind] for kind in sorted(kinds)}, resampling)
    return drawn


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
