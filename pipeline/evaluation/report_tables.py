"""Choose and caption the tables of a report."""

from collections.abc import Mapping

import pandas as pd

from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.document import UNDEFINED, Block, Table
from pipeline.evaluation.metrics import Scores

OVERALL = {
    "f1": "F1 (micro)",
    "precision": "precision (micro)",
    "recall": "recall (micro)",
    "exact_match": "exact match",
    "top1_accuracy": "top-1 accuracy",
    "mse": "MSE",
    "mae": "MAE",
}
EMOTION = {
    "positives": "positives",
    "threshold": "threshold",
    "average_precision": "average precision",
    "auroc": "AUROC",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "mse": "MSE",
    "mae": "MAE",
}
AVERAGED = {"average_precision": "average precision", "auroc": "AUROC", "f1": "F1"}


def models(scores: Mapping[str, Scores]) -> list[Block]:
    """Compare the models over all emotions."""
    network = scores[NETWORK]
    shown = {key: label for key, label in OVERALL.items() if key in network["overall"]}
    header = ["model", *(f"{label} (macro)" for label in AVERAGED.values()), *shown.values()]
    rows = [
        [model, *(found["macro"][key] for key in AVERAGED), *map(found["overall"].get, shown)]
        for model, found in scores.items()
    ]
    note = (
        f"{network['rows']:,} test rows. Micro pools all emotions, macro averages them; higher is "
        f"better except for MSE and MAE. `{UNDEFINED}` is undefined.{_left_out(scores)}"
    )
    return [Table("Over all emotions (test)", header, rows), note]


def _left_out(scores: Mapping[str, Scores]) -> str:
    """Name the macro averages that miss an emotion, and of which models where not of all."""
    missing: dict[tuple[str, int], list[str]] = {}
    for model, found in scores.items():
        for metric, label in AVERAGED.items():
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


def emotions(scores: Mapping[str, Scores]) -> list[Block]:
    """Show the network's numbers, and every model's average precision, by emotion."""
    network = scores[NETWORK]["emotion"]
    own = [[name, *map(numbers.get, EMOTION)] for name, numbers in network.items()]
    compared = [
        [name, *(found["emotion"][name]["average_precision"] for found in scores.values())]
        for name in network
    ]
    return [
        Table("The network (test)", ["emotion", *EMOTION.values()], own),
        Table("Average precision of all models (test)", ["emotion", *scores], compared),
    ]


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


def audit(table: pd.DataFrame) -> list[Block]:
    """Show the table of `audit.rule_audit`."""
    rules = table.groupby("emotion", sort=False)["auroc"]
    rows = [[str(emotion), *aurocs] for emotion, aurocs in rules]
    note = (
        "How well each rule's score (rows) ranks the frames that people gave a category "
        "(columns), as AUROC of one category against the rest; 0.5 is chance."
    )
    header = ["rule", *table["category"].unique()]
    return [note, Table("AUROC of each rule for each category", header, rows)]
