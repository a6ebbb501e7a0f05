"""Run git and DVC: in the caller's surroundings, or apart from all that these have set."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError

# These lead git, DVC and MLflow to the caller's repository, experiment, run and store.
FOREIGN = ("GIT_", "MLFLOW_", "DVCLIVE_", "DVC_EXP_", "DVC_ROOT", "DVC_STAGE")
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DVC = (sys.executable, "-m", "dvc")


@dataclass(frozen=True)
class Done:
    """What a command left: line ends as it wrote them."""

    returncode: int
    stdout: str
    stderr: str


def environment() -> dict[str, str]:
    """Give the environment of the caller without what would lead elsewhere."""
    return _python_first(
        {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
    )


def git(folder: Path, *arguments: str) -> Done:
    """Run git in a folder, apart from the caller's surroundings and without hooks."""
    command = ("git", "-c", f"core.hooksPath={os.devnull}", *arguments)
    return _run(command, folder=folder, env=environment())


def dvc(folder: Path, *arguments: str) -> Done:
    """Run DVC in a folder, apart from the caller's surroundings."""
    return _run((*DVC, *arguments), folder=folder, env=environment())


def git_here(
    *arguments: str, text: str | None = None, errors: str = "surrogateescape", **more: str
) -> Done:
    """Run git in the caller's folder and surroundings, with `more` of the environment."""
    return _run(("git", *arguments), env=os.environ | more, text=text, errors=errors)


def dvc_here(*arguments: str) -> Done:
    """Run DVC in the caller's folder and surroundings."""
    return _run((*DVC, *arguments))


def show_dvc(*arguments: str) -> tuple[int, list[str]]:
    """Run DVC here and show its output as it comes; give its exit code and lines."""
    lines = []
    with subprocess.Popen(
        (*DVC, *arguments),
        env=_python_first(os.environ | {"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 (for the type checker: it is a pipe)
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
    return process.returncode, lines


def _python_first(own: Mapping[str, str]) -> dict[str, str]:
    """Let `python` be the one that runs now, also where cron knows no environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)])
    return {**own, "PATH": path}


def _run(
    command: Sequence[str],
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    errors: str = "surrogateescape",
) -> Done:
    given = None if text is None else text.encode()
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, input=given, capture_output=True, check=False
        )
    except OSError as error:
        raise InputError(f"{command[0]} cannot be run: {error}. Install it.") from error
    stdout, stderr = (out.decode("utf-8", errors) for out in (done.stdout, done.stderr))
    return Done(done.returncode, stdout, stderr)
