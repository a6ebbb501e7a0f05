"""Hold dvc.yaml and the rooms' walls to what the code really imports and reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from wiring import ROOT, files_of, imports_of

STAGES = {
    name: stage.get("do", stage)  # what is done for each of several
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items()
}
AGAIN = {"path": "data/demo", "layout": "expression", "naming": "expression"}
MODULES = sorted((ROOT / "pipeline").rglob("*.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_deps_list_every_file_that_the_stage_runs_and_no_other(stage):
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith("pipeline/")}
    assert listed == files_of(f"pipeline.{stage}")


def test_only_tracking_imports_mlflow():
    users = {path for path in MODULES if "mlflow" in imports_of(path)}
    assert users
    assert {path.relative_to(ROOT).parts[1] for path in users} == {"tracking"}


@pytest.mark.parametrize("stage", ["demo", "prepare", "label", "weigh"])
def test_light_stages_do_not_load_heavy_libraries(stage):
    heavy = {"tensorflow", "keras", "mlflow", "sklearn", "matplotlib", "pandas"}
    code = f"import sys, pipeline.{stage}; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert loaded & heavy == ({"pandas"} if stage == "demo" else set())


@pytest.mark.parametrize("room", ["data", "evaluation", "model"])
def test_rooms_know_nothing_of_tracking_places_or_stages(room):
    stages = {f"pipeline/{stage}.py" for stage in STAGES}
    foreign = stages | {"pipeline/paths.py", "pipeline/params.py", "pipeline/schema.py"}
    for path in sorted((ROOT / "pipeline" / room).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        runs = files_of(module)
        assert not runs & foreign, f"{path} leads to {runs & foreign}"
        assert not [file for file in runs if file.startswith("pipeline/tracking")]


def test_evaluation_room_does_not_load_tensorflow():
    for path in sorted((ROOT / "pipeline" / "evaluation").glob("*.py")):
        module = f"pipeline.evaluation.{path.stem}"
        for file in files_of(module):
            if file.endswith(".py"):
                assert not imports_of(ROOT / file) & {"tensorflow", "keras"}, file


def test_only_params_reads_params_yaml():
    readers = [path for path in MODULES if "PARAMS" in path.read_text()]
    allowed = {"params.py", "paths.py", "recording.py"}  # which files a copy with the run
    assert {path.name for path in readers} <= allowed


TRACER = """
import json, runpy, sys
from pipeline import params, schema
places, read = {}, set()
original = schema.Section.__getattribute__
def watch(self, name):
    value = original(self, name)
    if not name.startswith(("_", "model_")) and name in type(self).model_fields:
        here = f"{places.get(id(self), '')}{name}"
        read.add(here)
        children = value.items() if isinstance(value, dict) else [(None, value)]
        for key, child in children:
            if isinstance(child, schema.Section):
                places[id(child)] = f"{here}." + (f"{key}." if key is not None else "")
    return value
load = params.load
schema.Section.__getattribute__ = watch
found = {}
for stage, *arguments in json.loads(sys.argv.pop(1)):  # one process: TensorFlow loads once
    loaded = load()
    params.load = lambda: loaded
    places.clear()
    read.clear()
    sys.argv[1:] = arguments
    runpy.run_module(f"pipeline.{stage}", run_name="__main__")
    found[stage] = sorted(read)
print(json.dumps(found))
"""
CONTAINERS = {"label.rules", "recipes", "naming"}


@pytest.fixture(scope="module")
def reads(tmp_path_factory) -> dict[str, set[str]]:
    """Run all stages in a small copy of the project and note which parameters each one reads."""
    from throwaway import make_clone, set_params

    clone = make_clone(tmp_path_factory.mktemp("traced") / "clone")
    set_params(
        clone,
        {
            "demo.subjects": 5,
            "demo.frames_per_clip": 8,
            "recipes.improved.epochs": 1,
            "external": {"again": AGAIN},
        },
    )
    commands = [[stage, *(["again"] if stage == "external" else [])] for stage in STAGES]
    done = subprocess.run(
        [sys.executable, "-c", TRACER, json.dumps(commands)],
        cwd=clone,
        capture_output=True,
        text=True,
        env=os.environ | {"DVC_ROOT": str(clone)},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return {stage: set(read) for stage, read in found.items()}


def leaves(read: set[str]) -> set[str]:
    """Keep the paths that lead to no other path."""
    return {key for key in read if not any(other.startswith(f"{key}.") for other in read)}


@pytest.mark.parametrize("stage", STAGES)
def test_params_list_every_value_that_the_stage_reads_and_no_other(stage, reads):
    listed = [
        key.replace("${recipe}", "improved")
        .replace("${data.naming}", "expression")
        .replace("${item.naming}", "expression")
        .replace("${key}", "again")
        for key in STAGES[stage]["params"]
    ]
    read = leaves(reads[stage])
    covered = {key: [p for p in listed if key == p or key.startswith(f"{p}.")] for key in read}
    assert {key for key, by in covered.items() if not by} == set()
    used = {param for by in covered.values() for param in by}
    assert set(listed) - used == set()


def test_paths_of_outputs_are_those_of_the_constants():
    from pipeline import paths

    named = {value.as_posix() for value in vars(paths).values() if isinstance(value, Path)}
    listed = {
        next(iter(out)) if isinstance(out, dict) else out
        for stage in STAGES.values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    }
    folders = {"outputs", "outputs/external"}
    own = {path for path in listed if not path.startswith("outputs/external/")}
    made_by_commands = {
        *("outputs/promote/verdict.json", "outputs/promote/verdict.md"),
        *("outputs/retrain/summary.md", "outputs/retrain/comment.md"),
        "outputs/drift",
    }
    assert own <= named
    assert named - own == {"params.yaml", "dvc.lock"} | folders | made_by_commands
