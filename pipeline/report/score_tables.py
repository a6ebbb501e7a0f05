"""Choose and caption the tables of scores of a report."""

from collections.abc import Mapping

import pandas as pd

from pipeline.evaluation.baselines import (
    CONSTANT,
    LOGISTIC,
    NETWORK,
    RULE,
    UNCALIBRATED,
    UNKNOWN_PEOPLE,
)
from pipeline.evaluation.scoring.metric_names import LABELS
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.report.pages.document import UNDEFINED, Block, Items, Table, bounded

MACRO = "macro"
OVERALL = {"f1": "F1 (micro)"} | {name: LABELS[name] for name in ("exact_match", "brier", "mae")}
BASELINES = {
    RULE: "the rule that made the labels, on the same action units but blind to a clip's valence; "
    "nothing is trained",
    CONSTANT: "each emotion's mean label in training, the same for every frame",
    LOGISTIC: "fitted to the same training rows as the network",
    UNKNOWN_PEOPLE: "the same network, but it takes every person for one of whom nothing is known",
    UNCALIBRATED: "fitted to rows from which nobody's own level and spread were taken out",
}
# What stands with its interval, and what without.
BOUNDED = {name: LABELS[name] for name in ("average_precision", "auroc", "f1")}
PLAIN = {name: LABELS[name] for name in ("threshold", "precision", "recall", "ece", "mae")}


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
        f"{network['rows']:,} test rows. Micro pools all emotions, macro averages them; more is "
        "better except for Brier score and mean absolute error. In brackets: interval over people. "
        f"`{UNDEFINED}` is undefined.{_left_out(scores)}"
    )
    told = [f"{name}: {text}" for name, text in BASELINES.items() if name in scores]
    return [Table("Over all emotions (test)", header, rows), Items(told), note]


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
    ranked = [
        [
            name,
            int(numbers["positives"] or 0),
            *(_bounded(intervals, NETWORK, m, numbers[m], name) for m in BOUNDED),
        ]
        for name, numbers in network.items()
    ]
    plain = [[name, *map(numbers.get, PLAIN)] for name, numbers in network.items()]
    compared = [
        [name, *(found["emotion"][name]["average_precision"] for found in scores.values())]
        for name in network
    ]
    return [
        Table("The network (test)", ["emotion", "positives", *BOUNDED.values()], ranked),
        Table("The network at its thresholds (test)", ["emotion", *PLAIN.values()], plain),
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


def means(table: pd.DataFrame) -> Table:
    """Show the table of `tidy_tables.mean_predictions`."""
    header = [str(column).replace("_", " ") for column in table.columns]
    caption = "Means; `above` is the share of rows that reach the bound of a positive label"
    return Table(caption, header, table.to_numpy().tolist())
