import argparse

import pandas as pd
import pytest
from data.folders import GOOD, changed, expression_folder, openface_folder

from pipeline.commands import inspect
from pipeline.errors import InputError


def look(capsys, path, naming=None) -> list[str]:
    inspect.run(argparse.Namespace(path=str(path), layout=None, naming=naming))
    return capsys.readouterr().out.splitlines()


def test_says_what_would_be_read_and_writes_nothing(workspace, tree, tmp_path, capsys):
    workspace(tree)
    folder = openface_folder(
        tmp_path / "in",
        {"Z_1.csv": changed(2, "AU06_r", 9), "labels.csv": "clip,emotion\nA_1,sad\n"},
    )
    before = sorted(tmp_path.rglob("*"))
    lines = look(capsys, folder, "subject_first")
    assert sorted(tmp_path.rglob("*")) == before
    assert lines[0].endswith("layout openface, written by OpenFace 2")
    said = "\n".join(lines)
    for told in (
        "subjects  5 (A, B, C, D, Z)",
        "frames    14 kept, 1 rows quarantined",
        "AUs       AU06_r, AU12_r, AU06_c",
        "emotions  sad 3",
        "problem out_of_range: 1 rows",
        "Z_1.csv, row 2: AU06_r is 9",
        "warning clip_without_label",
        "-S data.layout=openface -S data.naming=subject_first",
    ):
        assert told in said


def test_guesses_the_layout(tmp_path):
    assert inspect.guess_layout(openface_folder(tmp_path / "o", {})) == "openface"
    assert inspect.guess_layout(expression_folder(tmp_path / "e", {})) == "expression"
    (tmp_path / "p.csv").write_text("frame,AU06,AU12\n1,0.5,0.5\n")
    assert inspect.guess_layout(tmp_path / "p.csv") == "pyfeat"
    (tmp_path / "t.csv").write_text("clip," + GOOD)
    assert inspect.guess_layout(tmp_path / "t.csv") == "table"
    pd.DataFrame({"clip": ["a"], "AU06_r": [1.0]}).to_parquet(tmp_path / "t.parquet")
    assert inspect.guess_layout(tmp_path / "t.parquet") == "table"


def test_guesses_the_layout_beside_files_that_cannot_be_read(tmp_path):
    folder = openface_folder(tmp_path / "o", {"0.csv": b"", "1.parquet": b"PAR1 no"})
    (folder / "2.csv").symlink_to(tmp_path / "nowhere.csv")
    (folder / "3.parquet").symlink_to(tmp_path / "nowhere.parquet")
    assert inspect.guess_layout(folder) == "openface"


def test_says_so_where_there_is_nothing(tmp_path):
    with pytest.raises(InputError, match="holds no CSV or Parquet file with action units"):
        inspect.guess_layout(tmp_path)
