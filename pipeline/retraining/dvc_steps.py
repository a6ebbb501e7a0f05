"""Run DVC's steps of the cycle, showing what they write as they write it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.errors import InputError
from pipeline.settings.repository import dvc_here, show_dvc

LOCK = Path("dvc.lock")
_TOLD = 15  # lines of output that an error repeats


def has_remote() -> bool:
    """Tell whether DVC has a remote to pull from and push to by default."""
    done = dvc_here("remote", "default")
    lines = done.stdout.splitlines()
    return not done.returncode and any(line.strip() and "No default" not in line for line in lines)


def pull() -> None:
    """Bring data and outputs that the remote has; what it lacks is computed."""
    _succeed("pull", "--allow-missing")


def repro() -> list[str]:
    """Compute what changed; give the stages that ran."""
    return _stages(_succeed("repro"))


def train_here(known: Callable[[], bool]) -> list[str]:
    """Have a model of the same inputs whose run the store in use holds, as `known` tells.

    One that was trained here before comes out of DVC's cache; else train and evaluate anew.
    """
    yaml = YAML()  # as DVC writes it: texts such as '08' keep their quotes
    lock = yaml.load(LOCK)
    lock["stages"].pop("train", None)
    yaml.dump(lock, LOCK)
    stages = repro()
    if known():
        return stages
    return [*stages, *_stages(_succeed("repro", "--force", "--single-item", "train")), *repro()]


def try_out(values: Sequence[str]) -> list[str]:
    """Compute with parameters (`KEY=VALUE`) that stay in params.yaml; give the stages that ran."""
    return _stages(_succeed("exp", "run", *(f"--set-param={value}" for value in values)))


def _stages(lines: Sequence[str]) -> list[str]:
    found = (re.match(r"Running stage '(?:.*dvc\.yaml:)?(.+)':", line) for line in lines)
    return [match[1] for match in found if match]


def push() -> None:
    """Bring data and outputs to the remote."""
    _succeed("push")


def _succeed(*arguments: str) -> list[str]:
    code, lines = show_dvc(*arguments)
    if code:
        told = "\n".join(line for line in lines[-_TOLD:] if line.strip())
        raise InputError(
            f"dvc {' '.join(arguments)} ended with code {code}:\n{told}\nMend that and run this "
            "again: what is done is not done twice."
        )
    return lines
