"""Compare two models on the same test rows: paired differences with intervals over subjects.

Differences are the second model's score minus the first's. One is better with certainty where the
interval, on the side that is good for it, does not reach 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.comparison.paired import Change, Pair, measure
from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import Predictions
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.scoring.metric_names import LESS_IS_BETTER, label_of
from pipeline.evaluation.verdict import pair_of

NAMED = "clip_accuracy"
MACRO = "macro"
COMPARED = ("average_precision", "auroc", "f1", "brier", "ece", "mae")
BETTER, WORSE, LEVEL = "better", "worse", "not told apart"


@dataclass(frozen=True)
class Contender:
    """One of two runs: what to call it, its id and parameters, and its test predictions."""

    name: str
    run_id: str
    params: Mapping[str, str]
    predictions: Predictions


def refuse_unequal(first: Contender, second: Contender) -> None:
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


def compare(first: Contender, second: Contender, resampling: Resampling) -> pd.DataFrame:
    """Give one row a metric and an emotion, the macro average (`MACRO`) first.

    Metrics are those of `COMPARED` and, where people's categories are learned, of categories.

    Columns: `metric`, `emotion`, `first`, `second` (scores), `difference`, its bounds `low` and
    `high` (NaN where `bootstrap.interval` gives none), and `second_is`: `BETTER` or `WORSE` with
    certainty, else `LEVEL`. Raises `InputError` as `refuse_unequal`.
    """
    refuse_unequal(first, second)
    pair = Pair.of(first.predictions, second.predictions)
    metrics = (*COMPARED, *pair.category_metrics)
    changes = measure(pair, metrics, resampling)
    return pd.DataFrame([_line(change) for change in changes])


def _line(found: Change) -> dict[str, object]:
    gap = found.change
    good = -1 if found.metric in LESS_IS_BETTER else 1
    certain = gap.low > 0 or gap.high < 0
    return {
        "metric": found.metric,
        "emotion": found.emotion or MACRO,
        "first": found.first,
        "second": found.second,
        "difference": gap.point,
        "low": gap.low,
        "high": gap.high,
        "second_is": (BETTER if gap.point * good > 0 else WORSE) if certain else LEVEL,
    }


def headline(table: pd.DataFrame, names: Sequence[str]) -> str:
    """Say the same as `verdict` in ten words."""
    row = table[table["emotion"] == MACRO].iloc[0]
    level = row["second_is"] == LEVEL
    pair = pair_of(float(row["second"]), float(row["first"]), exact=not level)
    if level:
        return f"{names[1]} is not certainly better or worse: {pair}, could be chance."
    return f"{names[1]} is {row['second_is']} than {names[0]}: {pair}, hardly by chance."


def verdict(table: pd.DataFrame, names: Sequence[str], confidence: float) -> str:
    """Say in one sentence whether the second model is better, by macro average precision."""
    row = table[table["emotion"] == MACRO].iloc[0]
    metric = label_of(str(row["metric"]))
    numbers = (
        f"macro {metric} {row['second']:.3f} against {row['first']:.3f}, difference "
        f"{row['difference']:+.3f} ({confidence:.0%} interval over subjects: {bounds(row)})"
    )
    if row["second_is"] == LEVEL:
        return f"{names[1]} and {names[0]} CANNOT BE TOLD APART: {numbers}."
    return f"{names[1]} is {str(row['second_is']).upper()} than {names[0]}: {numbers}."


def named_right(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Say which model names more of the clips right; nothing where labels are no categories."""
    rows = table[(table["metric"] == NAMED) & (table["emotion"] == MACRO)]
    return [
        f"{label_of(NAMED).capitalize()}: {names[1]} {row['second']:.3f} against "
        f"{row['first']:.3f}, difference {row['difference']:+.3f} ({bounds(row)}): "
        f"{row['second_is']}."
        for _, row in rows.iterrows()
    ]


def bounds(row: "pd.Series[float]") -> str:
    """Write an interval as `-0.012 to +0.034`; `undefined` where there is none."""
    if not np.isfinite(row["low"]):
        return "undefined"
    return f"{row['low']:+.3f} to {row['high']:+.3f}"
