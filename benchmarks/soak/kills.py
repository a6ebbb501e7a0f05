"""Kill a stage with SIGKILL at random moments; see that all ends as if nothing had happened.

Run as `python -m benchmarks.soak.kills --stage train`, or another stage, `promote` or `all`. The
stage, started by `dvc repro`, is killed up to four times and started again each time; then the
pipeline is run to its end, the model is promoted, and all is compared with what was not disturbed:
every file under outputs/ byte by byte, one MLflow run that has ended, with every metric of every
epoch, one whole model, one champion. Training is hit at the moments named below, the others at any.
"""

import argparse
import json
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from throwaway import commit, environment, make_clone, run, set_params

from benchmarks import ROOT

KILLER = ROOT / "benchmarks/soak/killer"
EPOCHS = 30
IN_A_ROW = 4  # kills
DVCS_OWN = re.compile(r"\.\w{22}\.tmp")  # as dvc_objects.fs.utils.tmp_fname names them
STAGES = ("prepare", "label", "train", "evaluate", "promote")
SMALL = {
    "demo.subjects": 20,
    "demo.frames_per_clip": 20,
    "evaluate.confidence": 0.5,  # so little that the model is promoted for all its few people
    "recipes.improved.epochs": EPOCHS,
    "recipes.improved.early_stopping_patience": 6,
    "recipes.improved.lr_patience": 2,
}
# What is hit: module, function, the last of its calls, and at most how many seconds later.
MOMENTS = {
    "start of an epoch": ("model.training.steps", "Steps.__call__", EPOCHS, 0.0),
    "within an epoch": ("model.training.steps", "Steps.__call__", EPOCHS, 0.1),
    "writing the state": ("model.training.resume", "_write", EPOCHS, 0.004),
    "writing the model": ("model.training.saving", "save_model", 1, 0.1),
    "writing the journal": ("tracking.outbox.journal", "Journal.append", EPOCHS, 0.0005),
    "noting what was sent": ("tracking.outbox.journal", "Journal.note_sent", 25, 0.0),
    "sending": ("tracking.outbox.entries", "Remote.write", 25, 0.01),
    "logging the model": ("tracking.store.logged_model", "log_model", 1, 0.3),
    "setting out": ("tracking.resumable", "_run_of", 1, 0.5),
    "writing the result": ("tracking.resumable", "Training.finish", 1, 0.0),
}


def draw(stage: str, seconds: float, rng: random.Random) -> tuple[str, str]:
    """Draw a moment of a stage that lasts so long: what is hit, and KILL_AT as the killer reads it.

    See `benchmarks/soak/killer`.
    """
    if stage != "train":
        return "at any moment", f"{rng.uniform(0, seconds):.3f}"
    what = rng.choice(list(MOMENTS))
    module, function, calls, most = MOMENTS[what]
    call, later = rng.randint(1, calls), rng.uniform(0, most)
    return what, f"pipeline.{module}:{function}:{call}:{later:.5f}"


def make_project(folder: Path) -> Path:
    """Make a small copy of the project in which nothing is done."""
    project = make_clone(folder)
    set_params(project, SMALL)
    commit(project, "small")
    return project


def command(stage: str) -> list[str]:
    """Give the command that runs a stage, and what it needs."""
    return (
        ["python", "-m", "pipeline", "promote"] if stage == "promote" else ["dvc", "repro", stage]
    )


def up_to(project: Path, stage: str) -> Path:
    """Run what comes before a stage."""
    before = {"prepare": "demo/dvc.yaml", "label": "prepare", "train": "weigh", "evaluate": "train"}
    run(project, "dvc", "repro", before.get(stage, "evaluate"))
    return project


