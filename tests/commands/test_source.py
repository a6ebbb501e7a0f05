import pandas as pd
import pytest
from recordings import GOOD, expression_folder, openface_folder

from pipeline.commands.source import guess_layout
from pipeline.errors import InputError


def test_guesses_the_layout(tmp_path):
    assert guess_layout(openface_folder(tmp_path / "o", {})) == "openface"
    assert guess_layout(expression_folder(tmp_path / "e", {})) == "expression"
    (tmp_path / "p.csv").write_text("frame,AU06,AU12\n1,0.5,0.5\n")
    assert guess_layout(tmp_path / "p.csv") == "pyfeat"
    (tmp_path / "t.csv").write_text("clip," + GOOD)
    assert guess_layout(tmp_path / "t.csv") == "table"
    pd.DataFrame({"clip": ["a"], "AU06_r": [1.0]}).to_parquet(tmp_path / "t.parquet")
    assert guess_layout(tmp_path / "t.parquet") == "table"


def test_guesses_the_layout_beside_files_that_cannot_be_read(tmp_path):
    folder = openface_folder(tmp_path / "o", {"0.csv": b"", "1.parquet": b"PAR1 no"})
    (folder / "2.csv").symlink_to(tmp_path / "nowhere.csv")
    (folder / "3.parquet").symlink_to(tmp_path / "nowhere.parquet")
    assert guess_layout(folder) == "openface"


def test_says_so_where_there_is_nothing(tmp_path):
    with pytest.raises(InputError, match=r"holds no Parquet file and none of .* with action units"):
        guess_layout(tmp_path)
