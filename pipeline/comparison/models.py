"""Compare two models on the same test rows: paired differences with intervals over subjects.

Differences are the second model's score minus the first's. One is better with certainty where the
interval, on the side that is good for it, does not reach 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import Predictions
from pipeline.evaluation.resampling.bootstrap import (
    Samples,
    difference,
    group,
    interval,
    samples_of,
)
from pipeline.evaluation.scoring.metric_names import LESS_IS_BETTER, label_of
from pipeline.evaluation.verdict import pair_of

MACRO = "macro"
CONFIDENCE = 0.95
SEED = 0
COMPARED = ("average_precision", "auroc", "f1", "brier", "ece", "mae")
BETTER, WORSE, LEVEL = "better", "worse", "not told apart"


@dataclass(frozen=True)
class Side:
    """One of two runs: what to call it, its id and parameters, and its test predictions."""

    name: str
    run_id: str
    params: Mapping[str, str]
    predictions: Predictions


def refuse_unequal(first: Side, second: Side) -> None:
    """Raise `InputError` unless both were tested on the same rows, labels and bound."""
    if told := _unlike(first.predictions, second.predictions):
        raise InputError(
            f"{first.name} and {second.name} cannot be compared: {told}. Only scores of the same "
            "test rows with the same labels can be. Evaluate both with the same data, "
            "prepare.split, label.*, divisors and evaluate.positive_at in params.yaml."
        )


def _unlike(a: Predictions, b: Predictions) -> str:
    if a.emotions != b.emotions:
        return f"they know other emotions, {', '.join(a.emotions)} and {', '.join(b.emotions)}"
    if not a.keys.equals(b.keys):
        one, other = ({*np.unique(p.subject).tolist()} for p in (a, b))
        return (
            f"they were tested on other rows, {len(a.true)} of {len(one)} subjects and "
            f"{len(b.true)} of {len(other)}, {len(one & other)} of them the same"
        )
    if a.rows_hash != b.rows_hash:
        gaps = np.abs(a.true - b.true).max(axis=0)
        return (
            f"their labels differ by up to {gaps.max():.3f}, most in "
            f"{a.emotions[int(gaps.argmax())]}"
        )
    if a.positive_at != b.positive_at:
        return f"a label is positive from {a.positive_at} in one and {b.positive_at} in the other"
    return ""


def compare(first: Side, second: Side) -> pd.DataFrame:
    """Give one row a metric of `COMPARED` and an emotion, the macro average (`MACRO`) first.

    Columns: `metric`, `emotion`, `first`, `second` (scores), `difference`, its bounds `low` and
    `high` (NaN where `bootstrap.interval` gives none), and `second_is`: `BETTER` or `WORSE` with
    certainty, else `LEVEL`. Raises `InputError` as `refuse_unequal`.
    """
    refuse_unequal(first, second)
    groups = group(first.predictions.subject, seed=SEED)
    drawn = [
        samples_of(
            p.true,
            p.predicted,
            groups,
            p.emotions,
            list(COMPARED),
            positive_at=p.positive_at,
            thresholds=p.thresholds,
        )
        for p in (first.predictions, second.predictions)
    ]
    lines = [
        _line(metric, emotion, drawn[0][metric], drawn[1][metric])
        for metric in COMPARED
        for emotion in (None, *first.predictions.emotions)
    ]
    return pd.DataFrame(lines)


def _line(metric: str, emotion: str | None, a: Samples, b: Samples) -> dict[str, object]:
    gap = interval(difference(b, a), CONFIDENCE, emotion)
    good = -1 if metric in LESS_IS_BETTER else 1
    certain = gap.low > 0 or gap.high < 0
    return {
        "metric": metric,
        "emotion": emotion or MACRO,
        "first": _point(a, b, emotion),
        "second": _point(b, a, emotion),
        "difference": gap.point,
        "low": gap.low,
        "high": gap.high,
        "second_is": (BETTER if gap.point * good > 0 else WORSE) if certain else LEVEL,
    }


def _point(own: Samples, other: Samples, emotion: str | None) -> float:
    """Give the score of an emotion, or the mean over those that are defined for both models."""
    if emotion is not None:
        return float(own.point[own.emotions.index(emotion)])
    both = np.isfinite(own.point) & np.isfinite(other.point)
    return float(own.point[both].mean()) if both.any() else np.nan


def headline(table: pd.DataFrame, names: Sequence[str]) -> str:
    """Say the same as `verdict` in ten words."""
    row = table[table["emotion"] == MACRO].iloc[0]
    level = row["second_is"] == LEVEL
    pair = pair_of(float(row["second"]), float(row["first"]), exact=not level)
    if level:
        return f"{names[1]} is not certainly better or worse: {pair}, could be chance."
    return f"{names[1]} is {row['second_is']} than {names[0]}: {pair}, hardly by chance."


def verdict(table: pd.DataFrame, names: Sequence[str]) -> str:
    """Say in one sentence whether the second model is better, by macro average precision."""
    row = table[table["emotion"] == MACRO].iloc[0]
    metric = label_of(str(row["metric"]))
    numbers = (
        f"macro {metric} {row['second']:.3f} against {row['first']:.3f}, difference "
        f"{row['difference']:+.3f} ({CONFIDENCE:.0%} interval over subjects: {bounds(row)})"
    )
    if row["second_is"] == LEVEL:
        return f"{names[1]} and {names[0]} CANNOT BE TOLD APART: {numbers}."
    return f"{names[1]} is {str(row['second_is']).upper()} than {names[0]}: {numbers}."


def bounds(row: "pd.Series[float]") -> str:
    """Write an interval as `-0.012 to +0.034`; `undefined` where there is none."""
    if not np.isfinite(row["low"]):
        return "undefined"
    return f"{row['low']:+.3f} to {row['high']:+.3f}"
