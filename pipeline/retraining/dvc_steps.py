"""Run DVC's steps of the cycle, showing what they write as they write it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from pipeline.errors import InputError

DVC = (sys.executable, "-m", "dvc")
_TOLD = 15  # lines of output that an error repeats


def run(*command: str) -> tuple[int, list[str]]:
    """Run a command and show its output; give its exit code and lines.

    `python` in a stage's command is the one that runs now, also where cron knows no environment.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    lines = []
    with subprocess.Popen(
        command,
        env=os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1"},
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


def has_remote() -> bool:
    """Tell whether DVC has a remote to pull from and push to by default."""
    code, lines = _quietly("remote", "default")
    return code == 0 and any(line.strip() and "No default" not in line for line in lines)


def pull() -> None:
    """Bring data and outputs that the remote has; what it lacks is computed."""
    _succeed("pull", "--allow-missing")


def repro() -> list[str]:
    """Compute what changed; give the stages that ran."""
    lines = _succeed("repro")
    found = (re.match(r"Running stage '(?:dvc\.yaml:)?(.+)':", line) for line in lines)
    return [match[1] for match in found if match]


def push() -> None:
    """Bring data and outputs to the remote."""
    _succeed("push")


def _succeed(*arguments: str) -> list[str]:
    code, lines = run(*DVC, *arguments)
    if code:
        told = "\n".join(line for line in lines[-_TOLD:] if line.strip())
        raise InputError(
            f"dvc {' '.join(arguments)} ended with code {code}:\n{told}\nMend that and run this "
            "again: what is done is not done twice."
        )
    return lines


def _quietly(*arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run([*DVC, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()
