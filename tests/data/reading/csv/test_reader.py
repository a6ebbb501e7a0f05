from pathlib import Path

import numpy as np
import pytest

from pipeline.data.reading.csv import reader as sheet_module
from pipeline.data.reading.csv.header import read_header
from pipeline.data.reading.csv.reader import count_rows, read_sheet
from pipeline.data.reading.csv.text import UnreadableError


def read(tmp_path: Path, content: bytes, numbers=("a", "b"), texts=()):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return read_sheet(path, read_header(path), numbers, texts)


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2.5\n3,4\n",
        b"a, b\n1, 2.5\n3, 4\n",
        b" a , b \n1 , 2.5 \n3,4",
        b"a;b\n1;2.5\n3;4\n",
        b"a; b\r\n1; 2.5\r\n3; 4\r\n",
        b"a;b\n1;2,5\n3;4\n",
        b"a\tb\n1\t2.5\n3\t4\n",
        b"\xef\xbb\xbfa,b\n1,2.5\n3,4\n",
        b'"a","b"\n1,2.5\n3,4\n',
        b"\xc2\xa0a,\xe2\x80\xafb\xc2\xa0\n1,2.5\n3,4\n",  # blanks that do not break
        b"\xef\xbb\xbf\xef\xbb\xbfa,\xef\xbb\xbfb\n1,2.5\n3,4\n",
        b",a,b\n0,1,2.5\n1,3,4\n",
        b"b,x,a\n2.5,9,1\n4,9,3\n",
        b"a,b\n1,2.5\n\n3,4\n\n\n",
        b"b,a\n2.5,1,\n4,3,\n",
        b"b;a\r\n2,5;1; \r\n4;3;\r\n",
        b"a,b,\n1,2.5\n3,4\n",
        b"a,b,\n1,2.5,\n3,4,\n",
        b"frame,b,a\n1,2.5,1,\n2,4,3,\n",
        b"face_id,a,b\n0,1,2.5,\n0,3,4,\n",
        b"sep=,\na,b\n1,2.5\n3,4\n",
        b"\xef\xbb\xbfsep=;\r\n\r\na;b\r\n1;2,5\r\n3;4\r\n",
        b'"sep=\t"\na\tb\n1\t2.5\n3\t4\n',
        b"# made by hand, in May\n\n#\na,b\n1,2.5\n3,4\n",
        b"sep=;;\n" + b"# a long story, with commas\n" * 1000 + b"a;b\n1;2,5\n3;4\n",
        b"# a,b,frame,AU01_r\n1,2.5,0,0\n3,4,0,0\n",  # a header as numpy writes it
    ],
)
def test_reads_what_real_files_hold(tmp_path, content):
    sheet = read(tmp_path, content)
    assert sheet.table["a"].to_pylist() == [1, 3]
    assert sheet.table["b"].to_pylist() == [2.5, 4]
    assert sheet.row.tolist() == [1, 2]
    assert sheet.rejects == []


@pytest.mark.parametrize("cell", [b"", b"nan", b"NaN", b" ", b"NA"])
def test_reads_an_empty_cell_as_nan(tmp_path, cell):
    sheet = read(tmp_path, b"a,b\n1," + cell + b"\n3,4\n")
    assert np.isnan(sheet.table["b"].to_numpy()[0])
    assert sheet.rows_read == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"1,x", "not_a_number"), (b"1", "ragged"), (b"1,2,3", "ragged"), (b"1,1_0", "not_a_number")],
)
def test_sets_a_bad_row_aside_and_keeps_the_others(tmp_path, line, reason):
    sheet = read(tmp_path, b"a,b\n1,2\n" + line + b"\n5,6\n")
    assert sheet.row.tolist() == [1, 3]
    assert sheet.table["a"].to_pylist() == [1, 5]
    assert [(found.row, found.reason) for found in sheet.rejects] == [(2, reason)]
    assert sheet.rows_read == 3


@pytest.mark.parametrize(
    "rows",
    [
        b"1,1,0.5\n2,2,0.5\n",
        b'"1",1,0.5\n"2",2,0.5\n',
        b"1,1,\n2,2,\n",  # the last column says nothing
        b'"1",1,\n"2",2,\n',
        b'"x","1",\n"y","2",\n',
        b"7,1,\n8,2,\n",
        b"7,0,\n9,1,\n",
        b"7,1,\n",
    ],
)
@pytest.mark.parametrize("names", [b"a,b", b"frame,b", b'"a","b"'])
def test_a_cell_that_may_be_a_name_of_a_row_shifts_no_column(tmp_path, rows, names):
    wanted = ["frame" if names.startswith(b"frame") else "a", "b"]
    sheet = read(tmp_path, names + b"\n" + rows, wanted)
    assert {found.reason for found in sheet.rejects} == {"ragged"}
    assert len(sheet.rejects) == sheet.rows_read == rows.count(b"\n")


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_a_last_cell_without_a_name_that_is_filled_is_ragged(tmp_path, monkeypatch, block):
    monkeypatch.setattr(sheet_module, "BLOCK", block)
    sheet = read(tmp_path, b"a,b\n0.5,2,\n3,4,\n3,4,5\n3,4,,\n3\n3,4\n")
    assert sheet.row.tolist() == [1, 2, 6]
    assert [(found.row, found.reason) for found in sheet.rejects] == [
        (row, "ragged") for row in (3, 4, 5)
    ]


