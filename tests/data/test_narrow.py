"""Cut unwanted cells out of lines: against splitting each line, and what must be read whole."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.openface_files import write_folder
from pipeline.data.header import read_header
from pipeline.data.narrow import cut, longest_unwanted, read_lines
from pipeline.data.sheet import read_sheets

CELLS = st.text(st.sampled_from("0123456789. -é"), max_size=6)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 9))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5))
    start = draw(st.integers(1, width - 1))
    stop = draw(st.integers(start + 1, width))
    return rows, width, start, stop, draw(st.sampled_from(["\n", "\r\n"])), draw(st.booleans())


@given(tables())
def test_leaves_what_splitting_each_line_leaves(table):
    rows, width, start, stop, end, ended = table
    text = end.join(",".join(row) for row in rows) + end * ended
    block = text.encode()
    lines = text.encode().split(b"\n")
    count = len(lines) - (not lines[-1])
    narrowed = cut(block + b",,,", len(block), ",", width, start, stop)
    assert narrowed is not None
    left, rows_left = narrowed
    assert rows_left == count
    wanted = [",".join(row[:start] + row[stop:]) for row in rows]
    assert left.decode().replace("\r", "").split("\n")[: len(wanted)] == wanted


@given(tables(), st.data())
def test_a_line_with_other_than_its_cells_is_read_whole(table, data):
    rows, width, start, stop, end, _ = table
    place = data.draw(st.integers(0, len(rows) - 1))
    # What one line has too many another may have too few: the sum tells nothing.
    rows[place] = [*rows[place], "1"]
    if len(rows) > 1:
        rows[place - 1] = rows[place - 1][:-1]
    block = (end.join(",".join(row) for row in rows) + end).encode()
    assert cut(block, len(block), ",", width, start, stop) is None


@pytest.mark.parametrize(
    "block",
    [b'1,2,"3",4\n', b"1,2,3,4\r5,6,7,8\n", b"1,2,3,4\n\n5,6,7,8\n", b"1," + b"2" * 99 + b",3,4\n"],
    ids=["quote", "lone carriage return", "blank line", "long cell"],
)
def test_what_is_out_of_the_ordinary_is_read_whole(block):
    assert cut(block, len(block), ",", 4, 2, 3) is None


def test_the_longest_run_that_nobody_wants_leaves_the_first_column():
    assert longest_unwanted(("a", "b", "c", "d", "e"), frozenset("c")) == (3, 5)
    assert longest_unwanted(("a", "b", "c", "d", "e"), frozenset("de")) == (1, 3)
    assert longest_unwanted(("a",), frozenset("x")) == (1, 1)


def test_memory_of_a_longer_file_does_not_reach_into_a_shorter_one(tmp_path):
    long, short = tmp_path / "long", tmp_path / "short"
    long.write_bytes(b"head\n" + b"1,2,3,4\n" * 9)
    short.write_bytes(b"head\n5,6,7,8")
    block, size = read_lines(long, 5, long.stat().st_size)
    assert bytes(block[:size]) == b"1,2,3,4\n" * 9
    block, size = read_lines(short, 5, short.stat().st_size)
    assert bytes(block[:size]) == b"5,6,7,8\n"
    assert cut(block, size, ",", 4, 1, 3) == (b"5,8\n", 1)


@pytest.mark.parametrize("spoil", ["nothing", "cut off", "a cell more", "no number"])
def test_wide_files_read_together_are_what_pandas_reads(tmp_path, spoil):
    write_folder(tmp_path / "in", 1, 4)
    paths = sorted((tmp_path / "in").iterdir())
    names = ["frame", "success", "AU01_r", "AU45_c"]
    wanted = [pd.read_csv(path, skipinitialspace=True)[names] for path in paths]
    text = paths[1].read_text()
    lines = {
        "nothing": text,
        "cut off": text[:-30],
        "a cell more": text.removesuffix("\n") + ", 1\n",
        "no number": text.removesuffix("\n")[:-4] + "x\n",
    }
    paths[1].write_text(lines[spoil])
    sheets = read_sheets(paths, read_header(paths[0]), names)
    if spoil != "nothing":
        wanted[1] = wanted[1].iloc[:-1]
    assert [len(sheet.rejects) for sheet in sheets] == [0, int(spoil != "nothing"), 0, 0]
    for sheet, expected in zip(sheets, wanted, strict=True):
        found = sheet.table.to_pandas()
        pd.testing.assert_frame_equal(found, expected.astype(float).reset_index(drop=True))
        assert sheet.row.tolist() == list(range(1, len(expected) + 1))