def kill_once(project: Path, stage: str, moment: str) -> bool:
    """Run a stage; tell whether it was killed."""
    mend_locks(project)
    killer = {
        "PYTHONPATH": str(ROOT / "benchmarks/soak/killer"),
        "KILL_AT": moment,
        "KILL_STAGE": stage,
    }
    own = environment(**killer)
    program, *arguments = command(stage)
    done = subprocess.run(
        [shutil.which(program, path=own["PATH"]) or program, *arguments],
        cwd=project,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    if done.returncode not in (0, -9) and "exited with -9" not in output:
        raise SystemExit(f"{stage} failed otherwise than by a kill:\n{output}")
    return bool(done.returncode)


def mend_locks(project: Path) -> None:
    """Delete a lock of DVC's own that a kill tore, as docs/faults.md says; DVC stops at it else."""
    sound: dict[str, Callable[[str], bool]] = {
        ".dvc/tmp/rwlock": lambda text: isinstance(json.loads(text), dict),
        "dvc.lock": lambda text: "schema" in (yaml.safe_load(text) or ()),
    }
    for name, is_sound in sound.items():
        lock = project / name
        try:
            whole = not lock.is_file() or is_sound(lock.read_text())
        except (ValueError, yaml.YAMLError):
            whole = False
        if not whole:
            lock.unlink()
            print(f"  {name} was torn, and is deleted", flush=True)


def result(project: Path) -> dict[str, Any]:
    """Run all to the end, promote, and gather what has to be equal."""
    mend_locks(project)
    run(project, "dvc", "repro")
    run(project, *command("promote"))
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        queries = {
            "runs": "select status, name from runs",
            # An evaluation that is repeated logs the same again, later.
            "metrics": "select distinct key, step, value from metrics order by 1, 2, 3",
            "epochs": "select key, step, value from metrics where step > 0 order by 1, 2, 3",
            "models": "select status from logged_models where lifecycle_stage = 'active'",
            "champion": "select alias, version from registered_model_aliases",
            "versions": "select version from model_versions",
        }
        stored = {name: store.execute(query).fetchall() for name, query in queries.items()}
    return stored | outputs_of(project / "outputs")


def outputs_of(outputs: Path) -> dict[str, bytes]:
    """Read what stages wrote, but for the key that each training gives its run.

    Where DVC is killed while it takes outputs in, a file of its own stays, which nothing reads.
    """
    files = (p for p in outputs.rglob("*") if p.is_file() and not DVCS_OWN.fullmatch(p.name))
    found = {path.relative_to(outputs).as_posix(): path.read_bytes() for path in files}
    made = found.pop("train/run.json")
    return {
        "train/run.json": made.replace(json.loads(made)["run"].encode(), b""),
        # What commands write tells the time.
        **{name: text for name, text in found.items() if not name.startswith("promote/")},
    }


def attempts(project: Path, stage: str, seconds: float, rng: random.Random, kills: int) -> int:
    """Kill a stage up to so many times; return how often it was killed before it ended."""
    for number in range(kills):
        what, moment = draw(stage, seconds, rng)
        hit = kill_once(project, stage, moment)
        print(f"  {what:25s} {moment:70s} {'killed' if hit else 'ended before'}", flush=True)
        if not hit:
            return number
    return kills


def campaign(folder: Path, stage: str, kills: int, rng: random.Random) -> bool:
    """Kill a stage until so many kills are survived; tell whether all ended as one should."""
    template = up_to(make_project(folder / "template"), stage)
    undisturbed, began = copy_of(template, folder / "undisturbed"), time.monotonic()
    run(undisturbed, *command(stage))
    seconds, expected = time.monotonic() - began, result(undisturbed)
    survived, equal = 0, True
    for number in count():
        if survived >= kills:
            break
        project = copy_of(template, folder / f"killed_{number}")
        hits = attempts(project, stage, seconds, rng, min(IN_A_ROW, kills - survived))
        differing = differences(expected, result(project))
        survived, equal = survived + hits, equal and not differing
        print(f"{stage} {number}: {hits} kills, differs in {differing or 'nothing'}", flush=True)
        if not differing:
            shutil.rmtree(project)
    return equal


def copy_of(template: Path, project: Path) -> Path:
    """Copy a project that nobody works in."""
    return Path(shutil.copytree(template, project, symlinks=True))


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Name what is unlike, missing or too much."""
    return sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=[*STAGES, "all"], default="train")
    parser.add_argument("--kills", type=int, default=20, help="of each stage")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for stage in STAGES if options.stage == "all" else [options.stage]:
        with tempfile.TemporaryDirectory() as name:
            rng = random.Random(options.seed)
            if not campaign(Path(name), stage, options.kills, rng):
                raise SystemExit(f"{stage}, killed, ended otherwise than undisturbed")
        print(f"{stage}: {options.kills} kills, seed {options.seed}: all ended as undisturbed")


if __name__ == "__main__":
    main()
