"""Read the first line of a CSV file: delimiter, decimal mark and column names."""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from pipeline.data.reading.csv.column_names import clean, recognise_names
from pipeline.data.reading.csv.preamble import DELIMITERS, blank_length, preamble_length
from pipeline.data.reading.csv.spare_cell import ROWS_SEEN, ends_spare, lack_last
from pipeline.data.reading.csv.text import UnreadableError, chunks

_START, _HEADER_LIMIT = 1 << 14, 1 << 20  # bytes; OpenFace's header of 714 columns has 6,000
_LINES_TO_SEE = 2 + ROWS_SEEN  # the header, rows that tell more, and what may be cut off
UNNAMED = "unnamed "
_DECIMAL_COMMA = re.compile(rb"\d,\d")
_QUOTED_COMMA = re.compile(rb'"\s*[+-]?\d*,\d+\s*"')  # between commas a decimal comma is quoted
_POINT = re.compile(rb"\d\.\d")


@dataclass(frozen=True)
class Header:
    """A file's first line: delimiter, decimal mark, length in bytes of UTF-8, column names.

    `columns` are the names that were meant, `written` those that stand there. `length` counts what
    stands before the header too; `preamble` says that this is more than blank lines. `spare` says
    that rows may end in one more cell, which has no name and is empty.
    """

    delimiter: str
    decimal: str
    length: int
    columns: tuple[str, ...]
    written: tuple[str, ...]
    preamble: bool = False
    spare: bool = False

    def renamed(self, given: Mapping[str, str]) -> "Header":
        """Give columns other names."""
        if not given:
            return self
        return replace(self, columns=tuple(given.get(name, name) for name in self.columns))

    @cached_property
    def restored(self) -> frozenset[str]:
        """The names of action units that say more than what was written."""
        pairs = zip(recognise_names(self.written), self.columns, strict=True)
        return frozenset(now for was, now in pairs if was != now and now.startswith("AU"))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns, as they were meant."""
        return frozenset(self.columns)

    @cached_property
    def index(self) -> dict[str, int]:
        """The place of each column in a row."""
        return {name: i for i, name in enumerate(self.columns)}


def read_header(path: Path) -> Header:
    """Read the line that names the columns and find delimiter and decimal mark.

    Raises `UnreadableError` where the file is empty, is not text or names a column twice.
    """
    start = _read_start(path)
    begin = preamble_length(start)
    if not start[begin:].strip():
        raise UnreadableError("empty", "the file is empty")
    end = _end_of_line(start, begin)
    if end is None and len(start) >= _HEADER_LIMIT:
        raise UnreadableError("unreadable", "the first line has over a million characters")
    line = start[begin:end].rstrip(b"\r\n")
    delimiter, columns, written = _parse_header(line)
    # The first row may hold zeros alone, so all that has been read is looked at.
    decimal = _decimal_mark(start[end:], delimiter) if end else "."
    seen = _lines(start[end:])[:ROWS_SEEN] if end else []
    rows = [row.decode(errors="replace") for row in seen]
    spare = ends_spare(rows, delimiter, len(columns), columns[0])
    if columns[-1].startswith(UNNAMED) and lack_last(rows, delimiter, len(columns)):
        spare, columns, written = True, columns[:-1], written[:-1]
    preamble = begin > blank_length(start)
    return _make_header(delimiter, decimal, end or len(start), columns, written, preamble, spare)


def _read_start(path: Path) -> bytes:
    """Read a file's beginning: one piece, or more where lines are long or many are blank."""
    start = b""
    with closing(chunks(path, _START)) as pieces:
        for piece in pieces:
            start += piece
            lines = _lines(start[preamble_length(start) :])
            if len(lines) >= _LINES_TO_SEE or len(start) >= _HEADER_LIMIT:
                break
    return start


def _lines(text: bytes) -> list[bytes]:
    """Give lines that are not blank."""
    return [line for line in text.splitlines() if line.strip()]


def _decimal_mark(rows: bytes, delimiter: str) -> str:
    if delimiter != ",":
        return "," if _DECIMAL_COMMA.search(rows) else "."
    return "," if _QUOTED_COMMA.search(rows) and not _POINT.search(rows) else "."


def _end_of_line(start: bytes, begin: int) -> int | None:
    """Find where the first line ends, its line end included."""
    feed, back = start.find(b"\n", begin), start.find(b"\r", begin)
    if back >= 0 and (feed < 0 or back < feed - 1):
        return back + 1
    return feed + 1 or None


@lru_cache(maxsize=64)
def _parse_header(line: bytes) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Give delimiter, names as meant and as written; files of one folder mostly have the same."""
    if b"\0" in line:
        raise UnreadableError("unreadable", "it is not text: its first line holds NUL bytes")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("unreadable", f"it is not UTF-8 text: {error.reason}") from None
    delimiter = max(DELIMITERS, key=text.count)
    try:
        cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise UnreadableError("unreadable", f"its first line is no header: {error}") from None
    written = tuple(clean(name) or f"{UNNAMED}{i}" for i, name in enumerate(cells))
    columns = recognise_names(written)
    counts = Counter(columns)
    if twice := [name for name, count in counts.items() if count > 1]:
        spelled = [w for w, c in zip(written, columns, strict=True) if c in twice and w != c]
        told = ", ".join(twice) + (f" (spelled {', '.join(spelled)})" if spelled else "")
        raise UnreadableError("unreadable", f"it names columns twice: {told}")
    return delimiter, columns, written


@lru_cache(maxsize=64)
def _make_header(
    delimiter: str,
    decimal: str,
    length: int,
    columns: tuple[str, ...],
    written: tuple[str, ...],
    preamble: bool,
    spare: bool,
) -> Header:
    """Make a header, the same object for files that are alike: comparing them then is cheap."""
    return Header(delimiter, decimal, length, columns, written, preamble, spare)
