"""Run the whole pipeline of a copy again, with a store of its own and nothing from any cache."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import yaml

from pipeline.errors import InputError
from pipeline.settings.repository import DVC, STOPS, environment

ENDING = 5  # seconds that DVC has to end itself
REPRO = ("repro", "--force", "--no-run-cache", "--no-commit")


def replay(folder: Path, store: str) -> None:
    """Run the stages in a folder; runs are recorded in `store`, an address for MLflow.

    Stages for each of several (`foreach`) read data that is not brought: they are left out. What
    the stages print goes to the error stream. Raises `InputError` where one fails.
    """
    own = environment() | {"MLFLOW_TRACKING_URI": store}
    code = _run([*DVC, *REPRO, *own_stages(folder)], folder, own)
    if code:
        raise InputError(
            f"The replay of the run failed (`dvc repro`, exit code {code}): its output stands "
            "above. What the run needs must be there as it was then, its packages too."
        )


def own_stages(folder: Path) -> list[str]:
    """Name the stages of a dvc.yaml, without those that are made for each of several."""
    content = yaml.safe_load((folder / "dvc.yaml").read_text(encoding="utf-8"))
    return [name for name, stage in content["stages"].items() if "foreach" not in stage]


def _run(command: Sequence[str], folder: Path, own: dict[str, str]) -> int:
    # A group of its own: Ctrl-C reaches this process alone, which then ends DVC and its stage.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=own,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )
    try:
        # Anew: a library that was loaded meanwhile may have taken Ctrl-C for itself. Polars, which
        # MLflow loads where it is installed, does so in a way that does not end a wait.
        with stoppable():
            return process.wait()
    except BaseException:
        _end(process)
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End DVC and the stage that it runs, so that none writes to a folder that is removed."""
    for number in (signal.SIGTERM, signal.SIGKILL):  # nothing there is worth ending in order
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=ENDING)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal raise KeyboardInterrupt, so that all is removed.

    What the caller ignores, as `nohup` does, stays ignored.
    """
    before = {number: signal.getsignal(number) for number in STOPS}
    heeded = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number] or signal.SIG_DFL)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
