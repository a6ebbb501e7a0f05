"""Write an evaluation as a Markdown page: verdict first, then tables, warnings and figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.metrics import MACRO, Scores

UNDEFINED = "-"
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


@dataclass(frozen=True)
class Report:
    """What the page tells.

    `verdict` are the lines of `verdict.verdict`; `scores` are the test scores by model, the
    network's under `baselines.NETWORK`; `mean_predictions` is the table of that name, of one or
    more splits; `figures` maps the names of files `plots/<name>.png` to what each shows; each of
    `warnings` has a `code`, a `number` and a `message`; `audit` is the table of
    `audit.rule_audit`.
    """

    title: str
    verdict: Sequence[str]
    scores: Mapping[str, Scores]
    mean_predictions: pd.DataFrame
    figures: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[Mapping[str, object]] = ()
    audit: pd.DataFrame | None = None


def render(report: Report) -> str:
    """Return the page."""
    lines = [f"# {report.title}", *(f"- {line}" for line in report.verdict)]
    lines += _warnings(report.warnings)
    lines += _models(report.scores)
    lines += _emotions(report.scores)
    lines += _means(report.mean_predictions)
    if report.audit is not None:
        lines += _audit(report.audit)
    lines += _figures(report.figures)
    return "\n".join(lines) + "\n"


def _warnings(warnings: Sequence[Mapping[str, object]]) -> list[str]:
    if not warnings:
        return []
    items = [f"- {_cell(w['message'])} (`{w['code']}`: {_cell(w['number'])})" for w in warnings]
    return ["", "## Warnings about the data", "", *items]


def _models(scores: Mapping[str, Scores]) -> list[str]:
    network = scores[NETWORK]
    shown = {key: label for key, label in OVERALL.items() if key in network["overall"]}
    header = ["model", *(f"{label} (macro)" for label in AVERAGED.values()), *shown.values()]
    rows = [
        [model, *(found["macro"][key] for key in AVERAGED), *map(found["overall"].get, shown)]
        for model, found in scores.items()
    ]
    note = (
        f"{network['rows']} test rows. Micro pools all emotions, macro averages them; higher is "
        f"better except for MSE and MAE. `{UNDEFINED}` is undefined.{_left_out(scores)}"
    )
    return ["", "## The network and its baselines", "", *_table(header, rows), "", note]


def _left_out(scores: Mapping[str, Scores]) -> str:
    """Name the macro averages that miss an emotion."""
    partial = [
        f"{AVERAGED[metric]} of {model} {found['emotions_defined'][metric]} of "
        f"{len(found['emotion'])}"
        for model, found in scores.items()
        for metric in MACRO
        if metric in AVERAGED and found["emotions_defined"][metric] < len(found["emotion"])
    ]
    return f" Macro averages over fewer emotions: {'; '.join(partial)}." if partial else ""


def _emotions(scores: Mapping[str, Scores]) -> list[str]:
    network = scores[NETWORK]["emotion"]
    own = [[name, *map(numbers.get, EMOTION)] for name, numbers in network.items()]
    compared = [
        [name, *(found["emotion"][name]["average_precision"] for found in scores.values())]
        for name in network
    ]
    return [
        *("", "## The network by emotion", ""),
        *_table(["emotion", *EMOTION.values()], own),
        *("", "## Average precision by emotion", ""),
        *_table(["emotion", *scores], compared),
    ]


def _means(table: pd.DataFrame) -> list[str]:
    header = [str(column).replace("_", " ") for column in table.columns]
    note = "`above` is the share of rows that reach the bound of a positive label."
    rows = table.to_numpy().tolist()
    return ["", "## Mean predictions and mean labels", "", *_table(header, rows), "", note]


def _audit(table: pd.DataFrame) -> list[str]:
    rules = table.groupby("emotion", sort=False)["auroc"]
    rows = [[str(emotion), *aurocs] for emotion, aurocs in rules]
    note = (
        "How well each rule's score (rows) ranks the frames that people gave a category "
        "(columns), as AUROC of one category against the rest; 0.5 is chance."
    )
    header = ["rule", *table["category"].unique()]
    return ["", "## The labelling rule against human labels", "", note, "", *_table(header, rows)]


def _figures(figures: Mapping[str, str]) -> list[str]:
    if not figures:
        return []
    links = [f"![{_cell(text)}](plots/{name}.png)\n" for name, text in figures.items()]
    return ["", "## Figures", "", *links]


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    words = [any(isinstance(row[i], str) for row in rows) for i in range(len(header))]
    rule = ["---" if word else "---:" for word in words]
    lines = [[_cell(value) for value in line] for line in (header, *rows)]
    return [f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:])]


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).replace("|", "\\|").replace("\n", " ")
