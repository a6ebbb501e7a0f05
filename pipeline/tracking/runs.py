"""Open and close MLflow runs: start one, resume one, find the one that holds an evaluation.

A run ends FINISHED, FAILED (an exception; its message is on the tag `error`) or KILLED
(Ctrl-C or SIGTERM). Runs are named by explicit ids: nothing is read from `MLFLOW_RUN_ID`.
"""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from pipeline.tracking.run import Run, clean_tags, param_text
from pipeline.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

PARENT = "mlflow.parentRunId"
ERROR = "error"


@contextmanager
def start_run(
    experiment: str, name: str, params: Mapping[str, Any], tags: Mapping[str, str]
) -> Iterator[Run]:
    """Open a new run with these parameters and tags and end it with the block.

    Raises `InputError` where the store cannot be used.
    """
    with _new_run(connect(experiment), name, params, tags) as run:
        yield run


@contextmanager
def resume_run(experiment: str, run_id: str) -> Iterator[Run]:
    """Open an ended run again and end it anew with the block.

    Raises `InputError` where the store cannot be used, `MlflowException` where it has no
    such run.
    """
    connect(experiment)
    client = _client()
    with _terminable():
        client.update_run(run_id, status="RUNNING")
        if ERROR in client.get_run(run_id).data.tags:
            client.delete_tag(run_id, ERROR)  # that of an earlier attempt
        with _ending(Run(run_id, client)) as run:
            yield run


@contextmanager
def evaluation_run(experiment: str, run_id: str, params: Mapping[str, Any]) -> Iterator[Run]:
    """Open the run that an evaluation with these parameters belongs to.

    The run that made the model, unless it holds other values of these parameters: they cannot
    be changed, so a nested run holds the evaluation then. A run that this store does not know
    (its database was deleted) is replaced by a new one, tagged `source_run`.
    """
    experiment_id = connect(experiment)
    maker = _find(run_id)
    if maker is None:
        tags = {"source_run": run_id}
        with _new_run(experiment_id, "evaluation", params, tags) as run:
            yield run
    elif _agree(maker.data.params, params):
        with resume_run(experiment, run_id) as run:
            run.log_params(params)
            yield run
    else:
        name = f"{maker.info.run_name} evaluated anew"
        with _new_run(maker.info.experiment_id, name, params, {PARENT: run_id}) as run:
            yield run


def _client() -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient()


@contextmanager
def _new_run(
    experiment_id: str, name: str, params: Mapping[str, Any], tags: Mapping[str, str]
) -> Iterator[Run]:
    client = _client()
    with _terminable():
        made = client.create_run(experiment_id, run_name=name, tags=clean_tags(tags))
        with _ending(Run(made.info.run_id, client)) as run:
            run.log_params(params)
            yield run


def _find(run_id: str) -> "entities.Run | None":
    """Look a run up; None where the store has none of this id or it was deleted."""
    from mlflow.exceptions import MlflowException

    try:
        run = _client().get_run(run_id)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return run if run.info.lifecycle_stage == "active" else None


def _agree(stored: Mapping[str, str], params: Mapping[str, Any]) -> bool:
    return all(stored.get(key, text) == text for key, text in _texts(params).items())


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {key: param_text(value) for key, value in params.items()}


@contextmanager
def _ending(run: Run) -> Iterator[Run]:
    """End the run with the block, whichever way the block ends."""
    from mlflow.exceptions import MlflowException

    try:
        yield run
    except KeyboardInterrupt:
        run.client.set_terminated(run.id, "KILLED")
        raise
    except BaseException as error:
        # The store may be what failed: that it fails again must not hide the first error.
        with suppress(MlflowException):
            run.set_tags({ERROR: f"{type(error).__name__}: {error}"})
            run.client.set_terminated(run.id, "FAILED")
        raise
    run.client.set_terminated(run.id, "FINISHED")


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM, by which schedulers and containers stop a process, into Ctrl-C's exception.

    By default the process would end at once and leave the run RUNNING for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone set handlers
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut short the ending
    raise KeyboardInterrupt("SIGTERM")
