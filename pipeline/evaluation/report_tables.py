"""Choose and caption the tables of a report."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.distribution import ALIKE
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.document import UNDEFINED, Block, Table, bounded
from pipeline.evaluation.metrics import Scores

MACRO = "macro"
OVERALL = {
    "f1": "F1 (micro)",
    "exact_match": "exact match",
    "top1_accuracy": "top-1 accuracy",
    "brier": "Brier score",
    "mae": "MAE",
}
# What stands with its interval, and what without.
BOUNDED = {"average_precision": "average precision", "auroc": "AUROC", "f1": "F1"}
PLAIN = {
    "precision": "precision",
    "recall": "recall",
    "ece": "calibration error",
    "mae": "MAE",
}


def models(scores: Mapping[str, Scores], intervals: pd.DataFrame) -> list[Block]:
    """Compare the models over all emotions."""
    network = scores[NETWORK]
    shown = {key: label for key, label in OVERALL.items() if key in network["overall"]}
    header = ["model", *(f"{label} (macro)" for label in BOUNDED.values()), *shown.values()]
    rows = [
        [
            model,
            *(_bounded(intervals, model, metric, found["macro"][metric]) for metric in BOUNDED),
            *map(found["overall"].get, shown),
        ]
        for model, found in scores.items()
    ]
    note = (
        f"{network['rows']:,} test rows. Micro pools all emotions, macro averages them; higher is "
        f"better except for Brier score and MAE. In brackets: interval over subjects. "
        f"`{UNDEFINED}` is undefined.{_left_out(scores)}"
    )
    return [Table("Over all emotions (test)", header, rows), note]


def _bounded(
    intervals: pd.DataFrame, model: str, metric: str, value: float | None, emotion: str = MACRO
) -> str:
    own = intervals[intervals["against"].isna() & (intervals["model"] == model)]
    own = own[(own["metric"] == metric) & (own["emotion"].fillna(MACRO) == emotion)]
    low, high = own[["low", "high"]].to_numpy(dtype=float)[0]
    return bounded(value, low, high)


def _left_out(scores: Mapping[str, Scores]) -> str:
    """Name the macro averages that miss an emotion, and of which models where not of all."""
    missing: dict[tuple[str, int], list[str]] = {}
    for model, found in scores.items():
        for metric, label in BOUNDED.items():
            if (count := found["emotions_defined"][metric]) < len(found["emotion"]):
                missing.setdefault((label, count), []).append(model)
    if not missing:
        return ""
    of = len(scores[NETWORK]["emotion"])
    told = [
        f"{label} {count} of {of}"
        + ("" if len(models) == len(scores) else f" ({', '.join(models)})")
        for (label, count), models in missing.items()
    ]
    return f" Macro averages over fewer emotions: {'; '.join(told)}."


def emotions(scores: Mapping[str, Scores], intervals: pd.DataFrame) -> list[Block]:
    """Show the network's numbers, and every model's average precision, by emotion."""
    network = scores[NETWORK]["emotion"]
    own = [
        [
            name,
            _count(numbers["positives"]),
            *(_bounded(intervals, NETWORK, m, numbers[m], name) for m in BOUNDED),
            numbers["threshold"],
            *map(numbers.get, PLAIN),
        ]
        for name, numbers in network.items()
    ]
    compared = [
        [name, *(found["emotion"][name]["average_precision"] for found in scores.values())]
        for name in network
    ]
    header = ["emotion", "positives", *BOUNDED.values(), "threshold", *PLAIN.values()]
    return [
        Table("The network (test)", header, own),
        Table("Average precision of all models (test)", ["emotion", *scores], compared),
    ]


def gains(intervals: pd.DataFrame, metric: str = "average_precision") -> Table:
    """Show the network's gain over each baseline, by emotion and on average."""
    rows = intervals[intervals["against"].notna() & (intervals["metric"] == metric)]
    rows = rows.assign(emotion=rows["emotion"].fillna(MACRO))
    baselines = list(dict.fromkeys(rows["against"]))
    found = {
        (row["emotion"], row["against"]): bounded(row["value"], row["low"], row["high"], "+")
        for row in rows.to_dict("records")
    }
    names = dict.fromkeys(rows["emotion"])
    lines = [[name, *(found[name, baseline] for baseline in baselines)] for name in names]
    return Table(f"Gain in {BOUNDED[metric]} over", ["emotion", *baselines], lines)


def _count(number: float | None) -> int:
    return int(number or 0)


def means(table: pd.DataFrame) -> Table:
    """Show the table of `tables.mean_predictions`."""
    header = [str(column).replace("_", " ") for column in table.columns]
    caption = "Means; `above` is the share of rows that reach the bound of a positive label"
    return Table(caption, header, table.to_numpy().tolist())


def splits(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Show subjects, clips and frames of each split."""
    header = ["split", "subjects", "clips", "frames"]
    rows = [[split, *(found[name] for name in header[1:])] for split, found in counts.items()]
    return Table("What was recorded", header, rows)


def data_card(card: Mapping[str, Any]) -> list[Block]:
    """Show what of the data card is out of the ordinary: odd action units, labels that go along."""
    states: dict[str, dict[str, str]] = {}
    for row in card["aus"]:
        states.setdefault(row["au"], {})[row["split"]] = row["state"] or UNDEFINED
    odd = [[au, *of.values()] for au, of in states.items() if {*of.values()} - {"ok", UNDEFINED}]
    alike = [
        [f"{row['first']}, {row['second']}", row["correlation"]]
        for row in card["correlations"]
        if (row["correlation"] or 0.0) > ALIKE
    ]
    caption = f"Emotions whose labels correlate by more than {ALIKE}"
    tables = [
        Table("Action units that are not as they should be", ["action unit", *card["splits"]], odd),
        Table(caption, ["emotions", "correlation"], alike),
    ]
    return [table for table in tables if table.rows]


def audit(table: pd.DataFrame) -> list[Block]:
    """Show the table of `audit.rule_audit`, with its bounds where it has them."""
    table = table if "low" in table.columns else table.assign(low=np.nan, high=np.nan)
    rows = [
        [str(emotion), *(_auroc(row) for row in part.to_dict("records"))]
        for emotion, part in table.groupby("emotion", sort=False)
    ]
    note = (
        "How well each rule's score (rows) ranks the frames that people gave a category "
        "(columns), as AUROC of one category against the rest; 0.5 is chance."
    )
    header = ["rule", *table["category"].unique()]
    return [note, Table("AUROC of each rule for each category", header, rows)]


def _auroc(row: Mapping[Any, Any], of: str = "auroc", low: str = "low", sign: str = "") -> str:
    return bounded(float(row[of]), float(row[low]), float(row[low.replace("low", "high")]), sign)


def fitted_rules(table: pd.DataFrame) -> list[Block]:
    """Show the table of `adopt.compare_rules`: rules fitted to people, beside those in use."""
    told = (("fitted", ""), ("current", ""), ("gain", "+"))
    rows = [
        [
            *(row[name] for name in ("emotion", "category", "aus", "divisor")),
            *(_auroc(row, of, f"{of}_low", sign) for of, sign in told),
        ]
        for row in table.to_dict("records")
    ]
    header = ["emotion", "category", "aus", "divisor", "AUROC fitted", "AUROC in use", "gain"]
    note = (
        "Fitted to training subjects, scored on test subjects. To adopt one, copy `aus` into "
        "`label.rules` and the divisor into the recipe."
    )
    return [Table("Rules that people's judgement suggests", header, rows), note] if rows else []
