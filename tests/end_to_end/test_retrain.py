"""The life of a champion: data comes, params change, things break off; one repository throughout.

Two clones share a bare git remote and a DVC remote in a folder: `person`, where somebody adds data,
and `job`, where `retrain --push` runs as CI does. Training is that of tests/helpers/light.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from candidates import EXPERIMENT
from gh import GH, executable
from light import AUS
from throwaway import FOREIGN, OWN_GIT, commit, environment, make_clone, run, set_params

from pipeline.__main__ import main
from pipeline.retraining import cycle
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.registry.registry import Registry

STAGES = """\
stages:
  train:
    cmd: PYTHONPATH=.:tests/helpers python -m light
    deps: [data/recordings]
    params: [features.columns, train.seed]
    outs: [outputs/train/run.json]
"""
FRAMES = 16


@dataclass
class Project:
    """The two clones, and the registry that both write to."""

    person: Path
    job: Path
    registry: Registry

    @property
    def aliases(self) -> dict[str, str]:
        return self.registry.aliases()


def record(folder: Path, names: list[str], seed: int, *, wrong: float = 0.0) -> None:
    """Record people; a share of their sadness labels is wrong."""
    rng = np.random.default_rng(seed)
    for name in names:
        aus = rng.uniform(0.5, 4.0, (FRAMES, len(AUS)))
        table = pd.DataFrame(aus, columns=AUS)
        table["AU12_r"] *= np.arange(FRAMES) % 2
        table["happiness"] = (table["AU12_r"] > 0).astype(float)
        sad = (table["AU15_r"] > table["AU15_r"].median()).astype(float)
        table["sadness"] = sad.where(rng.random(FRAMES) >= wrong, 1 - sad)
        table.to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="module")
def project(migrated, tmp_path_factory) -> Iterator[Project]:
    top = tmp_path_factory.mktemp("retrain")
    person, job = make_clone(top / "person"), top / "job"
    (person / "dvc.yaml").write_text(STAGES)
    set_params(person, {"features.columns": "intensities"})
    recordings = person / "data/recordings"
    recordings.mkdir(parents=True)
    record(recordings, [f"T{number:02d}" for number in range(10)], seed=1)
    record(recordings, ["S00", "S01"], seed=2, wrong=0.3)
    (top / "remote.git").mkdir()
    run(top / "remote.git", "git", "init", "--quiet", "--bare", "--initial-branch=main")
    run(person, "git", "remote", "add", "origin", str(top / "remote.git"))
    run(person, "dvc", "remote", "add", "--quiet", "--default", "shared", str(top / "dvc"))
    share(person, "first data")
    run(top, "git", "clone", "--quiet", str(top / "remote.git"), "job")
    for key, value in OWN_GIT.items():
        run(job, "git", "config", key, value)
    (top / "mlruns").mkdir()
    shutil.copy(migrated, top / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        foreign = (*FOREIGN, "GITHUB_", "CI")  # the job of CI that runs these tests is not theirs
        for name in [name for name in os.environ if name.startswith(foreign)]:
            patch.delenv(name)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{top / 'mlflow.db'}")
        yield Project(person, job, Registry(*open_store(EXPERIMENT), "au-emotion"))


def share(clone: Path, message: str) -> None:
    """Version the data, commit, and push both."""
    run(clone, "dvc", "add", "--quiet", "data/recordings")
    commit(clone, message)
    run(clone, "dvc", "push", "--quiet")
    run(clone, "git", "push", "--quiet", "origin", "HEAD:main")


@pytest.fixture
def command(project, monkeypatch) -> Callable[..., int]:
    """Return a function that runs a command in the job's clone and gives its exit code."""
    monkeypatch.chdir(project.job)

    def ran(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return ran


@pytest.fixture
def retrain(command, project, capsys) -> Callable[..., tuple[int, bool]]:
    """Return a function that gives the exit code of `retrain` and whether it trained."""

    def ran(*options: str) -> tuple[int, bool]:
        capsys.readouterr()
        code = command("retrain", *options)
        told = capsys.readouterr()
        assert code != 1, told.err
        return code, "Running stage 'train'" in told.out

    return ran


def page(project: Project) -> str:
    return (project.job / "outputs/retrain/summary.md").read_text()


def repeated(folder: Path, text: str) -> str:
    """Type the commands that a job's summary gives; return what they print."""
    typed = text.split("```")[-2].strip().splitlines()
    assert len(typed) == 2, "no `reproduce`: its run is in a file that the job alone has"
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(typed)],
        cwd=folder,
        env=environment(MLFLOW_TRACKING_URI=os.environ["MLFLOW_TRACKING_URI"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{typed}\n{done.stdout}{done.stderr}"
    return done.stdout


def verdict(project: Project) -> dict:
    return json.loads((project.job / "outputs/promote/verdict.json").read_text())


def test_first_run_makes_a_champion_and_pushes_it(project, retrain, tmp_path, monkeypatch):
    shown = tmp_path / "job summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(shown))
    assert retrain("--push") == (0, True)
    assert project.aliases == {"champion": "1"}
    assert page(project).startswith("# Retraining: version 1")
    assert shown.read_text() == page(project)
    assert "It beats every baseline" in page(project)
    run(project.person, "git", "pull", "--quiet", "origin", "main")
    assert "outputs/train/run.json" in (project.person / "dvc.lock").read_text()
    run(project.person, "dvc", "pull", "--quiet")
    name = "outputs/train/run.json"
    assert (project.person / name).read_text() == (project.job / name).read_text()


def test_what_another_machine_trained_is_recorded_anew_where_the_store_lacks_it(project, tmp_path):
    run(tmp_path, "git", "clone", "--quiet", str(project.person.parent / "remote.git"), "mate")
    mate = tmp_path / "mate"
    told = run(mate, "python", "-m", "pipeline", "retrain").stdout
    assert "the store lacks the run of this model" in told
    assert "Running stage 'train'" in told
    assert (mate / "outputs/retrain/summary.md").read_text().startswith("# Retraining: version 1")
    for _ in range(2):
        again = run(mate, "python", "-m", "pipeline", "retrain").stdout
        assert "Running stage" not in again
        assert "retrain: nothing to do: version 1 is the champion already" in again
        run(mate, "git", "checkout", "--quiet", "dvc.lock")  # as a job finds it until it is merged


def test_nothing_relevant_changed_trains_nothing(project, retrain):
    head = run(project.job, "git", "rev-parse", "HEAD").stdout
    (project.job / "README.md").write_text("Another text.")
    commit(project.job, "a text")
    assert retrain() == (0, False)
    assert "nothing to do: version 1 is the champion already" in page(project)
    run(project.job, "git", "reset", "--quiet", "--hard", head.strip())


def test_changes_that_no_commit_holds_are_not_pushed(project, command, capsys):
    readme = project.job / "README.md"
    text = readme.read_text()
    readme.write_text("not committed")
    assert command("retrain", "--push") == 1
    assert "README.md changed since the last commit" in capsys.readouterr().err
    readme.write_text(text)


def test_more_people_are_a_real_gain(project, retrain):
    record(project.person / "data/recordings", [f"S{n}" for n in range(10, 30)], seed=3)
    share(project.person, "twenty people more")
    run(project.job, "git", "pull", "--quiet", "origin", "main")
    assert retrain("--push") == (0, True)
    assert project.aliases == {"champion": "2", "previous": "1"}
    assert verdict(project)["champion"]["version"] == "1"
    comment = page(project)
    assert re.search(r"\| average precision +\| mean +\|", comment)
    assert "(scores.png)" in comment
    assert (project.job / "outputs/retrain/changes.png").stat().st_size > 5000


def test_interrupted_before_the_gate_is_judged_without_training_again(
    project, retrain, monkeypatch
):
    """And people whose labels are wrong harm: that is refused."""
    folder = project.job / "data/recordings"
    record(folder, [f"W{number}" for number in range(40)], seed=4, wrong=1.0)
    run(project.job, "dvc", "add", "--quiet", "data/recordings")
    commit(project.job, "people with wrong labels")

    def interrupted(*_, **__):
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(cycle, "judge", interrupted)
        assert retrain("--push") == (9, True)
    assert project.aliases["champion"] == "2"
    assert retrain("--push") == (4, False)
    assert "emotion_falls" in verdict(project)["broken"]
    assert project.aliases == {"champion": "2", "previous": "1", "challenger": "3"}
    assert retrain() == (0, False), "it was judged before"


def test_parameters_are_tried_named_and_not_promoted(project, retrain):
    run(project.job, "git", "checkout", "--quiet", "HEAD~2", "--", ".")
    run(project.job, "dvc", "checkout", "--quiet", "data/recordings.dvc")
    before = project.aliases, len(project.registry.versions())
    # With a seed of its own, so that the next test does not find it trained.
    tried = ["--set", "features.columns=presences", "--set", "train.seed=8"]
    assert retrain(*tried) == (4, True)
    told = page(project)
    named = "`features.columns=presences`, `train.seed=8`"
    assert f"Tried, and neither promoted nor stored: {named}." in told
    assert "dvc exp run -S features.columns=presences -S train.seed=8\n" in told
    assert (project.aliases, len(project.registry.versions())) == before
    assert retrain(*tried, "--push") == (2, False)


def test_params_that_harm_one_emotion_are_refused_by_that_rule(project, retrain):
    run(project.job, "git", "checkout", "--quiet", "HEAD~2", "--", ".")
    set_params(project.job, {"features.columns": "presences"})
    commit(project.job, "presences")
    run(project.job, "dvc", "checkout", "--quiet", "data/recordings.dvc")
    assert retrain("--dry-run") == (4, True)
    assert len(project.registry.versions()) == 3
    assert retrain() == (4, False)
    assert len(project.registry.versions()) == 4
    assert "emotion_falls" in verdict(project)["broken"]
    (rule,) = [one for one in verdict(project)["rules"] if one["name"] == "emotion_falls"]
    assert "sadness" in rule["says"]
    assert "happiness" not in rule["says"]


def test_people_who_add_nothing_are_no_reason_to_change(project, retrain):
    set_params(project.job, {"features.columns": "intensities"})
    folder = project.job / "data/recordings"
    for number in range(10, 30):  # the same again, under another name
        shutil.copy(folder / f"S{number}.csv", folder / f"R{number}.csv")
    run(project.job, "dvc", "add", "--quiet", "data/recordings")
    commit(project.job, "twins")
    assert retrain() == (3, True)
    assert verdict(project)["broken"] == ["gain"]
    assert project.aliases["champion"] == "2"


def test_rollback_is_not_undone_by_the_next_run(project, command, retrain):
    assert command("rollback") == 0
    assert project.aliases["champion"] == "1"
    head = run(project.job, "git", "log", "--format=%H", "--grep", "twenty").stdout.strip()
    run(project.job, "git", "checkout", "--quiet", head, "--", ".")
    run(project.job, "dvc", "checkout", "--quiet", check=False)
    code, _ = retrain()
    assert code == 0
    assert "nothing relevant changed since version 2 was champion before" in page(project)
    assert project.aliases["champion"] == "1"


class Runner:
    """A job of CI on a clean clone: runs the lines of a workflow in order, with a `gh` of ours."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.clone, self.store = folder / "it", folder / "store.json"
        executable(folder / "bin/gh", f"#!{sys.executable}\n{GH}")
        self.store.write_text(json.dumps({"comments": [], "pulls": [], "calls": []}))
        run(folder, "git", "clone", "--quiet", str(project.person.parent / "remote.git"), "it")
        for key, value in OWN_GIT.items():
            run(self.clone, "git", "config", key, value)
        # Installed already: that of the tests, and so old a lock that nothing is to be renewed.
        (self.clone / ".venv").symlink_to(Path(sys.executable).parents[1])
        os.utime(self.clone / "requirements.lock", (0, 0))
        self.path = folder / "bin"

    def job(self, name: str, **own: str) -> str:
        """Run all lines of a job of retrain.yml; return what they print."""
        workflow = yaml.safe_load((self.clone / ".github/workflows/retrain.yml").read_text())
        printed = ""
        for step in (step for step in workflow["jobs"][name]["steps"] if "run" in step):
            given = {key: own.get(key, text) for key, text in step.get("env", {}).items()}
            assert not [text for text in given.values() if "${{" in text]
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=self.clone,
                env=self._environment() | given,
                capture_output=True,
                text=True,
                check=False,
            )
            printed += done.stdout
            assert done.returncode == 0, f"{step['run']}: {done.stdout}{done.stderr}"
        return printed

    def _environment(self) -> dict[str, str]:
        return environment(
            PATH=f"{self.path}{os.pathsep}{os.environ['PATH']}",
            MLFLOW_TRACKING_URI=os.environ["MLFLOW_TRACKING_URI"],
            STORE=str(self.store),
            GITHUB_REPOSITORY="me/it",
            GITHUB_SERVER_URL="https://github.example",
            GITHUB_RUN_ID="42",
            GITHUB_REF_NAME="main",
            CI="true",
        )


def test_every_line_of_the_workflow_runs_in_order_on_a_clean_clone(project, tmp_path):
    run(project.person, "git", "pull", "--quiet", "--rebase", "origin", "main")
    record(project.person / "data/recordings", [f"S{i}" for i in range(40, 60)], seed=9)
    share(project.person, "twenty more people")
    before = project.aliases
    (tmp_path / "judge").mkdir()
    judge = Runner(tmp_path / "judge", project)
    assert "Running stage 'train'" in judge.job("judge", RENEW_TEST="false", SET="")
    assert project.aliases == before, "a pull request promotes nothing"
    judge.job("comment", GH_TOKEN="of the job", NUMBER="7")
    (comment,) = json.loads(judge.store.read_text())["comments"]
    assert comment["body"].startswith("<!-- au-emotion:retrain -->\n# Retraining: ")
    fresh = tmp_path / "fresh"
    run(tmp_path, "git", "clone", "--quiet", str(project.person.parent / "remote.git"), "fresh")
    assert "Running stage 'train'" in repeated(fresh, comment["body"]), "nothing was stored"
    (tmp_path / "retrain").mkdir()
    keep = Runner(tmp_path / "retrain", project)
    keep.job("retrain", GH_TOKEN="of the job", RENEW_TEST="false")
    (pull,) = json.loads(keep.store.read_text())["pulls"]
    branches = run(keep.clone, "git", "ls-remote", "--heads", "origin").stdout
    assert f"refs/heads/{pull['head']}" in branches
    assert pull["head"].startswith("retrain/")
    assert run(keep.clone, "git", "branch", "--show-current").stdout == "main\n"
    shutil.rmtree(fresh)
    run(tmp_path, "git", "clone", "--quiet", str(project.person.parent / "remote.git"), "fresh")
    assert "Running stage" not in repeated(fresh, pull["body"]), "all was stored"
