"""A small copy of the project that is disturbed, and what has to be equal at its end."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from throwaway import commit, make_clone, run, set_params

EPOCHS = 30
DVCS_OWN = re.compile(r"\.\w{22}\.tmp")  # as dvc_objects.fs.utils.tmp_fname names them
SMALL = {
    "demo.subjects": 20,
    "demo.frames_per_clip": 20,
    "evaluate.confidence": 0.5,  # so little that the model is promoted for all its few people
    "recipes.improved.epochs": EPOCHS,
    "recipes.improved.early_stopping_patience": 6,
    "recipes.improved.lr_patience": 2,
}


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


def copy_of(template: Path, project: Path) -> Path:
    """Copy a project that nobody works in."""
    return Path(shutil.copytree(template, project, symlinks=True))


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Name what is unlike, missing or too much."""
    return sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
