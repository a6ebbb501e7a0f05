"""Make runs, change the repository, and find the way back from each run to its result.

A project of two quick stages, in which what a replay meets can be varied; then the whole pipeline
once, as a temporary experiment of a dirty tree.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from patience import HANGS, runs_still, wait_for
from throwaway import commit, environment, make_clone, run, set_params

STAGES = """\
stages:
  prepare:
    cmd: python -m pipeline.light prepare
    deps: ['${data.path}']
    outs: [outputs/sum.json]
  train:
    cmd: python -m pipeline.light train
    deps: [outputs/sum.json]
    params: [train.seed]
    outs: [outputs/train/run.json]
"""
LIGHT = """\
import json, os, sys, time
from pathlib import Path
import yaml
from mlflow import MlflowClient
from pipeline.tracking import provenance
from pipeline.tracking.store.connection import connect
FACTOR = 1

def prepare():
    Path("outputs").mkdir(exist_ok=True)
    if os.environ.get("WAIT"):
        Path(os.environ["WAIT"]).write_text(str(os.getpid()))
        time.sleep(3600)  # it ends by Ctrl-C
    folder = Path(yaml.safe_load(Path("params.yaml").read_text())["data"]["path"])
    total = sum(int(path.read_text()) for path in sorted(folder.iterdir()))
    total = FACTOR * total + float(os.environ.get("NOISE", "0"))
    Path("outputs/sum.json").write_text(json.dumps({"files": 2, "sum": total}))

def train():
    total = json.loads(Path("outputs/sum.json").read_text())["sum"]
    experiment = connect("light")
    client = MlflowClient()
    code = provenance.git_state()
    hashes = provenance.dvc_hashes(Path("dvc.lock"), "train")
    tags = code.tags | provenance.dvc_experiment()
    run_id = client.create_run(experiment, run_name="light", tags=tags).info.run_id
    client.log_dict(run_id, hashes, "provenance/md5.json")
    client.log_dict(run_id, provenance.environment(), "provenance/environment.json")
    client.log_artifact(run_id, "params.yaml", "params")
    client.log_artifact(run_id, "outputs/sum.json", "data")
    if code.patch:
        client.log_text(run_id, code.patch, "provenance/changes.patch")
    for step in range(3):
        client.log_metric(run_id, "loss", total / (step + 1), step=step)
    client.log_metric(run_id, "size", len(Path("pipeline/blob.bin").read_bytes()))
    client.set_terminated(run_id)
    Path("outputs/train").mkdir(parents=True, exist_ok=True)
    Path("outputs/train/run.json").write_text(json.dumps({"run_id": run_id}))

{"prepare": prepare, "train": train}[sys.argv[1]]()
"""


def reproduce(clone: Path, run_id: str) -> "subprocess.CompletedProcess[str]":
    return run(clone, "python", "-m", "pipeline", "reproduce", run_id, check=False)


def latest_run(clone: Path) -> str:
    with closing(sqlite3.connect(clone / "mlflow.db")) as store:
        return store.execute("SELECT run_uuid FROM runs ORDER BY start_time DESC").fetchone()[0]


def change_store(clone: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(clone / "mlflow.db")) as store:
        assert store.execute(statement, values).rowcount == 1
        store.commit()


def heed_ctrl_c() -> None:
    """Let Ctrl-C end a process also where these tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def nothing_left(clone: Path) -> bool:
    """Tell whether only the repository stands in its folder, and git knows of no other copy."""
    listed = run(clone, "git", "worktree", "list").stdout.splitlines()
    return len(listed) == 1 and not list(clone.parent.glob(f".{clone.name}-*"))


