"""Read a CSV block line by line, slowly, so that each bad row is named and the rest kept."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import PRESENCES
from pipeline.data.quarantine import Reject
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.lines import rows_of, split_row

# What pyarrow takes for a number; Python's float() would take 1_0 as well.
_NUMBER = re.compile(r"(?ai)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?")
MISSING = ("", "nan", "-nan", "na", "null", "none", "n/a", "#n/a")
# The columns that programs fill with words; also as Excel writes them in German and French.
FLAG = "success"
FLAGS = (FLAG, *PRESENCES)
_TRUE = ("true", "t", "yes", "y", "wahr", "vrai")
_FALSE = ("false", "f", "no", "n", "falsch", "faux")
FLAG_WORDS = dict.fromkeys(_TRUE, 1.0) | dict.fromkeys(_FALSE, 0.0)


def in_words(column: str) -> str:
    """Say that a flag was given in words."""
    told = "success is" if column == FLAG else f"presences such as {PRESENCES[0]} are"
    return f"{told} given in words such as True and False, read as 1 and 0"


@dataclass(frozen=True)
class Sheet:
    """Numbers (float64, null where a cell is empty) and texts, each row's number in its file."""

    table: pa.Table
    row: NDArray[np.int64]
    rejects: list[Reject]
    notes: frozenset[str] = frozenset()  # what was assumed

    @property
    def rows_read(self) -> int:
        return len(self.row) + len(self.rejects)


def read_by_line(path: Path, block: bytes, header: Header, schema: pa.Schema, first: int) -> Sheet:
    """Read whole lines, the first of which is row `first` of its file; name each bad one."""
    lines = [_decode(line) for line in block.splitlines() if line.strip()]
    columns: list[list[float | str]] = [[] for _ in schema]
    rows: list[int] = []
    rejects: list[Reject] = []
    notes: set[str] = set()
    for row, line in enumerate(rows_of(lines, header), start=first):
        values = _parse_line(line, header, schema, notes)
        if isinstance(values, tuple):
            rejects.append(Reject(str(path), row, 1, *values))
            continue
        rows.append(row)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)
    return Sheet(table, np.array(rows, dtype=np.int64), rejects, frozenset(notes))


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")  # has a letter for each byte: two names stay two


def _parse_line(
    line: str, header: Header, schema: pa.Schema, notes: set[str]
) -> list[float | str] | tuple[str, str]:
    """Give the wanted cells of a row, or the reason and detail why it is no row."""
    try:
        cells = split_row(line, header)
    except csv.Error as error:
        return "ragged", str(error)
    if len(cells) != len(header.columns):
        return "ragged", f"{len(cells)} cells; the header has {len(header.columns)}"
    values: list[float | str] = []
    # A comma that is no delimiter is a decimal mark, wherever the first one stands.
    commas = header.delimiter != "," or header.decimal == ","
    for field in schema:
        cell = cells[header.index[field.name]].strip()
        value = cell if field.type == pa.string() else read_number(cell, field.name, commas=commas)
        if value is None:
            return "not_a_number", f"{field.name} is {cell[:40]!r}"
        values.append(value)
        if field.name in FLAGS and cell.lower() in FLAG_WORDS:
            notes.add(in_words(field.name))
    return values


def read_number(cell: str, column: str, *, commas: bool = False) -> float | None:
    """Read a cell as a number, NaN where it is empty; None where it is something else."""
    text = cell.strip().replace(",", ".") if commas else cell.strip()
    if text.lower() in MISSING:
        return np.nan
    if _NUMBER.fullmatch(text):
        return float(text)
    return FLAG_WORDS.get(text.lower()) if column in FLAGS else None
