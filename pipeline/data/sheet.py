"""Read the wanted columns of a CSV file, whatever its delimiter, and account for every row.

The fast way is pyarrow's parser. Where it stumbles (a cell that is no number, a row with too
few cells) the file is read again line by line, so that each bad row is named and the rest kept.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject

_HEADER_BYTES = 1 << 16
# What pyarrow takes for a number; Python's float() would take 1_0 as well.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_MISSING = {"", "nan", "na", "null", "none", "n/a", "#n/a"}


class UnreadableError(Exception):
    """A file that is not a table; carries the quarantine reason and a detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Header:
    """A file's first line: its delimiter, decimal mark and column names as they stand there."""

    delimiter: str
    decimal: str
    raw: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """Map each column name without blanks and quotes to the name as it stands."""
        return {name.strip().strip('"').strip(): name for name in reversed(self.raw)}


@dataclass(frozen=True)
class Sheet:
    """Columns of equal length, the number of each row in its file, and rows set aside."""

    numbers: dict[str, NDArray[np.float64]]
    texts: dict[str, NDArray[np.str_]]
    row: NDArray[np.int64]
    rejects: list[Reject] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        return len(self.row) + len(self.rejects)


def read_header(path: Path) -> Header:
    """Read the first line and find delimiter and decimal mark.

    Raises `UnreadableError` where the file is empty or not text.
    """
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
        while b"\n" not in start and (more := file.read(_HEADER_BYTES)):
            start += more
    if not start.strip():
        raise UnreadableError("empty", "the file is empty")
    try:
        lines = start.rsplit(b"\n", 1)[0].decode("utf-8-sig").splitlines() or [
            start.decode("utf-8-sig")
        ]
    except UnicodeDecodeError as error:
        raise UnreadableError("unreadable", f"not UTF-8 text: {error.reason}") from None
    if "\0" in lines[0]:
        raise UnreadableError("unreadable", "not text: it holds NUL bytes")
    delimiter = max(",;\t", key=lines[0].count)
    first_row = next((line for line in lines[1:] if line.strip()), "")
    decimal = "," if delimiter != "," and "," in first_row else "."
    return Header(delimiter, decimal, tuple(lines[0].split(delimiter)))


def read_sheet(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str] = ()
) -> Sheet:
    """Read the named columns; numbers as float64 with NaN for an empty cell.

    Raises `UnreadableError` where even the line-by-line way finds no table.
    """
    try:
        return _read_fast(path, header, numbers, texts)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return _read_by_line(path, header, numbers, texts)


def _read_fast(path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str]) -> Sheet:
    raw = header.names
    types = {raw[name]: pa.float64() for name in numbers}
    types |= {raw[name]: pa.string() for name in texts}
    plain = {name: _unquote(name) for name in types}
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=1 << 22),
        parse_options=pa_csv.ParseOptions(delimiter=header.delimiter),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(plain.values()),
            column_types={plain[name]: kind for name, kind in types.items()},
            decimal_point=header.decimal,
        ),
    )
    return Sheet(
        {name: _as_float(table[plain[raw[name]]]) for name in numbers},
        {name: _as_text(table[plain[raw[name]]].to_pylist()) for name in texts},
        np.arange(1, table.num_rows + 1),
    )


def _unquote(name: str) -> str:
    """Name a column as pyarrow does: quotes around the whole name fall away."""
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name


def _as_float(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.to_numpy()
    return values


def _as_text(values: Sequence[str | None]) -> NDArray[np.str_]:
    return np.array([(value or "").strip() for value in values], dtype=np.str_)


def _read_by_line(
    path: Path, header: Header, numbers: Sequence[str], texts: Sequence[str]
) -> Sheet:
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()[1:]
    cells = [
        next(csv.reader([line], delimiter=header.delimiter), []) for line in lines if line.strip()
    ]
    index = {name: header.raw.index(raw) for name, raw in header.names.items()}
    kept: list[list[float]] = []
    words: list[list[str]] = []
    rows: list[int] = []
    rejects: list[Reject] = []
    for row, line in enumerate(cells, start=1):
        problem = _ragged(line, header)
        values: list[float] = []
        if not problem:
            values, problem = _numbers(line, header, {name: index[name] for name in numbers})
        if problem:
            rejects.append(Reject(str(path), row, 1, *problem))
            continue
        kept.append(values)
        words.append([line[index[name]].strip() for name in texts])
        rows.append(row)
    block = np.array(kept, dtype=np.float64).reshape(len(kept), len(numbers))
    return Sheet(
        {name: block[:, i] for i, name in enumerate(numbers)},
        {name: _as_text([line[i] for line in words]) for i, name in enumerate(texts)},
        np.array(rows, dtype=np.int64),
        rejects,
    )


def _ragged(line: list[str], header: Header) -> tuple[str, str] | None:
    if len(line) == len(header.raw):
        return None
    return "ragged", f"{len(line)} cells; the header has {len(header.raw)}"


def _numbers(
    line: list[str], header: Header, index: dict[str, int]
) -> tuple[list[float], tuple[str, str] | None]:
    values: list[float] = []
    for name, at in index.items():
        cell = line[at].strip()
        if cell.lower() in _MISSING:
            values.append(np.nan)
        elif _NUMBER.fullmatch(text := cell.replace(header.decimal, ".")):
            values.append(float(text))
        else:
            return [], ("not_a_number", f"{name} is {cell!r}")
    return values, None