@pytest.fixture(scope="module", autouse=True)
def experiment(clone: Path) -> "Iterator[subprocess.Popen[str]]":
    """The whole pipeline as a temporary experiment of a dirty tree, beside the tests before."""
    label = clone / "pipeline/stages/label.py"
    label.write_text(label.read_text() + "\nNOTED = 'changed, not committed'\n")
    command = ["exp", "run", "--temp", "--set-param", "train.learning_rate=0.003"]
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *command],
        cwd=clone,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        if process.returncode is None:  # the test that waits for it was not run
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two quick stages on data that DVC tracks, with a remote inside it."""
    made = make_clone(tmp_path_factory.mktemp("light") / "light clone")
    (made / "dvc.yaml").write_text(STAGES)
    (made / "pipeline/light.py").write_text(LIGHT)
    (made / "pipeline/blob.bin").write_bytes(b"\0binary\xff")
    (made / "recordings").mkdir()
    for name, text in {"a": "1", "b": "41"}.items():
        (made / "recordings" / name).write_text(text)
    set_params(made, {"data.path": "recordings"})
    run(made, "dvc", "add", "--quiet", "recordings")
    run(made, "dvc", "remote", "add", "--default", "near", "store")
    (made / ".gitignore").write_text((made / ".gitignore").read_text() + "/store\n")
    commit(made, "light")
    return made


@pytest.fixture(scope="module")
def first(light: Path) -> str:
    """The id of a run with changed code and a changed binary file, two commits ago."""
    code = light / "pipeline/light.py"
    code.write_text(LIGHT.replace("FACTOR = 1", "FACTOR = 10"))
    (light / "pipeline/blob.bin").write_bytes(bytes(range(256)))
    run(light, "dvc", "repro")
    found = latest_run(light)
    code.write_text("raise SystemExit('code of a later commit')\n")
    commit(light, "one")
    (light / "pipeline/blob.bin").unlink()
    set_params(light, {"data.path": "elsewhere"})
    commit(light, "two")
    return found


def test_a_dirty_tree_of_two_commits_ago_with_data_from_the_cache(light: Path, first: str) -> None:
    (recorded,) = (light / "mlruns").glob(f"**/{first}/artifacts/provenance/environment.json")
    recorded.write_text(json.dumps(json.loads(recorded.read_text()) | {"keras": "2.0"}))
    done = reproduce(light, first)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"version: keras was 2\.0, is \d.*", lines[0])
    assert lines[-1] == "identical: 2 metrics, 2 artifacts, 1 DVC outputs"
    assert lines[-2].startswith("left out provenance/: ")
    assert (light / "recordings/b").read_text() == "41"
    assert nothing_left(light)


def test_what_differs_is_named_with_its_amount_and_data_comes_from_the_remote(
    light: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(light, "dvc", "push", "recordings.dvc")
    shutil.rmtree(light / ".dvc/cache")
    change_store(light, "UPDATE metrics SET value = 7 WHERE key = 'size' AND run_uuid = ?", first)
    monkeypatch.setenv("NOISE", "0.25")
    done = reproduce(light, first)
    assert done.returncode == 1
    different = [line for line in done.stdout.splitlines() if "different" in line]
    assert re.fullmatch(
        r"output outputs/sum.json: different: md5 \w+ then, \w+ now", different.pop(0)
    )
    assert different == [
        "metric loss: different at 3 of 3 steps, at 0: 420.0 then, 420.25 now (by 0.25)",
        "metric size: different at 1 of 1 steps, at 0: 7.0 then, 256.0 now (by 249)",
        "artifact data/sum.json: different: 1 of 2 values, most at sum: 420.0 then, 420.25 now",
        "different: 2 of 2 metrics (loss, size), 1 of 2 artifacts (data/sum.json), "
        "1 of 1 DVC outputs (outputs/sum.json)",
    ]


@contextmanager
def interruptible(clone: Path, run_id: str, marker: Path) -> "Iterator[subprocess.Popen[str]]":
    """Reproduce a run whose first stage writes its id to `marker` and waits; leave nothing."""
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "reproduce", run_id],
        cwd=clone,
        env=environment(WAIT=str(marker)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                if marker.is_file() and runs_still(int(marker.read_text())):
                    os.kill(int(marker.read_text()), signal.SIGKILL)
            for copy in clone.parent.glob(f".{clone.name}-*"):
                shutil.rmtree(copy)
            run(clone, "git", "worktree", "prune")


def test_ctrl_c_ends_the_stages_and_removes_the_copy(
    light: Path, first: str, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    with interruptible(light, first, marker) as process:
        wait_for(lambda: marker.is_file() and marker.read_text(), process.poll)
        assert not nothing_left(light)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert errors.endswith("the temporary copy of the repository was removed\n")
    assert nothing_left(light)
    assert not runs_still(int(marker.read_text()))


def test_data_that_is_gone_is_named_by_its_hash(light: Path, first: str) -> None:
    cache = light / ".dvc/cache"
    shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(light / "store")
    done = reproduce(light, first)
    assert done.returncode == 1
    md5 = re.search(r"md5: (\w+\.dir)", (light / "recordings.dvc").read_text())[1]
    assert f"neither in DVC's cache nor in its remote: recordings (md5 {md5})" in done.stderr
    assert nothing_left(light)


def test_a_temporary_experiment_of_a_dirty_tree_two_commits_ago_is_identical(
    clone: Path, experiment: "subprocess.Popen[str]"
) -> None:
    done = experiment.communicate()
    assert experiment.returncode == 0, done
    found = latest_run(clone)
    (clone / "pipeline/stages/label.py").write_text("raise SystemExit('code of a later commit')\n")
    commit(clone, "one")
    set_params(clone, {"train.learning_rate": 0.5, "demo.seed": 99})
    commit(clone, "two")
    before = run(clone, "git", "status", "--porcelain").stdout
    done = reproduce(clone, found)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"[-5000:]
    counted = re.fullmatch(
        r"identical: (\d+) metrics, (\d+) artifacts, (\d+) DVC outputs",
        done.stdout.splitlines()[-1],
    )
    metrics, artifacts, outputs = map(int, counted.groups())
    assert metrics > 30
    assert artifacts >= 15
    assert outputs >= 10
    for told in (
        "metric epoch/val_loss: identical",
        "artifact evaluation/report.md: identical",
        "artifact evaluation/plots/overview.png: identical",
        "output outputs/train/model.keras: identical",
    ):
        assert told in done.stdout
    assert "left out outputs/train/run.json: holds the ids" in done.stdout
    assert latest_run(clone) == found  # the replay is in a store of its own
    assert run(clone, "git", "status", "--porcelain").stdout == before
    assert nothing_left(clone)
