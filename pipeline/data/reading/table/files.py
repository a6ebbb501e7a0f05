"""Find the Parquet files of a table, or make one of a CSV table, and check what they hold."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.quarantine import Reject
from pipeline.data.reading.contract import KEYS
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_blocks
from pipeline.data.reading.extractors import au_columns_of
from pipeline.data.reading.folders import files_below
from pipeline.data.reading.naming.labels_file import LABELS_FILE
from pipeline.data.reading.plan import Source, open_header
from pipeline.data.reading.table.column_types import (
    as_floats,
    float_type,
    holds_numbers,
    holds_words,
)
from pipeline.data.reading.table.parquet import BROKEN, ROW, TableFile, open_table

EXTRAS = ("frame", "success", "confidence", "valence")
_LOOK_ROWS = 1 << 16


@dataclass(frozen=True)
class Found:
    """A Parquet file that has a clip column, its rows and its schema.

    `columns` are those of the source, of which a CSV table's Parquet has the wanted ones alone.
    """

    path: Path
    name: str
    rows: int
    schema: pa.Schema
    columns: tuple[str, ...]
    placed: frozenset[str]


def find_files(source: Source) -> tuple[list[Found], list[Reject], int, list[str]]:
    """Give the files that look like tables, those set aside, how many there are, and the rest.

    A CSV table is laid out as Parquet first, for it cannot be read in another order.
    """
    every = sorted(path for path in files_below(source.path) if path.name != LABELS_FILE)
    parquets = [path for path in every if path.suffix.lower() == ".parquet"]
    if parquets or source.path.is_dir():
        items = [_check(path, str(path)) for path in parquets]
        rejects = [item for item in items if isinstance(item, Reject)]
        ignored = [str(path) for path in every if path not in parquets]
        return [item for item in items if isinstance(item, Found)], rejects, len(items), ignored
    header = open_header(source.path)
    if isinstance(header, Reject) or "clip" not in header.names:
        return [], [header] if isinstance(header, Reject) else [], 1, []
    path = source.scratch / "table.parquet"
    rejects = _to_parquet(source.path, header, path)
    item = _check(path, str(source.path), frozenset((ROW,)))
    if isinstance(item, Found):
        return [replace(item, columns=header.columns)], rejects, 1, []
    return [], rejects or [item], 1, []


def _to_parquet(source: Path, header: Header, target: Path) -> list[Reject]:
    """Copy the wanted columns of a CSV table, with the number of each row; return bad rows."""
    numbers = [name for name in (*EXTRAS, *AU_COLUMNS) if name in header.names]
    texts = [name for name in KEYS if name in header.names]
    rejects: list[Reject] = []
    writer: pq.ParquetWriter | None = None
    for sheet in read_blocks(source, header, numbers, texts):
        table = sheet.table.append_column(ROW, pa.array(sheet.row))
        writer = writer or pq.ParquetWriter(target, table.schema)
        writer.write_table(table)
        rejects += sheet.rejects
    if writer:
        writer.close()
    return rejects


def _check(path: Path, name: str, placed: frozenset[str] = frozenset()) -> Found | Reject:
    """Look at a file's schema; set the file aside where no row of it could be read."""
    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except BROKEN as error:
        return Reject(name, None, 0, "unreadable", f"it is not Parquet: {error}"[:200])
    fields = [field for field in schema if field.name in (*KEYS, *EXTRAS, *AU_COLUMNS)]
    counts = Counter(field.name for field in fields)
    if not rows:
        return Reject(name, None, 0, "empty", "the table has no rows")
    if twice := [column for column, count in counts.items() if count > 1]:
        return Reject(name, None, rows, "unreadable", f"names columns twice: {', '.join(twice)}")
    if wordless := [field for field in fields if field.name in KEYS and not _fits(field)]:
        detail = f"{_names(wordless)} hold {wordless[0].type}; words or whole numbers are allowed"
        return Reject(name, None, rows, "unreadable", detail)
    if wordy := [field for field in fields if not _fits(field)]:
        detail = f"{_names(wordy)} hold {wordy[0].type}"
        return Reject(name, None, rows, "not_a_number", detail)
    if "clip" not in counts:
        return Reject(name, None, rows, "missing_column", "lacks clip")
    return Found(path, name, rows, schema, tuple(schema.names), placed)


def _fits(field: pa.Field) -> bool:
    if field.name in KEYS:
        return holds_words(field.type)
    return holds_numbers(field.type) or (field.name in EXTRAS and pa.types.is_null(field.type))


def _names(fields: list[pa.Field]) -> str:
    return ", ".join(field.name for field in fields)


def settle(found: list[Found], extractor: str) -> tuple[list[TableFile], pa.Schema, list[Reject]]:
    """Choose the AU columns that most files have; set aside the files that lack any of them.

    The schema is the one that all files' rows will be given, AU columns last.
    """
    sets = {file.path: au_columns_of(extractor, file.schema.names) for file in found}
    counted = Counter(sets.values())
    chosen = max(filter(None, counted), key=lambda columns: (counted[columns], len(columns)))
    aus = [name for name in AU_COLUMNS if name in chosen]
    usable: list[TableFile] = []
    kinds: dict[str, list[pa.DataType]] = {}
    rejects = []
    for file in found:
        if lacking := [name for name in aus if name not in file.schema.names]:
            detail = f"lacks {', '.join(lacking)}"
            rejects.append(Reject(file.name, None, file.rows, "missing_column", detail))
            continue
        fills = frozenset(_filled(file, aus))
        for name in fills:
            kinds.setdefault(name, []).append(file.schema.field(name).type)
        number = len(usable)
        usable.append(TableFile(file.path, file.name, number, file.rows, fills, file.placed))
    return usable, _shared(kinds, aus), rejects


def _shared(kinds: Mapping[str, list[pa.DataType]], aus: list[str]) -> pa.Schema:
    words = [(name, pa.string()) for name in KEYS if name in kinds]
    numbers = [(name, float_type(kinds[name])) for name in (*EXTRAS, *aus) if name in kinds]
    return pa.schema(words + numbers)


def _filled(file: Found, aus: list[str]) -> Iterator[str]:
    """List the wanted columns of a file; one without any value is as if absent."""
    for name in (*KEYS, *EXTRAS, *aus):
        if name in file.schema.names and (name not in EXTRAS or _has_value(file, name)):
            yield name


def _has_value(file: Found, name: str) -> bool:
    """Say whether a column holds a number; where it does, its first rows mostly tell."""
    if pa.types.is_null(file.schema.field(name).type):
        return False
    try:
        with open_table(file.path) as opened:
            for batch in opened.iter_batches(_LOOK_ROWS, columns=[name]):
                values = as_floats(batch.column(name), pa.float64())
                if not np.isnan(values.to_numpy(zero_copy_only=False)).all():
                    return True
    except BROKEN:
        return True  # the rows that are damaged will be set aside when they are read
    return False
