"""Read what a run recorded of its model that the gate asks for."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import Predictions, read_predictions
from pipeline.settings.run_files import DISTRIBUTION, PREDICTIONS, SUBJECTS, WARNINGS
from pipeline.tracking.registry.registry import Registry
from pipeline.tracking.store import artifacts

_LEARNED_FROM = ("train", "val", "start")  # of the lists of people on a run


@dataclass(frozen=True)
class Candidate:
    """A run's model as the gate sees it.

    `warnings` gives the number of each data warning by its code, `told` their texts. `trained_on`
    lists the people of training and validation, and of the model that training started from (None
    where an older run did not record them).
    `means` is the mean training label of each emotion, `standing` what its evaluation said first:
    how it stands to its baselines.
    """

    key: str
    run_id: str
    name: str
    predictions: Predictions
    warnings: Mapping[str, float]
    told: Sequence[str]
    trained_on: Collection[str] | None
    means: Mapping[str, float]
    standing: str


def read_candidate(registry: Registry, key: str, run_id: str, folder: Path) -> Candidate:
    """Read a run's artifacts through a folder.

    Raises `InputError` where the run was not evaluated, or its artifacts are gone.
    """

    def read(name: str) -> Any:
        path = artifacts.fetch(registry.client, run_id, name, folder)
        return None if path is None else json.loads(path.read_text(encoding="utf-8"))

    predictions = artifacts.fetch(registry.client, run_id, PREDICTIONS, folder)
    warnings, distribution, subjects = read(WARNINGS), read(DISTRIBUTION), read(SUBJECTS)
    if predictions is None or warnings is None or distribution is None:
        missing = PREDICTIONS if predictions is None else "data/ or labels/"
        raise InputError(
            f"Run {run_id} ({key}) has no artifact {missing}; only a run that was trained and "
            "evaluated can be judged. Run `dvc repro`, or `python -m pipeline sync` if the store "
            "was away; after the repository was moved first `python -m pipeline relocate`."
        )
    name, note = artifacts.name_and_note(registry.client, run_id)
    return Candidate(
        key,
        run_id,
        name,
        read_predictions(predictions),
        {item["code"]: item["number"] for item in warnings["warnings"]},
        [item["message"] for item in warnings["warnings"]],
        None if subjects is None else {n for k in _LEARNED_FROM for n in subjects.get(k, ())},
        _means(distribution),
        note,
    )


def _means(distribution: Mapping[str, Any]) -> dict[str, float]:
    rows = [dict(zip(distribution["columns"], row, strict=True)) for row in distribution["data"]]
    return {row["emotion"]: float(row["mean"]) for row in rows if row["split"] == "train"}


def constant(candidate: Candidate) -> Predictions:
    """Predict the mean training label of each emotion for the candidate's test rows."""
    own = candidate.predictions
    means = np.array([candidate.means[name] for name in own.emotions], dtype=np.float32)
    # What is the same for all rows has one threshold that ever finds anything: itself.
    return replace(
        own, predicted=np.tile(means, (len(own.true), 1)), thresholds=means.astype(np.float64)
    )


def only(predictions: Predictions, subjects: Collection[str]) -> Predictions:
    """Keep the rows of these people; `rows_hash` stays that of the whole."""
    rows = np.isin(predictions.subject, sorted(subjects))
    return replace(
        predictions,
        keys=predictions.keys.filter(pa.array(rows)),
        true=predictions.true[rows],
        predicted=predictions.predicted[rows],
    )
