"""Send a run's journal meanwhile, in a process of its own, so that the stage need not load MLflow.

That takes two seconds, and libraries look into each other's modules: scikit-learn fails where
another thread has begun to import polars, which MLflow does. The stage writes the journal's folder
and a byte per entry into the process' input, whose end is the end of the run, also where the stage
was killed. At last the process writes what became of the journal.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from pipeline.errors import InputError
from pipeline.tracking.outbox.journal import Journal
from pipeline.tracking.outbox.sender import Sender, warn_unsent
from pipeline.tracking.store.connection import load_mlflow, no_database, open_client

_PACKAGES = Path(__file__).parents[3]
_ready: "list[tuple[subprocess.Popen[bytes], int]]" = []  # at most one, for the next run


def get_ready() -> None:
    """Start the process before there is a run, so that MLflow loads while the stage works.

    Where no run comes it ends with the stage.
    """
    if "mlflow" not in sys.modules and not _ready:
        _ready.append(_start())


def start_sender(journal: Journal) -> "Sender | SenderProcess":
    """Begin to send: in a thread where MLflow is loaded anyway, else in a process."""
    if "mlflow" not in sys.modules:
        return SenderProcess(journal)
    load_mlflow()
    sender = Sender(journal)
    sender.start()
    return sender


class SenderProcess:
    """The stage's side of the process. For `hear` and `close` see `Sender`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._report: dict[str, str | None] | None = None
        self._process, self._input = _ready.pop() if _ready else _start()
        with suppress(BrokenPipeError):  # `hear` will find that it has ended
            os.write(self._input, f"{json.dumps(str(journal.folder.absolute()))}\n".encode())
        os.set_blocking(self._input, False)

    def hear(self) -> None:
        if self._report:
            return
        try:
            os.write(self._input, b".")
        except BlockingIOError:
            return  # it has news enough
        except BrokenPipeError:
            self._finish(None)

    def close(self, seconds: float | None = None) -> None:
        warn_unsent(self._journal, self._finish(seconds) or "it was not said why")

    def _finish(self, seconds: float | None) -> str | None:
        """Wait for its end; tell why something was not sent, or raise the store's `InputError`."""
        if self._report is None:
            self._report = self._wait(seconds)
        if self._report["fault"]:
            raise InputError(self._report["fault"])
        return self._report["unsent"]

    def _wait(self, seconds: float | None) -> dict[str, str | None]:
        os.close(self._input)
        try:
            output, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return {"fault": None, "unsent": f"not done within {seconds} seconds"}
        if self._process.returncode:
            ended = f"the process that sends ended with code {self._process.returncode}"
            return {"fault": None, "unsent": ended}
        found: dict[str, str | None] = json.loads(output)
        return found


def _start() -> "tuple[subprocess.Popen[bytes], int]":
    """Start the process; return it with the writing end of its input."""
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.tracking.outbox.sender_process"],
        env=os.environ | {"PYTHONPATH": path},
        stdin=reading,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the stage, which then ends the run
    )
    os.close(reading)
    return process, writing


def warm_up() -> None:
    """Load what sending needs, which of a database that is there is as much again."""
    gc.disable()  # what is loaded stays
    load_mlflow()
    with suppress(Exception):  # what is wrong with a store is told once there is a run
        if not no_database():
            open_client()
    gc.enable()


def main() -> None:
    os.nice(10)  # the stage's own work goes first
    # Whoever stops a whole group of processes stops the stage, too, and that ends the run.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answer, sys.stdout = sys.stdout, sys.stderr
    warm_up()
    # What is read ahead of the sender's start is no news to it: it begins with the whole journal.
    if not (folder := sys.stdin.buffer.readline()):
        return
    sender = Sender(Journal(Path(json.loads(folder))))
    sender.start()
    with suppress(InputError):
        while os.read(sys.stdin.fileno(), 1 << 16):
            sender.hear()
    sender.finish()
    fault = str(sender.fault) if sender.fault else None
    print(json.dumps({"fault": fault, "unsent": sender.unsent}), file=answer, flush=True)
    os._exit(0)  # to take MLflow down in good order costs the waiting stage half a second


if __name__ == "__main__":
    main()
