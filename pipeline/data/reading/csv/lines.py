"""Split rows of CSV into cells, and keep the lines together of one whose quoted cell goes on."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain

from pipeline.data.reading.csv.header import Header

_MOST_LINES = 100  # of one row: a quote that is never closed must not be sought for ever


def end_of_rows(block: bytes) -> int:
    """Give where the last whole line of a block ends that is not in the midst of a quoted cell.

    After a stray quote every line seems to be; then the last one counts.
    """
    mark = b"\n" if b"\n" in block else b"\r"
    last = end = block.rfind(mark) + 1
    quotes = block.count(b'"', 0, end)
    for _ in range(_MOST_LINES):
        if quotes % 2 == 0:
            break
        before = block.rfind(mark, 0, end - 1) + 1
        quotes -= block.count(b'"', before, end)
        end = before
    return end if quotes % 2 == 0 else last


def rows_of(lines: Sequence[str], header: Header) -> Iterator[str]:
    """Yield each row, of one line or of several."""
    place = 0
    while place < len(lines):
        end = place + _count(lines, place, header)
        yield "\n".join(lines[place:end])
        place = end


def split_row(row: str, header: Header) -> list[str]:
    """Split a row into cells. Raises `csv.Error`."""
    cells: list[str] = next(csv.reader([row], delimiter=header.delimiter, skipinitialspace=True))
    if header.spare and len(cells) == len(header.columns) + 1 and not cells[-1].strip():
        cells.pop()
    return cells


def _count(lines: Sequence[str], place: int, header: Header) -> int:
    """Count the lines of the row that begins here.

    Several are one row where they make a whole one together and none of those below does so by
    itself: a stray quote joins no rows.
    """
    if '"' not in lines[place]:
        return 1
    last = min(place + _MOST_LINES, len(lines))
    taken = (f"{lines[i]}\n" for i in range(place, last))
    reader = csv.reader(chain(taken, ["\n"]), delimiter=header.delimiter, skipinitialspace=True)
    try:
        next(reader)
        count = reader.line_num
        if count == 1 or count > last - place:  # one line, or a quote that nothing closes
            return 1
        joined = _is_row("\n".join(lines[place : place + count]), header)
        alone = any(_is_row(line, header) for line in lines[place + 1 : place + count])
    except csv.Error:
        return 1
    return count if joined and not alone else 1


def _is_row(row: str, header: Header) -> bool:
    return len(split_row(row, header)) == len(header.columns)
