"""Decide each promise and each recommendation by a number and its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring.metric_names import label_of
from studies.claims.asking import MORE, Asked, against, tried
from studies.claims.labels import PEOPLE, Truth
from studies.claims.promises import Measure, of_predictions, of_seeds, of_training
from studies.scores import Scores, sign_of
from studies.settings import ClaimsParams

KEPT, NOT_KEPT, UNTOLD, SAME = "kept", "not kept", "cannot be told", "changes nothing here"
BESIDE = ""  # decides nothing
DIGITS = 6


@dataclass(frozen=True)
class Line:
    """A number of two networks, and what it decides."""

    claim: str
    truth: str
    key: str
    number: str
    without: Interval
    own: Interval
    change: Interval
    verdict: str


def decide(without: Samples, own: Samples, kept: int, level: float) -> tuple[Interval, str]:
    """Give the change, and what it decides; `kept` is the direction, 0 where it decides nothing."""
    change = interval(difference(own, without), level)
    if kept == 0:
        return change, BESIDE
    if change.point == change.low == change.high == 0:
        return change, SAME
    return change, {kept: KEPT, -kept: NOT_KEPT}.get(sign_of(change), UNTOLD)


def promises(
    baseline: tuple[Asked, Sequence[Truth]], improved: tuple[Asked, Sequence[Truth]], level: float
) -> list[Line]:
    """Hold the recipe's promises against the labels of each recipe, then against people's."""
    found = []
    for truths in zip(baseline[1], improved[1], strict=True):
        numbers = [_numbers(a, t) for a, t in zip((baseline[0], improved[0]), truths, strict=True)]
        for measure, without in numbers[0].items():
            what = measure.promise, truths[0].kind, measure.key, measure.name
            found.append(_line(what, without, numbers[1][measure], measure.kept, level))
    return found


def _numbers(asked: Asked, truth: Truth) -> Mapping[Measure, Samples]:
    pooled = [truth.of(one) for one in asked.pooled()]
    numbers = of_predictions(pooled, truth.scorer)
    if truth.kind == PEOPLE:
        return numbers
    return numbers | of_seeds(pooled, truth.scorer) | of_training(asked, truth.scorer)


def recommendations(
    study: ClaimsParams, asked: Mapping[str, Asked], truths: Sequence[Truth], primary: str
) -> list[Line]:
    """Say what each recommendation gains in the metric by which models are compared."""
    found = []
    for truth in truths:
        for name in (*study.recommendations, MORE):
            scores = [_scores(asked[one(name)], truth) for one in (against, tried)]
            metric = primary if primary in scores[0] else "average_precision"
            without, own = (one[metric] for one in scores)
            what = name, truth.kind, metric, label_of(metric)
            found.append(_line(what, without, own, 1, truth.scorer.resampling.confidence))
    return found


def _line(
    what: tuple[str, str, str, str], without: Samples, own: Samples, kept: int, level: float
) -> Line:
    change, verdict = decide(without, own, kept, level)
    return Line(*what, interval(without, level), interval(own, level), change, verdict)


def _scores(asked: Asked, truth: Truth) -> Scores:
    return truth.scorer.repeated([truth.of(one) for one in asked.pooled()])[0]


def table_of(lines: Sequence[Line]) -> pd.DataFrame:
    """List the lines: `claim`, `labels`, `number`, values and bounds, `verdict`."""
    rows = [
        {
            "claim": one.claim,
            "labels": one.truth,
            "number": one.number,
            **_bounds("without", one.without),
            **_bounds("with", one.own),
            **_bounds("change", one.change),
            "verdict": one.verdict,
        }
        for one in lines
    ]
    return pd.DataFrame(rows).round(DIGITS)


def _bounds(name: str, found: Interval) -> dict[str, float]:
    return {name: found.point, f"{name}_low": found.low, f"{name}_high": found.high}


def whole_verdict(lines: Sequence[Line]) -> str:
    """Put the numbers of one promise together: kept where all are, not kept where one is not."""
    told = [one.verdict for one in lines if one.verdict]
    if NOT_KEPT in told:
        return NOT_KEPT
    return told[0] if len(set(told)) == 1 else UNTOLD
