"""Read one Parquet file of a table, some rows at a time, in the columns that all files share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.quarantine import Reject
from pipeline.data.reading.columns.lost_suffix import end_at_five
from pipeline.data.reading.rows.parts import UNLESS_SAID
from pipeline.data.reading.table.column_types import as_floats, encode

# Where a row was read: the number of its file in the plan, and its own there from 1.
FILE, ROW = "__file", "__row"
BATCH_ROWS = 1 << 20
_BUFFER = 1 << 20  # bytes a column; without it pyarrow loads a row group, however large
# What reading a damaged file raises; a name that is no UTF-8 is a UnicodeDecodeError.
BROKEN = (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError)


@dataclass(frozen=True)
class TableFile:
    """A Parquet file, what people call it, and which of the table's columns it fills.

    `placed` names those of FILE and ROW that an earlier pass wrote into it, `stored` how the file
    itself calls columns, where that differs, `restored` the columns whose suffix was lost.
    """

    path: Path
    name: str
    number: int
    rows: int
    fills: frozenset[str]
    placed: frozenset[str] = frozenset()
    stored: Mapping[str, str] = field(default_factory=dict)
    restored: frozenset[str] = frozenset()

    def stored_names(self, names: Iterable[str]) -> list[str]:
        """Give the names by which the file itself knows columns."""
        return [self.stored.get(name, name) for name in names]


def open_table(path: Path) -> pq.ParquetFile:
    """Open a file so that its columns of words come encoded by dictionary, as they are stored."""
    schema = pq.read_schema(path)
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    return pq.ParquetFile(
        path,
        read_dictionary=words,
        buffer_size=_BUFFER,
        pre_buffer=False,
        page_checksum_verification=True,
    )


def damage(file: TableFile, first: int, last: int, error: BaseException) -> Reject:
    """Set the rows of a file aside that cannot be read."""
    detail = " ".join(f"rows {first} to {last} cannot be read: {error}".split())
    return Reject(file.name, None, last - first + 1, "unreadable", detail[:300])


def read_rows(
    file: TableFile, schema: pa.Schema, start: int, stop: int
) -> Iterator[pa.Table | Reject]:
    """Read rows [start, stop) with FILE and ROW; what is damaged of them comes as a reject.

    Row groups without such rows are not touched, so damage costs the rest of one row group.
    """
    with open_table(file.path) as opened:
        begin = 0
        for group in range(opened.num_row_groups):
            end = begin + opened.metadata.row_group(group).num_rows
            if begin < stop and end > start:
                yield from _read_group(opened, file, schema, group, begin, (start, min(end, stop)))
            begin = end


def _read_group(
    opened: pq.ParquetFile,
    file: TableFile,
    schema: pa.Schema,
    group: int,
    row: int,
    wanted: tuple[int, int],
) -> Iterator[pa.Table | Reject]:
    """Read the wanted rows of a row group that begins at `row`."""
    start, stop = wanted
    names = [name for name in (*schema.names, FILE, ROW) if name in file.fills | file.placed]
    try:
        stored = file.stored_names(names)
        for batch in opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=stored):
            low, high = max(start - row, 0), min(stop - row, batch.num_rows)
            if low < high:
                yield _shape(batch.slice(low, high - low), file, schema, row + low)
            row += batch.num_rows
            if row >= stop:
                break
    except BROKEN as error:
        if file.placed:  # written by this program, a moment ago
            raise
        yield damage(file, max(start, row) + 1, stop, error)


def _shape(batch: pa.RecordBatch, file: TableFile, schema: pa.Schema, before: int) -> pa.Table:
    """Lay a batch out in the table's columns, and note where each row comes from."""
    count = batch.num_rows
    columns = {}
    for one in schema:
        if one.name not in file.fills:
            columns[one.name] = _absent(one, count)
            continue
        column = batch.column(file.stored.get(one.name, one.name))
        if one.type == pa.string():
            columns[one.name] = encode(column)
        else:
            floats = as_floats(column, one.type)
            columns[one.name] = end_at_five(floats) if one.name in file.restored else floats
    places = {
        FILE: np.full(count, file.number, dtype=np.int32),
        ROW: np.arange(before + 1, before + count + 1),
    }
    for name, place in places.items():
        columns[name] = batch.column(name) if name in file.placed else pa.array(place)
    return pa.table(columns)


def _absent(field: pa.Field, count: int) -> pa.Array:
    if field.type == pa.string():
        return encode(pa.nulls(count, pa.string()))
    return pa.array(np.full(count, UNLESS_SAID.get(field.name, np.nan)), field.type)


def empty(schema: pa.Schema) -> pa.Table:
    """Give a table of these columns, FILE and ROW, without rows."""
    none = TableFile(Path(), "", 0, 0, frozenset())
    return _shape(pa.RecordBatch.from_pylist([], pa.schema([])), none, schema, 0)
