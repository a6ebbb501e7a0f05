"""Read the first line of a CSV file: delimiter, decimal mark and column names."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

START, _HEADER_LIMIT = 1 << 14, 1 << 20  # bytes; OpenFace's header of 714 columns has 6,000
_LINES_TO_SEE = 3  # the header, a row that tells the decimal mark, and what may be cut off
_DECIMAL_COMMA = re.compile(rb"\d,\d")
_BLANK_LINES = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\v\f]*[\r\n])*")  # and a mark of UTF-8


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


def read_header(path: Path) -> Header:
    """Read the first line that is not blank and find delimiter and decimal mark.

    Raises `UnreadableError` where the file is empty, is not text or names a column twice.
    """
    with path.open("rb") as file:
        start = file.read(START)
        if len(start.splitlines()) < _LINES_TO_SEE:  # long lines, or many blank ones
            start += file.read(_HEADER_LIMIT - len(start))
    begin = blank_length(start)
    if not start[begin:].strip():
        raise UnreadableError("empty", "the file is empty")
    end = _end_of_line(start, begin)
    if end is None and len(start) == _HEADER_LIMIT:
        raise UnreadableError("unreadable", "the first line has over a million characters")
    line = start[begin:end].rstrip(b"\r\n")
    delimiter, columns = _parse_header(line)
    decimal = "."
    # The first row may hold zeros alone, so all that has been read is looked at.
    if delimiter != "," and end and _DECIMAL_COMMA.search(start, end):
        decimal = ","
    return _make_header(delimiter, decimal, end or len(start), columns)


def _end_of_line(start: bytes, begin: int) -> int | None:
    """Find where the first line ends, its line end included."""
    feed, back = start.find(b"\n", begin), start.find(b"\r", begin)
    if back >= 0 and (feed < 0 or back < feed - 1):
        return back + 1
    return feed + 1 or None


@lru_cache(maxsize=64)
def _parse_header(line: bytes) -> tuple[str, tuple[str, ...]]:
    """Give delimiter and names of a first line; files of one folder mostly have the same."""
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
    return delimiter, tuple(name or f"unnamed {i}" for i, name in enumerate(names))


@lru_cache(maxsize=64)
def _make_header(delimiter: str, decimal: str, length: int, columns: tuple[str, ...]) -> Header:
    """Make a header, the same object for files that are alike: comparing them then is cheap."""
    return Header(delimiter, decimal, length, columns)


def blank_length(start: bytes) -> int:
    """Give the length of what stands before the first line that is not blank."""
    return next(_BLANK_LINES.finditer(start)).end()
