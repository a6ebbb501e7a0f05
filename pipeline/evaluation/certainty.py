"""Say how certain the test scores are: intervals over subjects, and of the gain on each baseline.

Thresholds are taken as they are: what tuning them on other people would change is not in the
intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from pipeline.evaluation.all_models import Case
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.resampling.bootstrap import (
    METRICS,
    Interval,
    Resampling,
    Samples,
    difference,
    group,
    interval,
    samples_of,
)
from pipeline.evaluation.resampling.intervals import DIGITS
from pipeline.evaluation.scoring.arrays import Ints

PRIMARY, BORNE_OUT = "average_precision", "auroc"
# What stands in metrics.json; the table has every metric.
SUMMARY = ("average_precision", "auroc", "f1")
Claim: TypeAlias = Literal["better", "worse", "open"]


@dataclass(frozen=True)
class Certainty:
    """The samples of every model (first key) and metric (second), on the same draws.

    Models are compared by the `primary` metric.
    """

    resampling: Resampling
    samples: Mapping[str, Mapping[str, Samples]]
    primary: str = PRIMARY

    @property
    def subjects(self) -> int:
        """The number of people in the test split."""
        return self.samples[NETWORK][PRIMARY].subjects

    @property
    def baselines(self) -> list[str]:
        """The models that the network is compared with."""
        return [model for model in self.samples if model != NETWORK]

    def gain(self, baseline: str, metric: str) -> Samples:
        """Give the network's samples minus the baseline's."""
        return difference(self.samples[NETWORK][metric], self.samples[baseline][metric])

    def of(self, samples: Samples, emotion: str | None = None) -> Interval:
        """Give the interval of the macro average, or of one emotion, at the planned confidence."""
        return interval(samples, self.resampling.confidence, emotion)

    def standing(
        self, baseline: str, emotions: Sequence[str], emotion: str | None = None
    ) -> tuple[Interval, Claim]:
        """Give the gain in the primary metric, averaged over these emotions, and what it shows.

        `better` by average precision needs the interval of the gain in AUROC above 0 as well: a
        ranking by chance has a higher average precision than the share of positives (Bestgen,
        Prague Bulletin of Mathematical Linguistics 103, 2015), which is what a constant has, and a
        rule with many equal scores nearly has. AUROC has no such lead. Measured with labels that
        mean nothing: docs/benchmarks.md.
        """
        found = self.of(self.gain(baseline, self.primary).only(emotions), emotion)
        also = BORNE_OUT if self.primary == PRIMARY else self.primary
        other = self.of(self.gain(baseline, also).only(emotions), emotion)
        if found.low > 0 and other.low > 0:
            return found, "better"
        return found, "worse" if found.high < 0 else "open"


def measure(case: Case, subject: Ints, resampling: Resampling, primary: str = PRIMARY) -> Certainty:
    """Draw the test subjects and score every model; `subject` has a code for each row."""
    rows = case.rows("test")
    groups = group(subject[rows], resampling.resamples, resampling.seed)
    true = case.true[rows]
    return Certainty(
        resampling,
        {
            model: samples_of(
                true,
                predicted[rows],
                groups,
                case.emotions,
                METRICS,
                positive_at=case.bounds.positive_at,
                thresholds=case.thresholds[model],
            )
            for model, predicted in case.predicted.items()
        },
        primary,
    )


def intervals_table(certainty: Certainty) -> pd.DataFrame:
    """List every interval: `model`, `against`, `metric`, `emotion`, `value`, `low`, `high`, `note`.

    `against` is null for a model's own score; else `value` is the gain of the network over that
    baseline. `emotion` is null for the macro average. `note` says why there are no bounds.
    """
    own = [
        (model, None, samples)
        for model, found in certainty.samples.items()
        for samples in found.values()
    ]
    gains = [
        (NETWORK, baseline, certainty.gain(baseline, metric))
        for baseline in certainty.baselines
        for metric in METRICS
    ]
    lines = [
        (model, against, samples.metric, emotion, found.point, found.low, found.high, found.reason)
        for model, against, samples in own + gains
        for emotion in (None, *samples.emotions)
        for found in [certainty.of(samples, emotion)]
    ]
    names = ["model", "against", "metric", "emotion", "value", "low", "high", "note"]
    return pd.DataFrame(lines, columns=names).round(DIGITS)


def summary(certainty: Certainty, judged: Sequence[str]) -> dict[str, Any]:
    """Lay out the network's intervals and its gains for JSON; undefined bounds are null.

    Gains are those of the primary metric over the `judged` emotions, with what they show.
    """
    network = certainty.samples[NETWORK]
    standings = {baseline: certainty.standing(baseline, judged) for baseline in certainty.baselines}
    return {
        "level": certainty.resampling.confidence,
        "resamples": certainty.resampling.resamples,
        "subjects": certainty.subjects,
        NETWORK: {
            metric: {
                "macro": _lay_out(certainty.of(network[metric])),
                "emotion": {
                    name: _lay_out(certainty.of(network[metric], name))
                    for name in network[metric].emotions
                },
            }
            for metric in SUMMARY
        },
        "gain": {
            baseline: {certainty.primary: _lay_out(found), "claim": claim}
            for baseline, (found, claim) in standings.items()
        },
    }


def _lay_out(found: Interval) -> dict[str, float | None]:
    values = {"value": found.point, "low": found.low, "high": found.high}
    return {k: round(v, DIGITS) if np.isfinite(v) else None for k, v in values.items()}
