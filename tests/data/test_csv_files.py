"""Tables as CSV and back: text stays text, formulas are masked, numbers are left alone."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.csv_files import mask, read_csv, unmask, write_csv, write_rows

CODES = ["0", "2", "01", "NA", "True", "1e5", "nan", "inf", "None", "null", "", " ", "-1", "1_000"]
FORMULAS = ["=1+1", "+49", "-x", "@SUM(A1)", "\tx", "\rx", "'=1", "''-1"]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@pytest.mark.parametrize("name", [*CODES, *FORMULAS, 'say "x", y', "two\nlines", "'plain"])
def test_text_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"emotion": [name, "x"], "mean": [-0.5, np.nan], "frames": [-3, 4]})
    write_csv(table, path := tmp_path / "t.csv")
    back = read_csv(path, text=["emotion"])
    assert back["emotion"].tolist() == [name, "x"]
    assert back["frames"].tolist() == [-3, 4]
    np.testing.assert_array_equal(back["mean"], table["mean"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(TEXT | st.sampled_from(CODES + FORMULAS), min_size=1, max_size=6))
def test_any_text_comes_back(tmp_path: Path, names: list[str]) -> None:
    write_csv(pd.DataFrame({"=a": names, "n": range(len(names))}), path := tmp_path / "t.csv")
    assert read_csv(path, text=["=a"])["=a"].tolist() == names


@given(TEXT)
def test_masking_is_undone_and_leaves_no_formula(text: str) -> None:
    assert unmask(mask(text)) == text
    assert not mask(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_spreadsheet_finds_no_formula_and_all_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"@who": FORMULAS, "gain": np.linspace(-1, 1, len(FORMULAS))})
    write_csv(table, path := tmp_path / "t.csv")
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["'@who", "gain"]
    assert all(row[0].startswith("'") for row in rows)
    assert [float(row[1]) for row in rows] == table["gain"].tolist()


def test_plain_tables_are_written_as_ever(tmp_path: Path) -> None:
    table = pd.DataFrame({"emotion": ["anger", None], "value": [0.1, np.nan], "n": [1, 2]})
    write_csv(table, path := tmp_path / "t.csv")
    assert path.read_text() == table.to_csv(index=False)


def test_rows_are_written_as_a_table_is(tmp_path: Path) -> None:
    rows = [{"emotion": name, "-n": i, "mean": i / 3} for i, name in enumerate(CODES + FORMULAS)]
    write_rows(rows, tmp_path / "rows.csv")
    write_csv(pd.DataFrame(rows), tmp_path / "table.csv")
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "table.csv").read_bytes()
