"""Find the MLflow store, create it once and hand out the id of an experiment.

The store is `mlflow.db` at the root of the main repository with artifacts under `mlruns/`,
so that a bare `mlflow ui` there shows everything. `MLFLOW_TRACKING_URI`, when set, wins.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.store.faults import failures, passes
from pipeline.tracking.store.front_page import experiment_tags
from pipeline.tracking.store.limits import limited
from pipeline.tracking.store.relocation import mend

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"


# MLflow reads some of these while it is imported, so they are set before; a user's choice stands.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds
}


# What does not arrive is kept and sent again by us, which leaves no trace. MLflow's own second
# try can: where a server began a run and its answer was lost, it would begin another.
SINGLE_TRY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


_TURN = 60  # seconds to wait for another process' first touch of the database
# What stands before the host of an address. A password may hold `@`, after a name also `/`.
_CREDENTIALS = r"(\w://)(?:[^/\s]*@|[^/\s:@]+:(?!\d+/)\S*@)"
_QUERY = r"(?i)([?&]\w*(?:password|passwd|pwd|token|secret|key)\w*=)[^&\s]*"


def tracking_uri() -> str:
    """Name the store: `MLFLOW_TRACKING_URI`, else SQLite at the root of the main repository."""
    # Not quoted: SQLAlchemy takes the rest of the address as the file's name, blanks included.
    return (
        os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{(main_root() / 'mlflow.db').as_posix()}"
    )


def connect(experiment: str) -> str:
    """Make the store ready, point MLflow at it and return the id of the experiment.

    Creates database and experiment where they are missing; safe in several processes at once.
    Raises `InputError` where a local store cannot be used or the experiment was deleted, and one
    of `failures()` where a server cannot be reached.
    """
    load_mlflow()
    uri = tracking_uri()
    try:
        with _first_touch(uri):
            if uri.startswith(SQLITE):
                mend(Path(uri.removeprefix(SQLITE)))  # the repository may have moved
            return _experiment_id(open_client(), experiment, _artifacts(uri))
    except failures() as error:
        if is_server(uri) or passes(error):
            raise
        problem = without_password(f"{uri} cannot be used: {error}")
        raise InputError(
            f"MLflow store {problem}\nA SQLite database of this MLflow version or a server is "
            f"allowed: set MLFLOW_TRACKING_URI to one, or unset it for mlflow.db in the repository."
        ) from error


def open_client() -> "MlflowClient":
    """Give a client of the store in use; each call to a server ends within a time."""
    load_mlflow()
    import mlflow

    uri = tracking_uri()
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(uri)
    return limited(client) if is_server(uri) else client


def no_database() -> bool:
    """Tell whether the store is a SQLite database that is not there; MLflow would make one."""
    uri = tracking_uri()
    return uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file()


def load_mlflow() -> None:
    """Import what sending needs, before a thread of its own does so.

    Libraries look into each other's modules: scikit-learn fails where another thread has begun to
    import polars, which MLflow does. It takes about two seconds.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.update(SINGLE_TRY)
    import mlflow  # noqa: F401

    # Where the database is locked it would write a traceback; we say what becomes of the entries.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


def main_root() -> Path:
    """Name the root of the main repository, where the store and what outlives a process lie."""
    # DVC names the main repository here, also in the throwaway folder of a queued experiment,
    # which is a git repository of its own and deleted afterwards.
    if main := os.environ.get("DVC_ROOT"):
        return Path(main)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def local_folder() -> Path:
    """Name the folder that holds what outlives a process: journals, interrupted trainings."""
    return main_root().absolute() / ".local"


def journals_folder() -> Path:
    """Name the folder of the runs' journals."""
    return local_folder() / "runs"


def artifacts_beside(uri: str) -> Path:
    """Name the folder that holds the store's local files, `mlruns`."""
    folder = Path(uri.removeprefix(SQLITE)).parent if uri.startswith(SQLITE) else main_root()
    return folder.absolute() / "mlruns"


def _artifacts(uri: str) -> Path | None:
    """Name the folder of artifacts; None where a server decides."""
    # MLflow's own default is the working directory of whoever comes first.
    return None if is_server(uri) else artifacts_beside(uri)


def is_server(uri: str) -> bool:
    return uri.startswith(("http:", "https:", "databricks"))


@contextmanager
def _first_touch(uri: str) -> Iterator[None]:
    """Let one process at a time migrate a SQLite database: two at once break each other."""
    if not uri.startswith(SQLITE):
        yield
        return
    from filelock import FileLock

    lock = artifacts_beside(uri) / ".lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock, timeout=_TURN):
        yield


def _experiment_id(client: "MlflowClient", name: str, artifacts: Path | None) -> str:
    found = client.get_experiment_by_name(name) or _create(client, name, artifacts)
    if isinstance(found, str):
        return found
    if found.lifecycle_stage == "deleted":
        raise InputError(
            f"Experiment {name!r} was deleted from the MLflow store. Restore it with `mlflow "
            f"experiments restore --experiment-id {found.experiment_id}` or choose another name "
            f"in params.yaml: tracking.experiment."
        )
    for tag, text in experiment_tags().items():
        if tag not in found.tags:  # what a person wrote there stays
            client.set_experiment_tag(found.experiment_id, tag, text)
    return str(found.experiment_id)


def _create(client: "MlflowClient", name: str, artifacts: Path | None) -> str:
    from mlflow.exceptions import MlflowException

    folder = re.sub(r"[^\w-]", "_", name)
    location = (artifacts / folder).as_uri() if artifacts else None
    try:
        made = client.create_experiment(name, artifact_location=location, tags=experiment_tags())
        return str(made)
    except MlflowException:
        # On a server another machine may have created it since we looked.
        if found := client.get_experiment_by_name(name):
            return str(found.experiment_id)
        raise


def without_password(text: str) -> str:
    """Take name, password and tokens out of the addresses in a text, for people and for a disk."""
    bare = re.sub(_CREDENTIALS, r"\1", text)
    return re.sub(_QUERY, r"\1", bare)
