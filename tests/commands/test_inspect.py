"""`inspect` says what would be read under which naming, and gives a line that can be typed."""

import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from dvc.utils.hydra import apply_overrides
from recordings import COLUMNS, add, changed, csv_text, openface_folder
from throwaway import PARAMS

from pipeline.commands import inspect
from pipeline.errors import InputError
from pipeline.settings import params
from pipeline.settings.schema import Params

RANDOM = np.random.default_rng(5)


def clip() -> str:
    """Write a clip like no other: five frames in which things move."""
    rows = [
        [i, 1, 0.9, *(f"{value:.3f}" for value in RANDOM.uniform(0.5, 4.5, 2)), i % 2]
        for i in range(1, 6)
    ]
    return csv_text(COLUMNS, rows)


def look(capsys, path: Path, **options) -> list[str]:
    inspect.run(str(path), **options)
    return capsys.readouterr().out.splitlines()


def parameters(line: str, folder: Path) -> Params:
    """Let DVC set the parameters that a printed line names, as a shell would pass them."""
    words = shlex.split(line.removeprefix("to use it: "))
    assert words[:3] == ["dvc", "exp", "run"]
    assert words[3::2] == ["-S"] * (len(words) // 2 - 1)
    path = folder / "chosen.yaml"
    shutil.copyfile(PARAMS, path)
    apply_overrides(str(path), words[4::2])
    return params.load(path)


def test_says_what_would_be_read_and_writes_nothing(workspace, tree, tmp_path, capsys):
    workspace(tree)
    folder = openface_folder(
        tmp_path / "in",
        {"Z_1.csv": changed(2, "AU06_r", 9), "labels.csv": "clip,emotion\nA_1,sad\n"},
    )
    before = sorted(tmp_path.rglob("*"))
    lines = look(capsys, folder, naming="subject_first")
    assert sorted(tmp_path.rglob("*")) == before
    assert lines[0].endswith("layout openface, written by OpenFace 2")
    said = "\n".join(lines)
    for told in (
        "subjects  5 (A, B, C, D, Z)",
        "frames    14 kept, 1 rows quarantined",
        "AUs       intensities 6, 12; presences 6",
        "emotions  sad 3; none for 11 frames",
        "problem out_of_range: 1 rows",
        "Z_1.csv, row 2: AU06_r is 9",
        "warning clip_without_label",
        "-S data.layout=openface -S data.naming=subject_first -S label.gate=none",
    ):
        assert told in said


def test_recommends_a_naming_and_shows_three_examples_of_each(workspace, tree, tmp_path, capsys):
    workspace(tree)
    files = {
        f"P{i:02d}/processed/{feeling}_01.csv": clip()
        for i in range(1, 6)
        for feeling in ("angry", "happy", "sad")
    }
    lines = look(capsys, add(tmp_path / "in", files))
    said = "\n".join(lines)
    assert lines[1] == "naming    folder_per_person_emotion is recommended"
    assert lines[2].endswith("15 of 15 clips, 5 subjects, emotions angry, happy, sad")
    assert lines[3] == "    P01/processed/angry_01: subject P01, emotion angry"
    assert len([line for line in lines if line.startswith("    P")]) % 3 == 0
    assert "doubt: each of the subjects angry, happy, sad has clips in the same 5 folders" in said
    assert "subjects  5 (P01, P02, P03, P04, P05)" in said
    chosen = parameters(lines[-1], tmp_path)
    assert chosen.data.naming == "folder_per_person_emotion"
    assert chosen.label.source == "human"
    asked = look(capsys, tmp_path / "in", naming="subject_first")
    assert "naming    folder_per_person_emotion is recommended; subject_first is taken" in asked
    assert "subjects  3 (angry, happy, sad)" in asked
    assert any(line.startswith("warning subject_spans_folders") for line in asked)


@pytest.mark.parametrize(
    "name",
    ["a b", "it's", "x,y=z", "$HOME;`id`", "#1", "(new)", "été", "a\\", "[a]", "{a}", '"a"', "-a"],
)
def test_the_line_to_use_is_what_a_shell_and_dvc_read(workspace, tree, tmp_path, capsys, name):
    workspace(tree)
    folder = add(tmp_path / name, {f"{who}_{i}.csv": clip() for who in "ABC" for i in (1, 2)})
    chosen = parameters(look(capsys, folder)[-1], tmp_path)
    assert chosen.data.path == str(folder)
    assert chosen.data.naming == "subject_first"
    assert chosen.label.gate == "none"


def test_a_table_may_call_the_clip_otherwise(workspace, tree, tmp_path, capsys):
    workspace(tree)
    table = pd.DataFrame(
        {
            "video": [f"{who}_{i}" for who in "ABC" for i in (1, 2)],
            "who": list("AABBCC"),
            "emotion": ["sad", "happy"] * 3,
            "AU06_r": RANDOM.uniform(0, 5, 6),
            "AU12_r": RANDOM.uniform(0, 5, 6),
        }
    )
    for name, write in (("t.csv", table.to_csv), ("t.parquet", table.to_parquet)):
        path = tmp_path / name
        write(path, index=False)
        with pytest.raises(InputError, match="video, who, emotion"):
            look(capsys, path, layout="table")
        lines = look(capsys, path, layout="table", column=(("clip", "video"), ("subject", "who")))
        assert "subjects  3 (A, B, C)" in lines
        assert "emotions  happy 3, sad 3" in lines
        chosen = parameters(lines[-1], tmp_path)
        assert chosen.naming[chosen.data.naming].columns == {"clip": "video", "subject": "who"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"A_1.csv": clip(), "A_2.csv": clip()}, r"1 to split \(A\)"),
        ({"A_1.csv": clip(), "B_1.csv": clip()}, r"2 to split \(A, B\)"),
        ({f"{i}.csv": clip() for i in range(3)}, "no naming tells whose the clips are, such as 0"),
        (
            {f"{who}_1.csv": csv_text(COLUMNS, [[1, 0, 0.9, 1, 1, 1]]) for who in "ABC"},
            "none of the rows of 3 files is kept",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_an_error(workspace, tree, tmp_path, capsys, files, told):
    workspace(tree)
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match=told):
        look(capsys, add(tmp_path / "in", files))
    assert "to use it" not in capsys.readouterr().out


def test_what_does_not_exist_is_said_to(workspace, tree, tmp_path):
    workspace(tree)
    with pytest.raises(InputError, match=r"nowhere does not exist\. Name a folder or file"):
        inspect.run("nowhere")


def test_names_both_files_of_a_recording_under_two_subjects(workspace, tree, tmp_path, capsys):
    workspace(tree)
    files = {f"{who}_1.csv": clip() for who in "ABC"}
    files["Copy of B_1.csv"] = files["B_1.csv"].replace(",", ";")
    said = "\n".join(look(capsys, add(tmp_path / "in", files)))
    assert "warning same_recording" in said
    assert "B_1.csv (subject B)" in said
    assert "Copy of B_1.csv (subject Copy of B)" in said


def test_the_shipped_gate_refuses_a_recording_under_two_subjects():
    assert "same_recording" in yaml.safe_load(PARAMS.read_text())["promote"]["blocking"]
