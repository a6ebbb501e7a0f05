"""Read a run back from an MLflow store: tags, every step of its metrics, and its artifacts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.store.connection import QUIET, SQLITE, is_server, without_password
from pipeline.tracking.store.limits import limited

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

Steps = dict[int, float]


@dataclass(frozen=True)
class Recorded:
    """What a store holds of a run; `files` are copies of its artifacts, by their names there."""

    id: str
    name: str
    status: str
    tags: dict[str, str]
    metrics: dict[str, Steps]
    files: dict[str, Path]


def read_run(uri: str, run_id: str, folder: Path) -> Recorded:
    """Read a run and copy its artifacts into a folder.

    Raises `InputError` where the store has no such run or cannot be used.
    """
    client = client_of(uri)
    with _explained(client, uri, run_id):
        return _read(client, client.get_run(run_id), folder)


@contextmanager
def _explained(client: "MlflowClient", uri: str, run_id: str) -> Iterator[None]:
    """Turn what MLflow raises for a run that cannot be read into an `InputError`."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        known = "".join(f"\n  {line}" for line in _latest(client))
        raise InputError(
            without_password(f"Run {run_id} cannot be read from {uri}: {error}\n")
            + "Give the id of a run that this store holds; the UI shows it on the run's page. "
            f"The latest:{known or ' none'}"
        ) from error


@dataclass(frozen=True)
class RunPart:
    """Some of what a store holds of a run; `files` are copies of artifacts by their names."""

    id: str
    name: str
    params: dict[str, str]
    tags: dict[str, str]
    files: dict[str, Path]


def read_part(uri: str, run_id: str, names: Sequence[str], folder: Path) -> RunPart:
    """Read parameters, tags and the named artifacts of a run; those that it lacks are left out.

    Raises `InputError` where the store has no such run or cannot be used.
    """
    client = client_of(uri)
    with _explained(client, uri, run_id):
        run = client.get_run(run_id)
        there = {name for name in names if name in _beside(client, run_id, name)}
        return RunPart(
            id=run_id,
            name=run.info.run_name or "",
            params=dict(run.data.params),
            tags=dict(run.data.tags),
            files={name: _fetch(client, run_id, name, folder) for name in sorted(there)},
        )


def _beside(client: "MlflowClient", run_id: str, name: str) -> list[str]:
    """List the artifacts in the folder of one; an artifact that is absent cannot be asked for."""
    return [item.path for item in client.list_artifacts(run_id, str(Path(name).parent))]


def only_run(uri: str, folder: Path) -> Recorded:
    """Read the one run of a store that was made for it."""
    client = client_of(uri)
    found = list(_runs(client, 2))
    if len(found) != 1:
        raise InputError(
            f"{len(found)} runs were recorded by what should have recorded one. Allowed is a "
            "pipeline that makes one MLflow run: see the output above for what became of it."
        )
    return _read(client, found[0], folder)


def client_of(uri: str) -> "MlflowClient":
    """Connect to a store that is there; raises `InputError` where it cannot be used."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # MLflow's 7 take minutes
    path = Path(uri.removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not path.is_file():  # MLflow would make an empty one
        raise InputError(
            f"{path} is not there. Run this in the repository that holds mlflow.db, or set "
            "MLFLOW_TRACKING_URI to the store that holds the run."
        )
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(uri)
        return limited(client) if is_server(uri) else client
    except MlflowException as error:
        raise InputError(
            without_password(f"MLflow store {uri} cannot be used: {error}\n")
            + "Set MLFLOW_TRACKING_URI to the store that holds the run."
        ) from error


def _read(client: "MlflowClient", run: "entities.Run", folder: Path) -> Recorded:
    run_id = run.info.run_id
    history = {name: client.get_metric_history(run_id, name) for name in run.data.metrics}
    return Recorded(
        id=run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        tags=dict(run.data.tags),
        metrics={name: _steps(entries) for name, entries in history.items()},
        files={name: _fetch(client, run_id, name, folder) for name in _names(client, run_id)},
    )


def _steps(entries: "list[entities.Metric]") -> Steps:
    # An evaluation that was repeated logged its metrics again: the last one counts.
    return {entry.step: entry.value for entry in sorted(entries, key=lambda m: m.timestamp)}


def _names(client: "MlflowClient", run_id: str, folder: str | None = None) -> Iterator[str]:
    for item in client.list_artifacts(run_id, folder):
        if item.is_dir:
            yield from _names(client, run_id, item.path)
        else:
            yield item.path


def _fetch(client: "MlflowClient", run_id: str, name: str, folder: Path) -> Path:
    return Path(client.download_artifacts(run_id, name, str(folder)))


def _runs(client: "MlflowClient", count: int) -> Iterator["entities.Run"]:
    experiments = [item.experiment_id for item in client.search_experiments()]
    yield from client.search_runs(experiments, max_results=count)


def _latest(client: "MlflowClient") -> list[str]:
    from mlflow.exceptions import MlflowException

    try:
        return [f"{run.info.run_id} {run.info.run_name}" for run in _runs(client, 5)]
    except MlflowException:  # the store may be what failed
        return []
