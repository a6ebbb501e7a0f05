"""Journals of a small training and its evaluation that nobody has sent yet, and what a store made
of them."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pandas as pd

from pipeline.data.features.feature_map import read_feature_map
from pipeline.tracking.open_runs import evaluation_run, training_run
from pipeline.tracking.outbox.journal import Journal
from pipeline.tracking.outbox.sealed import seal, unseal
from pipeline.tracking.run import DataSet, Run
from pipeline.tracking.store.connection import journals_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

TABLE = pd.DataFrame({"emotion": ["joy"], "mean": [0.25]})
FRAMES = pd.DataFrame([[0.0, 5.0]], columns=["AU06_r", "AU12_r"])


class Unsent:
    """A sender that sends nothing."""

    def __init__(self, _journal: Journal) -> None:
        pass

    def hear(self) -> None:
        pass

    def close(self, _seconds: float | None = None) -> None:
        pass


@contextmanager
def unsent() -> Iterator[None]:
    """Keep what runs log in their journals for the length of the block."""
    with patch("pipeline.tracking.open_runs.start_sender", Unsent):
        yield


def log_training(run: Run, folder: Path) -> None:
    """Log something of each kind that a training logs."""
    run.set_tags({"recipe": "improved"})
    run.log_text("- a\n", "provenance/changes.patch")
    run.log_dataset(DataSet("training", "abc"), Path("frames.parquet"), 5, {"AU06_r": "float32"})
    for epoch in range(3):
        run.log_metrics({"loss": 1 / (epoch + 1), "lr": 0.001}, epoch)
    network = folder / "model.keras"
    network.write_bytes(b"a network")
    run.log_model(network, read_feature_map(["AU06_r", "AU12_r"]), ["joy"], FRAMES, 2)
    run.log_metrics({"best_epoch": 2})


def make_training(experiment: str, folder: Path, key: str | None = None) -> str:
    """Leave the journal of a training; return its run's key."""
    with unsent(), training_run(experiment, "r", {"seed": 7}, {"stage": "train"}, key) as run:
        log_training(run, folder)
    return run.key


def make_evaluation(experiment: str, maker: str) -> str:
    """Leave the journal of an evaluation with more metrics than MLflow compares at once."""
    with unsent(), evaluation_run(experiment, maker, {"evaluate.threshold": 0.5}) as run:
        many = {f"test/f1/emotion_{number}": number / 250 for number in range(250)}
        run.log_metrics(many, of_model=DataSet("test", "abc"))
        run.log_table(TABLE, "means")
        run.log_dict({"a": "b"}, "provenance/md5.json")
        run.set_tags({"test.rows_hash": "abc"})
        with TemporaryDirectory() as folder:
            tuned = Path(folder) / "thresholds.json"
            tuned.write_text('{"thresholds": {"network": {"joy": 0.25}}}')
            run.log_thresholds(tuned)
    return run.key


def copy_journal(key: str, new: str, maker: str | None = None) -> Journal:
    """Copy a journal under another key, an evaluation's for another maker."""
    journal = Journal(journals_folder() / new)
    shutil.copytree(journals_folder() / key, journal.folder)
    if maker:
        path = journal.folder / "entries.jsonl"
        first, *others = path.read_bytes().splitlines(keepends=True)
        begin = seal(unseal(first) | {"maker": maker}).encode() + b"\n"
        path.write_bytes(b"".join([begin, *others]))
    return journal


def content(client: "MlflowClient", experiment: str, key: str) -> dict[str, Any]:
    """Give all that a store holds of the one run of a key, but for ids and times of its own."""
    found = client.get_experiment_by_name(experiment)
    assert found
    (run,) = client.search_runs([found.experiment_id], f"tags.`pipeline.run` = '{key}'")
    run_id = run.info.run_id
    own = {name: text for name, text in run.data.tags.items() if name != "pipeline.run"}
    own["mlflow.loggedArtifacts"] = json.loads(own.get("mlflow.loggedArtifacts", "[]"))
    models = client.search_logged_models([found.experiment_id], f"source_run_id = '{run_id}'")
    return {
        "status": run.info.status,
        "params": run.data.params,
        "tags": own,
        "metrics": {name: _history(client, run_id, name) for name in sorted(run.data.metrics)},
        "data sets": [item.dataset.name for item in run.inputs.dataset_inputs],
        "models": [(model.status, _metrics(model)) for model in models],
        "carried": [sorted(_carried(client, model.model_id)) for model in models],
        "outputs": len(run.outputs.model_outputs),
        "files": dict(_files(client, run_id)),
    }


def _history(client: "MlflowClient", run_id: str, name: str) -> list[tuple[int, float]]:
    return sorted((one.step, one.value) for one in client.get_metric_history(run_id, name))


def _metrics(model: Any) -> list[tuple[str, int, float]]:
    return sorted((one.key, one.step, one.value) for one in model.metrics or [])


def _carried(client: "MlflowClient", model_id: str) -> list[str]:
    return [item.path for item in client.list_logged_model_artifacts(model_id, "artifacts")]


def _files(
    client: "MlflowClient", run_id: str, folder: str | None = None
) -> Iterator[tuple[str, str]]:
    for item in client.list_artifacts(run_id, folder):
        if item.is_dir:
            yield from _files(client, run_id, item.path)
            continue
        with TemporaryDirectory() as target:
            path = client.download_artifacts(run_id, item.path, target)
            yield item.path, hashlib.sha256(Path(path).read_bytes()).hexdigest()
