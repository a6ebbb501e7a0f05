"""Hold dvc.yaml and the rooms' walls to what the code really imports and reads."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from wiring import (
    NEUTRAL,
    ROOT,
    deciding,
    deciding_files,
    files_of,
    imports_of,
    is_bare,
    made_by,
    stages,
)

STAGES = stages()
MODULES = sorted((ROOT / "pipeline").rglob("*.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_deps_are_the_files_that_decide_and_no_other(stage):
    listed = [dep for dep in STAGES[stage]["deps"] if dep.startswith("pipeline/")]
    assert len(listed) == len(set(listed))
    whole = {file for dep in listed for file in deciding(dep)}
    needed = deciding_files(stage)
    assert needed - whole == set(), "decides outputs, and dvc.yaml does not list it"
    assert whole - needed == set(), "dvc.yaml lists it, and no output depends on it"


@pytest.mark.parametrize("study", sorted(ROOT.glob("studies/*/dvc.yaml")), ids=str)
def test_a_study_depends_on_all_code_that_decides_its_answers(study):
    """On more as well: whole rooms, for what it computed is kept cell by cell anyway."""
    for name, stage in yaml.safe_load(study.read_text())["stages"].items():
        code = [dep for dep in stage["deps"] if dep.startswith(("pipeline/", "studies/"))]
        listed = {file for dep in code for file in deciding(dep)}
        files = files_of(f"studies.{name}.__main__", beyond=NEUTRAL)
        assert {file for file in files if not is_bare(ROOT / file)} - listed == set()


def test_neutral_files_are_there_and_rooms_that_compute_are_not_among_them():
    for prefix in NEUTRAL:
        assert (ROOT / prefix).exists()
        assert not prefix.startswith(("pipeline/data", "pipeline/evaluation", "pipeline/report"))


def test_settings_have_no_default_which_params_would_not_show():
    from pipeline.settings import schema, section

    assert issubclass(schema.Params, section.SettingsSection)
    fields = [
        (kind.__name__, name, field.is_required())
        for kind in section.SettingsSection.__subclasses__()
        for name, field in kind.model_fields.items()
    ]
    assert len(fields) > 50
    # Of a naming of his own a user may leave out what it does not need: nothing is read then.
    assert [field for field in fields if not field[2]] == [("NamingSettings", "columns", False)]


def test_only_tracking_imports_mlflow():
    users = {path for path in MODULES if "mlflow" in imports_of(path)}
    assert users
    assert {path.relative_to(ROOT).parts[1] for path in users} == {"tracking"}


def loaded_by(module):
    code = f"import sys, {module}; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


# Train and evaluate load them once MLflow loads in a process beside.
@pytest.mark.parametrize("stage", ["demo", "prepare", "label", "weigh", "train", "evaluate"])
def test_stages_begin_without_heavy_libraries(stage):
    heavy = {"tensorflow", "keras", "mlflow", "sklearn", "matplotlib", "pandas"}
    loaded = loaded_by(f"pipeline.stages.{stage}")
    assert "numpy" in loaded
    assert loaded & heavy == ({"pandas"} if stage == "demo" else set())


# It loads for most of a second: figures and numbers of the first steps need not wait for it.
@pytest.mark.parametrize(
    "module", ["report.figures.rendering_process", "stages.external", "stages.steps.evaluating"]
)
def test_scikit_learn_loads_where_something_is_fitted(module):
    loaded = loaded_by(f"pipeline.{module}")
    assert "pandas" in loaded
    assert not loaded & {"sklearn", "tensorflow", "mlflow"}


@pytest.mark.parametrize("room", ["data", "evaluation", "model", "prediction"])
def test_rooms_know_nothing_of_tracking_places_or_stages(room):
    foreign = {f"pipeline/stages/{stage}.py" for stage in STAGES}
    for path in sorted((ROOT / "pipeline" / room).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        runs = files_of(module)
        assert not runs & foreign, f"{path} leads to {runs & foreign}"
        beyond = ("pipeline/settings/", "pipeline/tracking/")
        assert not [file for file in runs if file.startswith(beyond)]


def test_only_training_and_exports_load_tensorflow():
    stage = ("pipeline/stages/train.py", "pipeline/stages/steps/training.py")
    trains = ("pipeline/model/training/", *stage)
    exports = ("pipeline/prediction/exporting/", "pipeline/commands/using/export.py")
    users = set()
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        module = ".".join(Path(name).with_suffix("").parts).removesuffix(".__init__")
        for file in files_of(module):
            if file.endswith(".py") and imports_of(ROOT / file) & {"tensorflow", "keras"}:
                users.add(name)
    assert users
    assert not [name for name in users if not name.startswith((*trains, *exports))]


def test_only_params_reads_params_yaml():
    readers = [path for path in MODULES if "PARAMS" in path.read_text()]
    allowed = {"params.py", "paths.py", "recording.py"}  # which files a copy with the run
    assert {path.name for path in readers} <= allowed


def test_paths_of_outputs_are_those_of_the_constants():
    from pipeline.settings import paths

    named = {value.as_posix() for value in vars(paths).values() if isinstance(value, Path)}
    listed = {out for stage in STAGES.values() for out in made_by(stage)}
    folders = {"outputs", "outputs/external"}
    own = {path for path in listed if not path.startswith("outputs/external/")}
    made_by_commands = {
        *("outputs/promote/verdict.json", "outputs/promote/verdict.md"),
        "outputs/retrain/summary.md",
        "outputs/drift",
        "outputs/export",
    }
    assert own <= named
    assert named - own == {"params.yaml", "dvc.lock"} | folders | made_by_commands
