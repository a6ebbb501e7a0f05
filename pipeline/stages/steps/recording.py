"""Record on a run what its training starts from: data, labels, warnings, code, machine."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.action_units import SPLITS
from pipeline.data.frames import column_words
from pipeline.data.warnings import count_codes, read_warnings
from pipeline.settings import paths
from pipeline.tracking import provenance
from pipeline.tracking.run import Run


def subjects_by_split() -> dict[str, list[str]]:
    """List who stands in each split: no other model may be compared on whom it was trained on."""
    split, subject = (column_words(paths.FRAMES, name) for name in ("split", "subject"))
    return {name: np.unique(subject[split == name]).tolist() for name in SPLITS}


def record_inputs(
    run: Run, rows: Mapping[str, int], features: Sequence[str], weights: dict[str, Any]
) -> None:
    """Record data sets, label distribution, class weights and warnings before training.

    `rows` counts the frames for `training` and for `validation`.
    """
    distribution = pd.read_csv(paths.LABEL_DISTRIBUTION)
    run.log_table(distribution, "labels/distribution")
    whole = distribution[distribution["split"] == "all"]
    for row in whole.to_dict("records"):
        emotion, frames = row["emotion"], row["frames"]
        run.log_metrics(
            {
                f"labels/share_above_0_1/{emotion}": row["above_0_1"] / frames,
                f"labels/share_at_least_0_5/{emotion}": row["at_least_0_5"] / frames,
                f"labels/mean/{emotion}": row["mean"],
            }
        )
    run.log_metrics({f"class_weight/{name}": w for name, w in weights["weights"].items()})
    warnings = read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY)
    run.log_metrics({"data/warnings": len(warnings)})
    run.log_metrics({f"data/warnings/{code}": n for code, n in count_codes(warnings).items()})
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    counted = ("files", "rows_read", "rows_kept", "rows_quarantined")
    run.log_metrics({f"data/{name}": account[name] for name in counted})
    run.log_dict({"warnings": warnings}, "data/warnings.json")
    run.set_tags({"mlflow.note.content": "\n".join(f"- {w['message']}" for w in warnings)})
    for path in (paths.PREPARE_SUMMARY, paths.CLASS_WEIGHTS):
        run.log_file(path, "data")
    run.log_dict(subjects_by_split(), "data/subjects.json")
    digest = provenance.file_md5(paths.FRAMES)
    # Named apart: of data sets that share name and digest MLflow keeps the first.
    columns = dict.fromkeys(features, "float32")
    for context, count in rows.items():
        run.log_dataset(paths.FRAMES, f"frames for {context}", digest, context, count, columns)


def record_card(run: Run) -> None:
    """Record the data card: the whole, and a table of each of its parts."""
    card = json.loads(paths.DATA_CARD.read_text())
    run.log_file(paths.DATA_CARD, "data")
    for part in ("aus", "au_drift", "labels", "label_drift", "correlations"):
        run.log_table(pd.DataFrame(card[part]), f"data/{part}")


def record_provenance(run: Run, recipe: str) -> None:
    """Record what made this run: code and its changes, data hashes, machine, experiment."""
    code = provenance.git_state()
    hashes = provenance.dvc_hashes(paths.LOCK, "train")
    run.set_tags(
        {
            "recipe": recipe,
            **code.tags,
            **provenance.hash_tags(hashes),
            **provenance.dvc_experiment(),
            **provenance.environment(),
            **provenance.source(),
        }
    )
    run.log_dict(hashes, "provenance/md5.json")
    if code.patch:
        run.log_text(code.patch, "provenance/changes.patch")
    run.log_file(paths.PARAMS, "params")
