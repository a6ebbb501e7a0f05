"""Every stage and command says what it takes, and refuses what it does not know, before it acts."""

import importlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from wiring import stages

from pipeline.__main__ import COMMANDS, cli, main
from pipeline.errors import run_main
from pipeline.stages.external import entry_of

ROOT = Path(__file__).resolve().parents[2]
STAGES = stages()
MODULES = [stage["cmd"].split()[2] for stage in STAGES.values()]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module from a folder that is not the repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


OFTEN = """\
import contextlib, io, json, runpy, sys
module, ended = sys.argv[1], []
for arguments in json.loads(sys.argv[2]):
    sys.argv = [module, *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as told:
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            except SystemExit as end:
                ended.append((end.code, told.getvalue(), errors.getvalue()))
print(json.dumps(ended))
"""


def run_often(folder: Path, module: str, *calls: list[str]) -> list[tuple[int, str, str]]:
    """Run a module with several arguments, one after the other; give code, output and errors.

    In one process, for TensorFlow takes seconds to load.
    """
    done = subprocess.run(
        [sys.executable, "-c", OFTEN, module, json.dumps(calls)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("module", MODULES)
def test_a_stage_is_asked_or_misspelt_and_touches_nothing(module, workspace, tree, tmp_path):
    workspace(tree)
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "kept").write_text("as it was")
    (helped, told, _), *refused = run_often(
        tmp_path, module, ["--help"], ["--nope"], ["one", "two", "three"]
    )
    assert helped == 0
    assert told.startswith(f"Usage: python -m {module}")
    for code, _, errors in refused:
        assert code == 2
        assert f"Usage: python -m {module}" in errors
        assert "Traceback" not in errors
    assert {path.name for path in tmp_path.rglob("*")} == {"params.yaml", "outputs", "kept"}


def test_no_command_of_dvc_yaml_holds_a_value_of_params_yaml():
    # DVC hands a command to a shell, before the parameters have been checked.
    assert not [stage for stage in STAGES.values() if "${" in str(stage["cmd"])]


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("external@clinic", "clinic"),
        ("dvc.yaml:external@clinic", "clinic"),
        ("../dvc.yaml:external@clinic", "clinic"),
        ("external@x; touch y; true", "x; touch y; true"),
        ("external@a@b", "a@b"),
        ("clinic", "clinic"),
    ],
)
def test_the_stage_tells_which_external_set_is_meant(stage, name):
    assert entry_of(stage) == name


def test_an_external_set_is_named_by_the_stage_and_checked(workspace, tree, tmp_path, monkeypatch):
    tree["external"] = {"x; touch y; true": tree["data"]}
    workspace(tree)
    monkeypatch.setenv("DVC_STAGE", "external@x; touch y; true")
    refused = run(tmp_path, "pipeline.stages.external")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: params.yaml: external.x; touch y; true")
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_shows_its_own_usage_on_an_error(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli([command, "--nope"], prog_name="python -m pipeline")
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"Usage: python -m pipeline {command} ")
    assert "--nope" in told


def test_a_command_keeps_its_options_in_a_process_that_calls_it_again(capsys):
    told = []
    for _ in range(2):
        with pytest.raises(SystemExit):
            cli(["promote", "--help"], prog_name="python -m pipeline")
        told.append(capsys.readouterr().out)
    assert "--dry-run" in told[1]
    assert told[0] == told[1]


def test_the_commands_are_those_of_their_folder():
    folder = ROOT / "pipeline" / "commands"
    modules = {path.stem for path in folder.rglob("*.py") if "\ndef run(" in path.read_text()}
    assert modules == set(COMMANDS)


def test_help_lists_each_command_without_importing_it(tmp_path):
    helped = run(tmp_path, "pipeline", "--help")
    for name in COMMANDS:
        module = importlib.import_module(COMMANDS[name])
        assert f"  {name} " in helped.stdout
        assert (module.__doc__ or "").split()[0] in helped.stdout
    code = "import sys, pipeline.__main__ as m; m.cli(['--help'], standalone_mode=False)"
    listed = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"numpy", "pyarrow", "pandas", "mlflow"} & set(listed.stdout.split())


def test_version_is_that_of_the_project(capsys):
    with pytest.raises(SystemExit) as stop:
        cli(["--version"])
    assert stop.value.code == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out == f"{project['name']} {project['version']}\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pipeline re", "reproduce retrain relocate"),
        ("pipeline inspect data --layout t", "table"),
        ("pipeline promote --re", "--renew-test"),
    ],
)
def test_bash_completes_commands_options_and_choices(line, offered, tmp_path):
    words = line.split()
    script = (
        'eval "$(_PIPELINE_COMPLETE=bash_source pipeline)"\n'
        f"COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
        "_pipeline_completion pipeline\n"
        'echo "${COMPREPLY[@]}"'
    )
    path = f"{ROOT / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == offered


def test_a_command_keeps_its_options_when_it_runs_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pipeline", "retrain", "--push", "--help"])
    for _ in range(2):
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code in (0, None)
    assert capsys.readouterr().out.count("--branch NAME") == 2


def test_a_stage_that_is_stopped_says_so_in_a_line(monkeypatch, capsys):
    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["prepare"])
    with pytest.raises(SystemExit) as end:
        run_main(stopped)
    assert end.value.code == 130
    assert capsys.readouterr().err == "stopped before the end\n"


def test_garbage_is_looked_for_in_a_process_own_work_alone():
    code = (
        "import gc\n"
        "from pipeline.errors import process\n"
        "with process():\n"
        "    loaded, work = gc.get_freeze_count(), [[] for _ in range(1000)]\n"
        "    print(gc.isenabled(), loaded > 0, gc.get_freeze_count() == loaded)\n"
        "print(gc.get_freeze_count() > loaded + len(work) // 2)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 4
