"""Run git and DVC without what a caller's shell, hook or stage has set for them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from pipeline.errors import InputError

# These lead git, DVC and MLflow to the caller's repository, experiment, run and store.
FOREIGN = ("GIT_", "MLFLOW_", "DVCLIVE_", "DVC_EXP_", "DVC_ROOT", "DVC_STAGE")
PYTHON = Path(sys.executable).parent
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DVC = (sys.executable, "-m", "dvc")

Done = subprocess.CompletedProcess[str]


def environment() -> dict[str, str]:
    """Give the environment of the caller, cleared; `python` is the one that runs now."""
    own = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
    return own | {"PATH": os.pathsep.join([str(PYTHON), own.get("PATH", os.defpath)])}


def git(folder: Path, *arguments: str) -> Done:
    """Run git in a folder, without its hooks."""
    return _run(folder, "git", "-c", f"core.hooksPath={os.devnull}", *arguments)


def dvc(folder: Path, *arguments: str) -> Done:
    """Run DVC in a folder."""
    return _run(folder, *DVC, *arguments)


def _run(folder: Path, *command: str) -> Done:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise InputError(f"{command[0]} cannot be run: {error}. Install it.") from error
