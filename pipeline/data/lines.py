"""Read a CSV block line by line, slowly, so that each bad row is named and the rest kept."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.header import Header
from pipeline.data.quarantine import Reject

# What pyarrow takes for a number; Python's float() would take 1_0 as well.
_NUMBER = re.compile(r"(?ai)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?")
MISSING = ("", "nan", "-nan", "na", "null", "none", "n/a", "#n/a")


@dataclass(frozen=True)
class Sheet:
    """Numbers (float64, null where a cell is empty) and texts, each row's number in its file."""

    table: pa.Table
    row: NDArray[np.int64]
    rejects: list[Reject]

    @property
    def rows_read(self) -> int:
        return len(self.row) + len(self.rejects)


def read_by_line(path: Path, block: bytes, header: Header, schema: pa.Schema, first: int) -> Sheet:
    """Read whole lines, the first of which is row `first` of its file; name each bad one."""
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
        elif cell.lower() in MISSING:
            values.append(np.nan)
        elif _NUMBER.fullmatch(text):
            values.append(float(text))
        else:
            return "not_a_number", f"{field.name} is {cell[:40]!r}"
    return values
