"""Open and close runs: a training's, begun or resumed; an evaluation's; a study's, with its parts.

A run ends FINISHED, FAILED (an exception; its message is on the tag `error`) or KILLED
(Ctrl-C or SIGTERM). One that a dead process left RUNNING is resumed by the same training,
or ended as KILLED by whatever stage comes next. Runs are named by keys of our own: nothing is
read from `MLFLOW_RUN_ID`.
"""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from pipeline.tracking.outbox.journal import Journal, new_key
from pipeline.tracking.outbox.sender import Sender
from pipeline.tracking.outbox.sender_process import SenderProcess, start_sender
from pipeline.tracking.provenance import dvc_experiment
from pipeline.tracking.run import Run, safe_keys
from pipeline.tracking.store.connection import journals_folder, without_password

_GRACE = 8.0  # seconds for sending, where a scheduler will kill what does not end


@contextmanager
def training_run(
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    key: str | None = None,
) -> Iterator[Run]:
    """Open a run with these parameters and tags and end it with the block.

    With the `key` of a run that was interrupted, resume that one. Raises `InputError` where
    a local store cannot be used; what a server does not take is kept and sent later.
    """
    with _run(key or new_key(), experiment, name, params, tags) as run:
        yield run


@contextmanager
def evaluation_run(experiment: str, maker: str, params: Mapping[str, Any]) -> Iterator[Run]:
    """Open the run that an evaluation with these parameters belongs to; `maker` is a run's key.

    That is the run which made the model, unless it holds other values of these parameters: they
    cannot be changed, so a nested run holds the evaluation then. Where the store has lost that
    run it is sent again; where nobody has it, a new one stands in, tagged `source_run`. A run of
    its own goes by the name of the DVC experiment, if it is one.
    """
    with _run(new_key(), experiment, "evaluation", params, dvc_experiment(), maker) as run:
        yield run


@contextmanager
def nested_run(experiment: str, parent: Run, name: str, params: Mapping[str, Any]) -> Iterator[Run]:
    """Open a run below another one, which may still be open; end it with the block."""
    with _run(new_key(), experiment, name, params, {}, parent.key, nested=True) as run:
        yield run


@contextmanager
def _run(
    key: str,
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    maker: str | None = None,
    *,
    nested: bool = False,
) -> Iterator[Run]:
    with _terminable():
        journal = Journal.reopen(journals_folder(), key)
        texts = safe_keys(params)
        begin = {"experiment": experiment, "name": name, "tags": dict(tags)}
        if next(journal.entries(), None) is None:  # else it is resumed, under its first name
            own = {"nested": True} if nested else {}
            journal.append("begin", **begin, **own, maker=maker, params=texts)
        try:
            sender = start_sender(journal)
            run = Run(journal, sender.hear)
            with _ending(journal, sender):
                run.log_params(params)
                yield run
        finally:
            journal.release()


@contextmanager
def _ending(journal: Journal, sender: Sender | SenderProcess) -> Iterator[None]:
    """End the run with the block, whichever way the block ends."""
    try:
        yield
    except KeyboardInterrupt:
        journal.append("end", status="KILLED", error=None)
        sender.close(_GRACE)
        raise
    except BaseException as error:
        told = without_password(f"{type(error).__name__}: {error}")
        with suppress(OSError):  # the disk may be what failed; the next stage ends the run then
            journal.append("end", status="FAILED", error=told)
        sender.close()
        raise
    journal.append("end", status="FINISHED", error=None)
    sender.close()


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM, by which schedulers and containers stop a process, into Ctrl-C's exception.

    By default the process would end at once and leave the run RUNNING until the next stage.
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
