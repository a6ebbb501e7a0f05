"""From a trained model to files that others run, by the command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exportable import save_network
from small_model import EMOTIONS, plain

from pipeline.__main__ import cli, main
from pipeline.commands.using import export
from pipeline.errors import InputError


@pytest.fixture
def given(workspace: Callable[..., Path], tree: dict[str, Any], root: Path, tmp_path: Path) -> Path:
    """Enter a folder with a model file; no store is there."""
    workspace(tree)
    return save_network(tmp_path, plain()).network


def test_a_model_file_becomes_a_table_and_files(given, capsys):
    cli(["export", str(given), "-o", "out", "--format", "savedmodel"], standalone_mode=False)
    told = capsys.readouterr().out
    assert f"model: the model in {given}" in told
    header, _, row = told.splitlines()[1:4]
    assert header.split("  ")[0] == "file"
    assert row.split()[0] == "model_savedmodel"
    assert "warning untuned: the model has no thresholds; model.json says 0.5 for all." in told
    assert "written: out, with model.json" in told
    contract = json.loads(Path("out/model.json").read_text())
    assert contract["thresholds"] == dict.fromkeys(EMOTIONS, 0.5)
    assert {path.name for path in Path("out").iterdir()} == {"model.json", "model_savedmodel"}


def test_without_its_packages_a_format_is_refused_before_the_model_is_loaded(given, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: name == "onnx" or None)
    with pytest.raises(
        InputError,
        match=r"^onnxruntime, tf2onnx, ai_edge_litert are not installed; "
        r"onnx, litert cannot .*`make export`",
    ):
        export.run(str(given))
    with pytest.raises(InputError, match=r"^ai_edge_litert is not installed; litert cannot"):
        export.run(str(given), formats=["litert", "savedmodel"])
    assert not Path("outputs").exists()


def test_an_error_is_a_line_and_exit_code_1(given, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pipeline", "export", "gone.keras"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("error: model gone.keras: gone.keras is not there.")
    assert told.count("\n") == 1


def test_asking_how_to_export_loads_no_tensorflow() -> None:
    code = "import sys, pipeline.commands.using.export; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"tensorflow", "keras"} & set(done.stdout.split())
