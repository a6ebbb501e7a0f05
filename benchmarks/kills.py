"""Kill training with SIGKILL at random moments; see that it ends as if nothing had happened.

Run as `python -m benchmarks.kills`. A training, started by `dvc repro`, is killed up to four times
and started again each time; then it is compared with one that was not: weights, history and
metrics byte by byte, one MLflow run, every metric of every epoch logged once.
"""

import argparse
import random
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from throwaway import commit, environment, make_clone, run, set_params

ROOT = Path(__file__).resolve().parents[1]
EPOCHS = 30
A_TRAINING = 4  # kills
SMALL = {
    "demo.subjects": 6,
    "demo.frames_per_clip": 60,
    "recipes.improved.epochs": EPOCHS,
    "recipes.improved.early_stopping_patience": 6,
    "recipes.improved.lr_patience": 2,
}
# What is hit: module, function, the last of its calls, and at most how many seconds later.
MOMENTS = {
    "start of an epoch": ("model.batches", "Shuffle.on_epoch_begin", EPOCHS, 0.0),
    "within an epoch": ("model.batches", "Shuffle.on_epoch_begin", EPOCHS, 0.2),
    "writing the state": ("model.resume", "_write", EPOCHS, 0.004),
    "writing the model": ("model.saving", "save_model", 1, 0.1),
    "writing the journal": ("tracking.outbox.journal", "Journal.append", EPOCHS, 0.0005),
    "noting what was sent": ("tracking.outbox.journal", "Journal.note_sent", 25, 0.0),
    "sending": ("tracking.outbox.entries", "Remote.write", 25, 0.01),
    "logging the model": ("tracking.store.logged_model", "log_model", 1, 0.3),
    "setting out": ("tracking.resumable", "_run_of", 1, 0.5),
    "writing the result": ("tracking.resumable", "Training.finish", 1, 0.0),
}


def draw(rng: random.Random) -> tuple[str, str]:
    """Draw a moment: what is hit, and KILL_AT as `benchmarks/killer` reads it."""
    what = rng.choice(list(MOMENTS))
    module, function, calls, seconds = MOMENTS[what]
    return (
        what,
        f"pipeline.{module}:{function}:{rng.randint(1, calls)}:{rng.uniform(0, seconds):.5f}",
    )


def make_project(folder: Path) -> Path:
    """Make a small copy of the project in which all but training is done."""
    project = make_clone(folder)
    set_params(project, SMALL)
    commit(project, "small")
    run(project, "dvc", "repro", "weigh")
    return project


def kill_once(project: Path, moment: str) -> bool:
    """Train by `dvc repro`; tell whether the training was killed."""
    own = environment(PYTHONPATH=str(ROOT / "benchmarks/killer"), KILL_AT=moment)
    dvc = shutil.which("dvc", path=own["PATH"]) or "dvc"
    done = subprocess.run(
        [dvc, "repro", "train"], cwd=project, env=own, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    if done.returncode and "exited with -9" not in output:
        raise SystemExit(f"training failed otherwise than by a kill:\n{output}")
    return bool(done.returncode)


def result(project: Path) -> dict[str, Any]:
    """Train to the end, evaluate, and gather what has to be equal."""
    run(project, "dvc", "repro")
    files = ("train/model.keras", "train/history.csv", "evaluate/metrics.json")
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        queries = {
            "runs": "select status, name from runs",
            "epochs": "select key, step, value from metrics order by key, step, value",
            "models": "select status from logged_models where lifecycle_stage = 'active'",
        }
        stored = {name: store.execute(query).fetchall() for name, query in queries.items()}
    return stored | {name: (project / "outputs" / name).read_bytes() for name in files}


def one_training(template: Path, project: Path, rng: random.Random, kills: int) -> int:
    """Kill a training up to so many times; return how often it was killed before it ended."""
    shutil.copytree(template, project, symlinks=True)
    for number in range(kills):
        what, moment = draw(rng)
        hit = kill_once(project, moment)
        print(f"  {what:25s} {moment:70s} {'killed' if hit else 'ended before'}", flush=True)
        if not hit:
            return number
    return kills


def campaign(folder: Path, kills: int, seed: int) -> bool:
    """Kill trainings until so many kills are survived; tell whether all ended as one should."""
    rng, survived, equal = random.Random(seed), 0, True
    template = make_project(folder / "template")
    undisturbed = folder / "undisturbed"
    shutil.copytree(template, undisturbed, symlinks=True)
    expected = result(undisturbed)
    for number in count():
        if survived >= kills:
            break
        project = folder / f"killed_{number}"
        hits = one_training(template, project, rng, min(A_TRAINING, kills - survived))
        found = result(project)
        differing = [name for name in expected if expected[name] != found[name]]
        survived, equal = survived + hits, equal and not differing
        print(f"training {number}: {hits} kills, differs in {differing or 'nothing'}", flush=True)
        if not differing:
            shutil.rmtree(project)
    return equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if not campaign(Path(name), options.kills, options.seed):
            raise SystemExit("a killed training ended otherwise than an undisturbed one")
    print(f"{options.kills} kills, seed {options.seed}: all trainings ended as an undisturbed one")


if __name__ == "__main__":
    main()
