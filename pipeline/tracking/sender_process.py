"""Send a run's journal meanwhile, in a process of its own, so that the stage need not load MLflow.

That takes two seconds, and libraries look into each other's modules: scikit-learn fails where
another thread has begun to import polars, which MLflow does. The stage writes a byte per entry
into the process' input, whose end is the end of the run, also where the stage was killed. At last
the process writes what became of the journal.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from pipeline.errors import InputError
from pipeline.tracking.journal import Journal
from pipeline.tracking.models import know_packages
from pipeline.tracking.sender import Sender, warn_unsent
from pipeline.tracking.store import load_mlflow

_PACKAGES = Path(__file__).parents[2]


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
        path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
        reading, self._input = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.tracking.sender_process", str(journal.folder)],
            env=os.environ | {"PYTHONPATH": path},
            stdin=reading,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the stage, which then ends the run
        )
        os.close(reading)
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


def main() -> None:
    os.nice(10)  # the stage's own work goes first
    # Whoever stops a whole group of processes stops the stage, too, and that ends the run.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answer, sys.stdout = sys.stdout, sys.stderr
    load_mlflow()
    sender = Sender(Journal(Path(sys.argv[1])))
    sender.start()
    know_packages()
    with suppress(InputError):
        while os.read(sys.stdin.fileno(), 1 << 16):
            sender.hear()
    sender.finish()
    fault = str(sender.fault) if sender.fault else None
    print(json.dumps({"fault": fault, "unsent": sender.unsent}), file=answer, flush=True)
    os._exit(0)  # to take MLflow down in good order costs the waiting stage half a second


if __name__ == "__main__":
    main()
