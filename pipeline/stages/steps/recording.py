"""Record on a run what its training starts from: data, labels, warnings, code, machine.

Nothing here decides what is trained, so no stage depends on this module, nor train on the files
that it merely passes on: what summarises data and labels trains no model anew.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.action_units import SPLITS
from pipeline.data.csv_files import read_csv
from pipeline.data.frames import column_words
from pipeline.data.names.safe_names import safe_names
from pipeline.data.warnings import count_codes, read_warnings, some, warning
from pipeline.errors import InputError
from pipeline.evaluation.scoring.metric_names import of_checkpoint, of_epoch
from pipeline.model.start import Start
from pipeline.settings import paths, run_files
from pipeline.tracking import provenance
from pipeline.tracking.run import DataSet, Run


def subjects_by_split() -> dict[str, list[str]]:
    """List who stands in each split: no other model may be compared on whom it was trained on."""
    split, subject = (column_words(paths.FRAMES, name) for name in ("split", "subject"))
    return {name: np.unique(subject[split == name]).tolist() for name in SPLITS}


def show_warnings() -> None:
    """Count what was warned of before; raise `InputError` where a file to record is absent."""
    needed = (paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY, paths.LABEL_DISTRIBUTION, paths.DATA_CARD)
    if absent := [path.as_posix() for path in needed if not path.is_file()]:
        raise InputError(
            f"{', '.join(absent)}, which a run records, is not there: `dvc repro label` makes it."
        )
    if codes := count_codes(read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY)):
        told = ", ".join(f"{count} {code}" for code, count in codes.items())
        print(f"warnings about the data: {told} (see {paths.DATA_CARD})")


def record_inputs(
    run: Run,
    rows: Mapping[str, int],
    features: Sequence[str],
    weights: dict[str, Any],
    start: Start | None,
) -> None:
    """Record data sets, label distribution, class weights and warnings before training.

    `rows` counts the frames for `training` and for `validation`. Says as well what is taken over
    from the model that training starts from.
    """
    subjects = subjects_by_split()
    distribution = read_csv(paths.LABEL_DISTRIBUTION, text=("split", "emotion"))
    run.log_table(distribution, run_files.table_of(run_files.DISTRIBUTION))
    # No parameters: a comparison of runs would open on them, rather than on what was chosen.
    run.log_table(_emotions(weights["weights"]), f"{run_files.LABELS}/emotions")
    warnings = read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY)
    warnings += record_start(run, start, subjects) if start else []
    run.log_dict({"warnings": warnings}, run_files.WARNINGS)
    codes = ", ".join(f"{code} {number:g}" for code, number in count_codes(warnings).items())
    note = "\n".join(f"- {item['message']}" for item in warnings)
    run.set_tags({"mlflow.note.content": note, "data.warnings": codes or "none"})
    for path in (paths.PREPARE_SUMMARY, paths.CLASS_WEIGHTS):
        run.log_file(path, run_files.DATA)
    run.log_dict(subjects, run_files.SUBJECTS)
    digest = provenance.file_md5(paths.FRAMES)
    columns = dict.fromkeys(features, "float32")
    for context, count in rows.items():
        run.log_dataset(DataSet(context, digest), paths.FRAMES, count, columns)


def record_start(run: Run, start: Start, subjects: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Record what is taken over, add to `subjects` whom that model knows; return warnings."""
    run.log_dict(dict(start.account), run_files.START)
    subjects["start"] = list(start.people or ())
    return tell_start(start, subjects["test"])


def tell_start(start: Start, test: Sequence[str]) -> list[dict[str, Any]]:
    """Say what training starts from; warn where that model learned from people of the test."""
    told = start.account
    for kind in ("action_units", "emotions"):
        taken, new = told[kind]["taken"], told[kind]["new"]
        parts = f"{len(taken)} {kind.replace('_', ' ')} taken over", f"new: {', '.join(new) or '-'}"
        print(f"start from {told['folder']}: {'; '.join(parts)}")
    if start.people is None:
        print(
            f"note: {told['folder']} does not tell whom it was trained on; were people of today's "
            "test among them, test scores would be optimistic."
        )
        return []
    found = warn_of_start(start, test)
    for one in found:
        print(f"warning {one['code']}: {one['message']}")
    return found


def warn_of_start(start: Start, test: Sequence[str]) -> list[dict[str, Any]]:
    """Warn where the model that training started from has learned from people of the test."""
    if not (shared := sorted({*(start.people or ())} & {*test})):
        return []
    message = (
        f"{len(shared)} people of the test split have names of people that "
        f"{start.account['folder']} was trained on ({some(shared)}): if they are the same people, "
        "test scores are optimistic. Let them train: name others in prepare.split.test_subjects."
    )
    return [warning("start_knows_test", len(shared), message)]


def _emotions(weights: Mapping[str, float]) -> pd.DataFrame:
    """List each emotion, how metrics call it, and its weight in the loss."""
    safe = safe_names(weights)
    rows = [(emotion, safe[emotion], weight) for emotion, weight in weights.items()]
    return pd.DataFrame(rows, columns=["emotion", "in_metrics", "class_weight"])


def record_epoch(run: Run, measured: Mapping[str, float], kept: Mapping[str, float]) -> None:
    """Record an epoch; `measured` and `kept` are rows of the history, see `of_epoch`."""
    run.log_metrics(of_epoch(measured, kept), int(measured["epoch"]))


def record_checkpoint(run: Run, kept: Mapping[str, float]) -> None:
    """Record the scores of the checkpoint that was kept, a row of the history, with the model."""
    validation = DataSet("validation", provenance.file_md5(paths.FRAMES))
    run.log_metrics(of_checkpoint(kept), int(kept["epoch"]), of_model=validation)


def record_card(run: Run) -> None:
    """Record the data card: the whole, and a table of each of its parts."""
    card = json.loads(paths.DATA_CARD.read_text())
    run.log_file(paths.DATA_CARD, run_files.DATA)
    for part in ("aus", "au_drift", "labels", "label_drift", "correlations"):
        run.log_table(pd.DataFrame(card[part]), f"{run_files.DATA}/{part}")


def record_provenance(run: Run) -> None:
    """Record what made this run: code and its changes, data hashes, machine, experiment."""
    code = provenance.git_state()
    hashes = provenance.dvc_hashes(paths.LOCK, "train")
    run.set_tags({**code.tags, **provenance.dvc_experiment(), **provenance.source()})
    run.log_dict(hashes, run_files.HASHES)
    run.log_dict(provenance.environment(), run_files.ENVIRONMENT)
    if code.patch:
        run.log_text(code.patch, run_files.PATCH)
    run.log_file(paths.PARAMS, run_files.folder_of(run_files.SETTINGS))
