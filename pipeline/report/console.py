"""Show in a terminal, on one screen, what an evaluation found.

Where nobody watches, as in a job of CI, the same words are plain lines without control characters.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from pipeline.data.warnings import count_codes
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.verdict import brief
from pipeline.report.evaluation_page import Report, lead
from pipeline.report.terminal import console


def show(report: Report, where: Sequence[tuple[str, str]]) -> None:
    """Print the models with their intervals, the verdict, what to heed, and where to read on.

    `where` gives places by what is found there.
    """
    shown = console()
    shown.print()
    shown.print(_models(report))
    test = report.facts.splits["test"]
    shown.print(
        f"test: {test['subjects']:,} people, {test['frames']:,} frames; means over emotions "
        "[interval over people]",
        style="dim",
    )
    shown.print()
    first, *others = lead(report)
    shown.print(first, style="bold")
    for line in filter(None, [*others, report.named, *_heed(report)]):
        shown.print(line)
    shown.print()
    width = max(len(name) for name, _ in where)
    for name, place in where:
        shown.print(f"{name.ljust(width)}  {place}", soft_wrap=True)


def _models(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    for name in ("average\nprecision", "\nAUROC", "\nF1", "the network's gain\nin precision"):
        table.add_column(name, justify="right", no_wrap=True)
    found = _macro(report.tables["intervals"])
    for model, scores in report.scores.items():
        table.add_row(
            model,
            *(found[model, None, name] for name in ("average_precision", "auroc")),
            brief(math.nan if (f1 := scores["macro"]["f1"]) is None else f1),
            found.get((NETWORK, model, "average_precision"), ""),
        )
    return table


def _macro(intervals: pd.DataFrame) -> dict[tuple[str, str | None, str], str]:
    """Write each macro average and each gain with its interval, by model, baseline and metric."""
    rows = intervals[intervals["emotion"].isna()].astype(object)
    against = rows["against"].where(rows["against"].notna(), None)
    return {
        (row["model"], baseline, row["metric"]): _bounded(row, "+" if baseline else "")
        for baseline, row in zip(against, rows.to_dict("records"), strict=True)
    }


def _bounded(row: Mapping[Any, Any], sign: str) -> str:
    text = brief(row["value"], sign)
    if math.isnan(row["low"]):
        return text
    return f"{text} [{brief(row['low'], sign)}, {brief(row['high'], sign)}]"


def _heed(report: Report) -> list[str]:
    """Count what the report has to say beside the scores."""
    codes = count_codes(report.card["warnings"])
    named = ", ".join(f"{count} {code}" for code, count in codes.items()) or "none"
    lines = [f"Warnings about the data: {named}."]
    if count := len(report.tables.get("disagreements", ())):
        lines.append(f"Places where the network leaves the FACS prototypes: {count}.")
    return [*lines, "Each is named in the report."]