def test_rows_are_counted_below_the_header_whatever_stands_before_it(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b"sep=,\n# by hand\n\na,b\n1,2\n\n3,x\n")
    header = read_header(path)
    assert header.preamble
    sheet = read_sheet(path, header, ["a", "b"])
    assert [(found.row, found.reason) for found in sheet.rejects] == [(2, "not_a_number")]
    assert sheet.rows_read == count_rows(path, header.length) == count_rows(path, 0) - 1 == 2


def test_reads_words_without_their_blanks(tmp_path):
    sheet = read(tmp_path, b"a, Image\n1, x 1.jpg \n", ["a"], ["Image"])
    assert [word.strip() for word in sheet.table["Image"].to_pylist()] == ["x 1.jpg"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "unreadable"),
        (b"a\x00,b\n1,2\n", "unreadable"),
    ],
)
def test_refuses_what_is_no_table(tmp_path, content, reason):
    with pytest.raises(UnreadableError) as error:
        read(tmp_path, content)
    assert error.value.reason == reason


@pytest.mark.parametrize("block", [8, 20, 64, 1 << 20])
def test_blocks_give_the_rows_of_the_whole(tmp_path, monkeypatch, block):
    monkeypatch.setattr(sheet_module, "BLOCK", block)
    lines = [b"a,b"] + [b"%d,%d" % (i, i * i) for i in range(20)]
    lines[7] = b"6,x"
    lines[12] = b""
    sheet = read(tmp_path, b"\n".join(lines))
    assert sheet.rows_read == 19
    assert [(found.row, found.reason) for found in sheet.rejects] == [(7, "not_a_number")]
    assert sheet.row.tolist() == [1, 2, 3, 4, 5, 6, *range(8, 20)]
    assert sheet.table["b"].to_pylist() == [i * i for i in range(20) if i not in (6, 11)]


@pytest.mark.parametrize(
    "content",
    [
        b"a\tb\n1\t2\n\t\n3\t4\n",
        b"a\tb\n1\t2\n \t \n3\t4\n",
        b'a,b\n1,"2"\n  \n3,"4"\n',
    ],
    ids=["tabs alone", "blanks and tabs", "blanks beside quotes"],
)
def test_a_line_of_blanks_is_no_row_whatever_the_delimiter(tmp_path, content):
    sheet = read(tmp_path, content)
    assert sheet.row.tolist() == [1, 2]
    assert sheet.table["b"].to_pylist() == [2, 4]
    assert sheet.rejects == []


def test_a_quote_that_is_closed_a_line_later_joins_no_rows(tmp_path):
    sheet = read(tmp_path, b'a,b,c\n1,2,3\n4,"5,6\n7,8",9\n1,2,3\n')
    assert sheet.rows_read == 4
    assert sheet.row.tolist() == [1, 4]
    assert [found.reason for found in sheet.rejects] == ["ragged", "not_a_number"]


@pytest.mark.parametrize(
    ("content", "kept", "lost"),
    [
        (b'a,b,c\n1,2,"one\ntwo"\n3,4,x\n', [1, 2], []),
        (b'a,c,b\n1,"one\n\ntwo, three\nfour",2\n3,x,4\n', [1, 2], []),
        (b'a;c;b\r\n1;x;2\r\n3;"a ""word"" \r\nand more";4\r\n"5\n";x;6', [1, 2, 3], []),
        (b'a,c,b\n1,"one\ntwo",x\n3,x,4\n', [2], [1]),
        (b'a,b,c\n1,2,"one\n3,4,two"\n5,6,x\n', [1, 2, 3], []),  # a stray quote
        (b'a,b,c\n1,2,"one\n3,4,two\n5,6,x\n', [1, 2, 3], []),  # never closed
        (b'a,c,b\n1,"one\ntwo\n5,x,6\n', [3], [1, 2]),
    ],
)
def test_a_quoted_cell_that_goes_on_in_the_next_line_is_one_row(tmp_path, content, kept, lost):
    sheet = read(tmp_path, content)
    assert sheet.row.tolist() == kept
    assert [found.row for found in sheet.rejects] == lost


@pytest.mark.parametrize("block", [40, 64, 1 << 20])
def test_a_row_of_several_lines_is_not_cut_between_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(sheet_module, "BLOCK", block)
    rows = [f'{i},"one\n\ntwo, ",{2 * i}' for i in range(20)]
    sheet = read(tmp_path, "\n".join(["a,c,b", *rows]).encode())
    assert sheet.row.tolist() == list(range(1, 21))
    assert sheet.rejects == []
