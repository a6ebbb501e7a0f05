"""Read the wanted columns of a CSV file, whatever its delimiter, and account for every row.

A file is read in blocks of whole lines, so that memory does not grow with it. The fast way is
pyarrow's parser. A block in which it stumbles (a cell that is no number, a row with too few
cells) is read again line by line, so that each bad row is named and the rest kept.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject

BLOCK = 16 << 20  # bytes
_START, _HEADER_LIMIT = 1 << 14, 1 << 20  # bytes; OpenFace's header of 714 columns has 6,000
_LINES_TO_SEE = 3  # the header, a row that tells the decimal mark, and what may be cut off
# What pyarrow takes for a number; Python's float() would take 1_0 as well.
_NUMBER = re.compile(r"(?ai)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?")
_LINE_END, _DECIMAL_COMMA = re.compile(rb"\r\n|\n|\r"), re.compile(rb"\d,\d")
_BLANK_LINES = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\v\f]*[\r\n])*")  # and a mark of UTF-8
_MISSING = ("", "nan", "-nan", "na", "null", "none", "n/a", "#n/a")
_NULLS = [text for word in _MISSING for text in {word, word.upper(), word.title(), "NaN", "-NaN"}]


class UnreadableError(Exception):
    """A file that is not a table; carries the quarantine reason and a detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Header:
    """A file's first line: its delimiter, decimal mark, length in bytes and column names."""

    delimiter: str
    decimal: str
    length: int
    columns: tuple[str, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns, without blanks and quotes around them."""
        return frozenset(self.columns)

    @cached_property
    def index(self) -> dict[str, int]:
        """The place of each column in a row."""
        return {name: i for i, name in enumerate(self.columns)}


@dataclass(frozen=True)
class Sheet:
    """Numbers (float64, null where a cell is empty) and texts, each row's number in its file."""

    table: pa.Table
    row: NDArray[np.int64]
    rejects: list[Reject]

    @property
    def rows_read(self) -> int:
        return len(self.row) + len(self.rejects)


def read_header(path: Path) -> Header:
    """Read the first line that is not blank and find delimiter and decimal mark.

    Raises `UnreadableError` where the file is empty, is not text or names a column twice.
    """
    with path.open("rb") as file:
        start = file.read(_START)
        if len(start.splitlines()) < _LINES_TO_SEE:  # long lines, or many blank ones
            start += file.read(_HEADER_LIMIT - len(start))
    begin = next(_BLANK_LINES.finditer(start)).end()
    if not start[begin:].strip():
        raise UnreadableError("empty", "the file is empty")
    end = _LINE_END.search(start, begin)
    if end is None and len(start) == _HEADER_LIMIT:
        raise UnreadableError("unreadable", "the first line has over a million characters")
    line = start[begin : end.start()] if end else start[begin:]
    # The first row may hold zeros alone, so all that has been read is looked at.
    comma_below = bool(end and _DECIMAL_COMMA.search(start, end.end()))
    header = _parse_header(line, comma_below)
    return _with_length(header, end.end() if end else len(start))


@lru_cache(maxsize=64)
def _parse_header(line: bytes, comma_below: bool) -> Header:
    """Parse a first line; files of one folder mostly have the same."""
    if b"\0" in line:
        raise UnreadableError("unreadable", "it is not text: its first line holds NUL bytes")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("unreadable", f"it is not UTF-8 text: {error.reason}") from None
    delimiter = max(",;\t", key=text.count)
    names = tuple(name.strip().strip('"').strip() for name in text.split(delimiter))
    named = [name for name in names if name]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        raise UnreadableError("unreadable", f"it names columns twice: {', '.join(twice)}")
    columns = tuple(name or f"unnamed {i}" for i, name in enumerate(names))
    decimal = "," if delimiter != "," and comma_below else "."
    return Header(delimiter, decimal, len(line), columns)


@lru_cache(maxsize=64)
def _with_length(header: Header, length: int) -> Header:
    return Header(header.delimiter, header.decimal, length, header.columns)


def read_sheet(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Sheet:
    """Read the named columns of a whole file."""
    sheets = list(read_blocks(path, header, numbers, texts))
    if len(sheets) == 1:
        return sheets[0]
    return Sheet(
        pa.concat_tables([sheet.table for sheet in sheets]),
        np.concatenate([sheet.row for sheet in sheets]),
        [reject for sheet in sheets for reject in sheet.rejects],
    )


def read_blocks(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Iterator[Sheet]:
    """Read the named columns block by block; a file without rows gives one empty sheet."""
    schema = pa.schema(
        [(name, pa.float64()) for name in numbers] + [(name, pa.string()) for name in texts]
    )
    first = 1
    for block in _blocks(path, header.length):
        sheet: Sheet | None
        try:
            sheet = _read_fast(block, header, schema, first)
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            sheet = None
        # A stray quote makes one row of many lines, a line of blanks or tabs may pass for a row.
        odd = b'"' in block or header.delimiter == "\t" or len(header.columns) == 1
        if sheet is None or (odd and sheet.rows_read != _count_lines(block)):
            sheet = _read_by_line(path, block, header, schema, first)
        first += sheet.rows_read
        yield sheet
    if first == 1:
        yield Sheet(schema.empty_table(), np.zeros(0, dtype=np.int64), [])


def count_rows(path: Path, header_length: int) -> int:
    """Count the lines below the header that are not blank."""
    return sum(_count_lines(block) for block in _blocks(path, header_length))


def _count_lines(block: bytes) -> int:
    return sum(1 for line in block.splitlines() if line.strip())


def _blocks(path: Path, start: int) -> Iterator[bytes]:
    """Cut a file into blocks of whole lines; blank ones are left out."""
    with path.open("rb") as file:
        file.seek(start or next(_BLANK_LINES.finditer(file.read(_START))).end())
        rest = b""
        while more := file.read(BLOCK):
            block = rest + more
            end = max(block.rfind(b"\n"), block.rfind(b"\r") if b"\n" not in block else -1) + 1
            block, rest = block[:end], block[end:]
            if block.strip():
                yield block
        if rest.strip():
            yield rest


def _read_fast(block: bytes, header: Header, schema: pa.Schema, first: int) -> Sheet:
    table = pa_csv.read_csv(
        pa.BufferReader(block),
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=len(block) + 1, column_names=header.columns
        ),
        parse_options=pa_csv.ParseOptions(delimiter=header.delimiter),
        convert_options=pa_csv.ConvertOptions(
            include_columns=schema.names,
            column_types={field.name: field.type for field in schema},
            null_values=_NULLS,
            decimal_point=header.decimal,
        ),
    )
    return Sheet(table, np.arange(first, first + table.num_rows), [])


def _read_by_line(path: Path, block: bytes, header: Header, schema: pa.Schema, first: int) -> Sheet:
    lines = [_decode(line) for line in block.splitlines() if line.strip()]
    columns: list[list[float | str]] = [[] for _ in schema]
    rows: list[int] = []
    rejects: list[Reject] = []
    for row, line in enumerate(lines, start=first):
        values = _parse_line(line, header, schema)
        if isinstance(values, tuple):
            rejects.append(Reject(str(path), row, 1, *values))
            continue
        rows.append(row)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)
    return Sheet(table, np.array(rows, dtype=np.int64), rejects)


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")  # has a letter for each byte: two names stay two


def _parse_line(
    line: str, header: Header, schema: pa.Schema
) -> list[float | str] | tuple[str, str]:
    """Give the wanted cells of a line, or the reason and detail why it is no row."""
    try:
        cells = next(csv.reader([line], delimiter=header.delimiter, skipinitialspace=True))
    except csv.Error as error:
        return "ragged", str(error)
    if len(cells) != len(header.columns):
        return "ragged", f"{len(cells)} cells; the header has {len(header.columns)}"
    values: list[float | str] = []
    for field in schema:
        cell = cells[header.index[field.name]].strip()
        # A comma that is no delimiter is a decimal mark, wherever the first one stands.
        text = cell.replace(",", ".") if header.delimiter != "," else cell
        if field.type == pa.string():
            values.append(cell)
        elif cell.lower() in _MISSING:
            values.append(np.nan)
        elif _NUMBER.fullmatch(text):
            values.append(float(text))
        else:
            return "not_a_number", f"{field.name} is {cell[:40]!r}"
    return values
