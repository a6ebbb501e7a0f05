"""Choose and caption the tables of a report on data, labels and what the model looks at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.labels.bounds import ALIKE
from pipeline.evaluation.explaining.rule_and_network import knows_more
from pipeline.report.pages.document import UNDEFINED, Block, Items, Table, bounded

KINDS = {
    "unused": "In the prototype, but shuffling it does not certainly raise the loss",
    "foreign": "Not in the prototype, but certainly important",
    "falling": "In the prototype, but the more of it, the less probable the emotion",
}


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
    """Show the table of `rule_audit.rule_audit`, with its bounds where it has them."""
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


def rule_and_network(table: pd.DataFrame) -> list[Block]:
    """Show the table of `rule_and_network.compare_with_people`."""
    rows = [
        [
            row["emotion"] or "mean",
            *(row[name] for name in ("category", "positives", "rule", "network")),
            bounded(row["gain"], row["low"], row["high"], "+"),
        ]
        for row in table.assign(emotion=table["emotion"].fillna("")).to_dict("records")
    ]
    header = ["emotion", "category", "rows", "AUROC of the rule", "of the network", "gain"]
    caption = "The rule and the network it taught, against what people said (test)"
    return [knows_more(table), Table(caption, header, rows)] if rows else []


def _auroc(row: Mapping[Any, Any], of: str = "auroc", low: str = "low", sign: str = "") -> str:
    return bounded(float(row[of]), float(row[low]), float(row[low.replace("low", "high")]), sign)


def disagreements(table: pd.DataFrame) -> list[Block]:
    """Sum the table of `disagreements.disagreements` up, one line a kind."""
    lines = []
    for kind, words in KINDS.items():
        rows = table[table["kind"] == kind]
        named = [
            f"{emotion} {', '.join(f'AU{au:02d}' for au in dict.fromkeys(part['au']))}"
            for emotion, part in rows.groupby("emotion", sort=False)
        ]
        if named:
            lines.append(f"{words}: {'; '.join(named)}.")
    head = "Where the network and the FACS prototypes (the rules) disagree"
    if not lines:
        return [f"{head}: nowhere."]
    return [f"{head} (the numbers: `tables/disagreements.csv`):", Items(lines)]


def fitted_rules(table: pd.DataFrame) -> list[Block]:
    """Show the table of `rule_fitting.compare_rules`: fitted to people, beside those in use."""
    told = (("fitted", ""), ("current", ""), ("gain", "+"))
    rows = [
        [
            *(row[name] for name in ("emotion", "category", "aus", "divisor")),
            *(_auroc(row, of, f"{of}_low", sign) for of, sign in told),
        ]
        for row in table.to_dict("records")
    ]
    header = ["emotion", "category", "aus", "divisor", "AUROC fitted", "AUROC in use", "gain"]
    better = [str(row["emotion"]) for row in table.to_dict("records") if row["gain_low"] > 0]
    found = (
        f"Certainly better than the rule in use: {', '.join(better)}. To adopt one, copy `aus` "
        "into `label.rules` and the divisor into the recipe."
        if better
        else "None is certainly better than the rule in use."
    )
    note = f"Fitted to training subjects, scored on test subjects. {found}"
    return [Table("Rules fitted to people's judgement", header, rows), note] if rows else []
