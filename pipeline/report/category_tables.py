"""Choose and caption the tables of a report on which categories the network names."""

import pandas as pd

from pipeline.evaluation.baselines import NETWORK, UNCALIBRATED, UNKNOWN_PEOPLE
from pipeline.report.pages.document import Block, Table, bounded

METRICS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1"}


def models(table: pd.DataFrame, matrix: pd.DataFrame) -> list[Block]:
    """Compare the models on clips and on frames; `matrix` has a row for each category.

    Tables are those of `category_judgement.CategoryJudgement.tables`.
    """
    kinds = [_compared(table[table["kind"] == kind], kind) for kind in ("clips", "frames")]
    if kinds[0].rows == kinds[1].rows:
        kinds = kinds[:1]
    note = (
        f"What is named is the category of the highest probability, of a clip that of its frames' "
        f"mean. Guessing evenly among {len(matrix)} categories has an accuracy of "
        f"{1 / len(matrix):.3f}. In brackets: interval over people; gains are the network's."
    )
    if {UNKNOWN_PEOPLE, UNCALIBRATED} & set(table["model"]):
        note += (
            f" `{UNKNOWN_PEOPLE}` is the same network where nothing is known of a person's own "
            f"level, `{UNCALIBRATED}` learned without it."
        )
    return [*kinds, note]


def _compared(rows: pd.DataFrame, kind: str) -> Table:
    of = {(row["model"], row["metric"]): row for row in rows.to_dict("records")}
    models = list(dict.fromkeys(rows["model"]))
    lines = []
    for model in models:
        own = [of[model, metric] for metric in METRICS]
        gain = own[0]
        told = bounded(gain["gain"], gain["gain_low"], gain["gain_high"], "+")
        lines.append(
            [
                model,
                *(bounded(one["value"], one["low"], one["high"]) for one in own),
                "" if model == NETWORK else told,
            ]
        )
    header = ["model", *METRICS.values(), "gain in accuracy"]
    return Table(f"Categories of {kind} (test)", header, lines)


def people(table: pd.DataFrame) -> Table:
    """Show how well each person's clips are named, worst first."""
    header = ["person", "frames", "accuracy of frames", "clips", "accuracy of clips"]
    return Table("Accuracy by person, worst first (test)", header, table.to_numpy().tolist())
