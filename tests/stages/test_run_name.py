"""A run is named for its recipe and what differs from the commit; in a grid all differ."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import params
from pipeline.stages.steps.run_name import run_name

Workspace = Callable[[dict[str, Any]], Path]


@pytest.fixture
def name(
    workspace: Workspace, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Commit params.yaml; returns a function that names a run with some values changed."""
    for variable in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(variable, raising=False)
    folder = workspace(tree)
    own = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    for command in (("init",), ("add", "params.yaml"), (*own, "commit", "--message", "first")):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)

    def named(**changed: Any) -> str:
        for key, value in changed.items():
            *parents, last = key.split("__")
            section = tree
            for part in parents:
                section = section[part]
            section[last] = value
        workspace(tree)
        return run_name(params.load().flat())

    return named


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_what_differs_is_said_the_seed_last(name) -> None:
    assert name(train__seed=8, train__learning_rate=0.003) == "improved lr=0.003 seed=8"


def test_where_nothing_differs_the_commit_says_what_it_is(name) -> None:
    assert name() == f"improved {commit()}"


def test_another_recipe_is_named_and_not_spelled_out(name) -> None:
    assert name(recipe="baseline") == f"baseline {commit()}"
    assert name(recipes__baseline__hidden=[64, 32, 16]) == "baseline hidden=64-32-16"


def test_an_experiment_is_named_behind(name, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-mole")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", commit())
    assert name(train__batch_size=64) == "improved batch=64 (tidy-mole)"


def test_names_of_a_grid_all_differ(name) -> None:
    grid = [name(train__learning_rate=r, train__seed=s) for r in (0.001, 0.01) for s in (7, 8, 9)]
    assert len(set(grid)) == 6


def test_many_differences_are_counted(name) -> None:
    changed = {f"train__{key}": 0.01 for key in ("learning_rate", "lr_factor", "lr_lowest")}
    more = {"train__seed": 9, "train__batch_size": 16, "weigh__highest": 5.0, "label__gate": "none"}
    assert name(**changed, **more).endswith(" +2 more")


def test_a_rule_that_is_gone_differs(name, tree: dict[str, Any]) -> None:
    for of in (tree["label"]["rules"], *(one["divisors"] for one in tree["recipes"].values())):
        of.pop("guilt")
    gone = ("divisors.guilt", "label.rules.guilt.aus", "label.rules.guilt.valence")
    assert name() == " ".join(["improved", *(f"{key}=none" for key in gone)])


def test_a_rule_that_is_written_otherwise_is_not_gone(name) -> None:
    written = name(label__rules__anger__aus={4: 0.5, 5: 0.5})
    assert written == "improved label.rules.anger.aus.4=0.5 label.rules.anger.aus.5=0.5"


def test_outside_git_the_recipe_is_the_name(
    workspace: Workspace, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    workspace(tree)
    assert run_name(params.load().flat()) == "improved"


def test_a_commit_that_this_version_does_not_read_is_no_obstacle(name) -> None:
    path = Path("params.yaml")
    whole = path.read_text()
    path.write_text("unknown: 1\n")
    own = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *own, "commit", "-qam", "old"], check=True)
    path.write_text(whole)
    assert run_name(params.load().flat()) == f"improved {commit()}"
