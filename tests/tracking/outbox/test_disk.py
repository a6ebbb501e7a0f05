"""A disk that is full or closed: one line says so, and with room again nothing is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from journals import content, log_training

from pipeline.commands.sync import run as sync
from pipeline.errors import one_line
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.store.connection import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "disk"
Mount = Callable[[Path], Callable[[str], None]]


@contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Give a function that puts a file system on a folder; what it gives changes its options."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("file systems are mounted by root on Linux alone")
    with ExitStack() as stack:

        def mounted(folder: Path) -> Callable[[str], None]:
            stack.enter_context(_mounted(folder))
            return lambda options: _remount(folder, options)

        yield mounted


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def train(folder: Path, key: str) -> None:
    with one_line(), training_run(EXPERIMENT, "r", {"seed": 7}, {"stage": "train"}, key) as run:
        log_training(run, folder)
        for number in range(40):
            run.log_text(f"{number}" * 1000, f"texts/{number}.txt")


@pytest.fixture
def wanted(store: Path, client: "MlflowClient", tmp_path: Path) -> dict[str, object]:
    """Give what the store holds of a training on a sound disk."""
    train(tmp_path, "sound")
    return content(client, EXPERIMENT, "sound")


@pytest.mark.parametrize("options", ["ro", "size=20k", "size=60k", "size=120k"])
def test_journals_disk_is_full_or_closed(
    store: Path,
    client: "MlflowClient",
    wanted: dict[str, object],
    mount: Mount,
    options: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    change = mount(store / ".local")
    change(options)
    capfd.readouterr()
    with pytest.raises(SystemExit):
        train(tmp_path, "troubled")
    told = capfd.readouterr().err
    errors = [line for line in told.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, told
    assert ".local" in errors[0]
    assert "Traceback" not in told
    change("rw,size=64m")
    train(tmp_path, "troubled")
    sync()
    assert content(client, EXPERIMENT, "troubled") == wanted


@pytest.mark.parametrize("options", ["ro", "size=8k", "size=60k"])
def test_artifacts_disk_is_full_or_closed(
    store: Path,
    client: "MlflowClient",
    wanted: dict[str, object],
    mount: Mount,
    options: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What does not reach the store is kept: the training itself has all it needs."""
    monkeypatch.setattr("pipeline.tracking.outbox.sender._LAST_PAUSES", (0.0,))
    shutil.rmtree(store / "mlruns")
    change = mount(store / "mlruns")
    change(options)
    capfd.readouterr()
    train(tmp_path, "troubled")
    told = capfd.readouterr().err
    assert told.count("warning unsent") == 1, told
    assert "Traceback" not in told
    change("rw,size=64m")
    sync()
    assert content(client, EXPERIMENT, "troubled") == wanted
    assert connect(EXPERIMENT)
