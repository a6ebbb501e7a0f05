"""One run per trained model, whichever way DVC comes to it; counted in the store itself."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from end_to_end.conftest import locked
from patience import wait_for
from throwaway import commit, environment, run, set_params


def runs_of(clone: Path) -> list[tuple[str, str, int]]:
    """Give status, key and number of epochs of every run in the order of their start."""
    query = """
        select runs.status, tags.value, count(metrics.step) from runs
        left join tags on tags.run_uuid = runs.run_uuid and tags.key = 'pipeline.run'
        left join metrics on metrics.run_uuid = runs.run_uuid and metrics.key = 'epoch/val_loss'
        group by runs.run_uuid order by runs.start_time
    """
    with closing(sqlite3.connect(clone / "mlflow.db")) as store:
        return store.execute(query).fetchall()


def tag(clone: Path, key: str, name: str) -> str | None:
    query = """
        select tags.value from tags join tags as keys on keys.run_uuid = tags.run_uuid
        where keys.key = 'pipeline.run' and keys.value = ? and tags.key = ?
    """
    with closing(sqlite3.connect(clone / "mlflow.db")) as store:
        found = store.execute(query, (key, name)).fetchone()
    return found[0] if found else None


def key_of(clone: Path) -> str:
    return json.loads((clone / "outputs/train/run.json").read_text())["run"]


def test_experiment_is_a_run_and_restored_stages_lead_to_the_one_that_made_them(clone, repro):
    assert repro("train")[-1] == "train"
    commit(clone, "first")
    first = key_of(clone)
    done = run(clone, "dvc", "exp", "run", "-S", "train.learning_rate=0.002", "train")
    commit(clone, "second")
    assert key_of(clone) != first
    before = runs_of(clone)
    assert [(found[0], found[2]) for found in before] == [("FINISHED", 2)] * 2
    assert (name := tag(clone, key_of(clone), "dvc.experiment"))
    assert name in done.stdout
    run(clone, "git", "checkout", "--quiet", "HEAD~1")
    assert repro("train") == []
    assert key_of(clone) == first
    assert runs_of(clone) == before
    run(clone, "git", "checkout", "--quiet", "main")
    assert repro("train") == []


def test_evaluation_after_the_store_was_deleted_brings_the_training_back(clone, repro):
    (clone / "mlflow.db").unlink()
    assert repro() == ["evaluate"]
    ((status, key, epochs),) = runs_of(clone)
    assert (status, key, epochs) == ("FINISHED", key_of(clone), 2)


def kill_training(clone: Path, epoch: int) -> None:
    """Start a training and kill it with SIGKILL when it tells of an epoch."""
    command = ["python", "-m", "pipeline.stages.train"]
    process = subprocess.Popen(
        command, cwd=clone, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any(line.startswith(f"epoch {epoch}/") for line in process.stdout)
    process.kill()
    process.communicate()


def test_killed_training_is_gone_on_with_to_the_same_bytes_and_another_is_ended(clone):
    before = runs_of(clone)
    set_params(clone, {"train.seed": 100, "recipes.improved.epochs": 60})
    kill_training(clone, 1)  # nobody will go on with this one
    set_params(clone, {"train.seed": 101})
    kill_training(clone, 30)
    done = run(clone, "dvc", "repro", "train")
    assert "epoch 1/" not in done.stdout, "it began anew"
    resumed, key = locked(clone), key_of(clone)
    run(clone, "dvc", "repro", "--force", "--single-item", "train")
    undisturbed = locked(clone)
    for name in ("model.keras", "history.csv"):
        path = f"outputs/train/{name}"
        assert resumed[path] == undisturbed[path]
    keys = {found[1] for found in before}
    ended, gone_on_with, forced = [found for found in runs_of(clone) if found[1] not in keys]
    assert ended[0] == "KILLED"
    assert gone_on_with[:2] == ("FINISHED", key)
    assert forced[:2] == ("FINISHED", key_of(clone)), "a forced training is a run of its own"
    assert gone_on_with[2] == forced[2], "epochs were logged twice, or not"
    set_params(clone, {"train.seed": 7, "recipes.improved.epochs": 2})


def experiment(seed: int, epochs: int) -> list[str]:
    sets = ("-S", f"train.seed={seed}", "-S", f"recipes.improved.epochs={epochs}")
    return ["dvc", "exp", "run", "--temp", *sets, "train"]


def test_two_experiments_at_once_in_temporary_folders_are_two_runs_in_the_main_store(clone):
    """Not by DVC's queue: on a busy machine its workers leave experiments behind."""
    before = runs_of(clone)
    own = environment()
    program = shutil.which("dvc", path=own["PATH"])
    with subprocess.Popen(
        [program, *experiment(31, 100)[1:]], cwd=clone, env=own, stdout=subprocess.DEVNULL
    ) as longer:
        wait_for(lambda: len(runs_of(clone)) > len(before), lambda: longer.poll() is not None)
        done = run(clone, *experiment(32, 2))
    assert longer.returncode == 0
    first, second = [found for found in runs_of(clone) if found not in before]
    assert (first[0], second[0], second[2]) == ("FINISHED", "FINISHED", 2)
    assert first[2] > 2
    name = tag(clone, second[1], "dvc.experiment")
    assert name
    assert name in done.stdout
    artifacts = clone / "mlruns"
    assert any("changes.patch" in path.name for path in artifacts.rglob("provenance/*"))


def test_full_disk_is_said_in_one_line_and_ends_the_run(clone):
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
    code = (
        f"{limited}; runpy.run_module('pipeline.stages.train', run_name='__main__', alter_sys=True)"
    )
    own = environment(MLFLOW_TRACKING_URI="http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    done = subprocess.run(
        ["python", "-c", code], cwd=clone, env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_that_may_not_be_written_is_said_in_one_line(clone):
    kept = clone / ".local"
    kept.rename(clone / "moved")
    kept.symlink_to("/sys/kernel")  # where nobody can make a file, root neither
    done = run(clone, "python", "-m", "pipeline.stages.train", check=False)
    kept.unlink()
    (clone / "moved").rename(kept)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "error: .local" in done.stderr.replace(f"{clone}/", "")
