"""Hold what a learning curve found, and lay it out as tables."""

from dataclasses import dataclass

import pandas as pd

from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring.metric_names import label_of
from pipeline.settings.schema import Params
from studies.frames import Whole
from studies.learning_curve.asking import Curve, OwnClips
from studies.learning_curve.power_law import Laws, as_samples
from studies.settings import LearningCurveParams

DIGITS = 6


@dataclass(frozen=True)
class Found:
    """All that the page tells."""

    study: LearningCurveParams
    settings: Params
    whole: Whole
    curve: Curve
    laws: Laws
    own_clips: OwnClips | None

    @property
    def metric(self) -> str:
        """What people call the score."""
        return label_of(self.settings.evaluate.primary)

    def of(self, samples: Samples) -> Interval:
        """Give the interval of a score or a difference."""
        return interval(samples, self.settings.evaluate.confidence)

    @property
    def further(self) -> Interval:
        """The gain that the law expects of `times` the people."""
        laws, like = self.laws, self.curve.scores[-1]
        gain = laws.at(self.study.times * laws.largest) - laws.at(laws.largest)
        return self.of(as_samples(gain, like))


def curve_table(found: Found) -> pd.DataFrame:
    """List the scores by number of people: `people`, `value`, bounds, `law`."""
    laws, curve = found.laws, found.curve
    rows = [
        {"people": n, **_columns("", found.of(one)), "law": float(laws.at(n)[0])}
        for n, one in zip(curve.numbers, curve.scores, strict=True)
    ]
    return pd.DataFrame(rows).round(DIGITS)


def clips_table(found: Found) -> pd.DataFrame:
    """List the scores by clips that a person brings; without `clips`: all, then uncalibrated."""
    if (own := found.own_clips) is None:
        return pd.DataFrame(columns=["calibrate", "clips"])
    scores = [*own.by_number.scores, own.everything, own.uncalibrated]
    kinds = ["subject"] * (len(scores) - 1) + ["none"]
    rows = [
        {
            "calibrate": kind,
            "clips": n,
            **_columns("", found.of(one)),
            **_columns("gain_", found.of(difference(one, own.uncalibrated))),
        }
        for kind, n, one in zip(kinds, (*own.by_number.numbers, None, None), scores, strict=True)
    ]
    return pd.DataFrame(rows).round(DIGITS)


def _columns(prefix: str, found: Interval) -> dict[str, float]:
    return {
        f"{prefix}value": found.point,
        f"{prefix}low": found.low,
        f"{prefix}high": found.high,
    }
