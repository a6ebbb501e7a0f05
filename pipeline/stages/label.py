"""Label every frame with emotion intensities in [0, 1], by FACS rule or from human categories."""

import json
from typing import Any

import pyarrow as pa

from pipeline.data.card.data_card import data_card, dead_rules
from pipeline.data.card.label_distribution import Distribution
from pipeline.data.csv_files import write_rows
from pipeline.data.frames import batches
from pipeline.data.names.words import chosen
from pipeline.errors import run_main
from pipeline.settings import params, paths
from pipeline.settings.data_sections import Label
from pipeline.settings.schema import Params
from pipeline.stages.steps.labelling import write_labels


def find_categories(label: Label) -> list[str]:
    """List the human categories to learn: those of `label.emotions`, or all that occur.

    Raises `InputError` where one of `label.emotions` does not occur.
    """
    found: set[str] = set()
    for batch in batches(paths.FRAMES, ["emotion"]):
        found.update(batch.column("emotion").cast(pa.string()).unique().to_pylist())
    known = sorted(found - {None})
    return chosen(label.emotions, known, "label.emotions", "categories") or known


def write_card(settings: Params, distribution: Distribution) -> list[dict[str, Any]]:
    """Write the data card; return the warnings about the labels."""
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    warnings = distribution.warnings()
    if settings.label.source == "facs":
        warnings += dead_rules(settings.label.weights, account["aus"])
    activity = json.loads(paths.ACTIVITY.read_text())
    card = data_card(account, activity, distribution, warnings)
    paths.DATA_CARD.write_text(json.dumps(card, indent=2) + "\n")
    return warnings


def main() -> None:
    settings = params.load()
    categories = find_categories(settings.label) if settings.label.source == "human" else []
    distribution = write_labels(settings, paths.FRAMES, paths.LABELS, categories)
    rows, warnings = distribution.rows(), write_card(settings, distribution)
    write_rows(rows, paths.LABEL_DISTRIBUTION)
    summary = {"emotions": distribution.emotions, "warnings": warnings}
    paths.LABEL_SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    source = {"facs": "by rule", "human": "by people"}[settings.label.source]
    strong = [f"{r['emotion']} {r['at_least_0_5']:,}" for r in rows if r["split"] == "all"]
    print(f"{int(distribution.frames.sum()):,} frames labelled {source}")
    print(f"frames with a label of 0.5 or more: {', '.join(strong)}")
    for item in warnings:
        print(f"warning {item['code']}: {item['message']}")


if __name__ == "__main__":
    run_main(main)
