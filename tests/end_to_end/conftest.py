"""One small copy of the project per module; tests of a module run in their order."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from throwaway import commit, make_clone, run, set_params

SMALL = {
    "demo.subjects": 5,
    "demo.frames_per_clip": 12,
    "recipes.improved.epochs": 2,
    "recipes.baseline.epochs": 2,
}

Repro = Callable[..., list[str]]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a copy with small demo data and two epochs."""
    made = make_clone(tmp_path_factory.mktemp("project") / "clone")
    set_params(made, SMALL)
    commit(made, "small")
    return made


@pytest.fixture(scope="module")
def repro(clone: Path) -> Repro:
    """Give `dvc repro`; it returns the stages that ran."""

    def reproduce(*options: str) -> list[str]:
        done = run(clone, "dvc", "repro", *options)
        return stages_run(done)

    return reproduce


def stages_run(done: subprocess.CompletedProcess[str]) -> list[str]:
    """List the stages that DVC says it ran, in their order."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("Running stage")]
    return [line.split("'")[1] for line in lines]


def locked(clone: Path) -> dict[str, str]:
    """Give the md5 of every output in dvc.lock by path."""
    stages = yaml.safe_load((clone / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}
