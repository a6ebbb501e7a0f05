"""Find the Parquet files of a table, or make one of a CSV table, and check what they hold."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.quarantine import Reject
from pipeline.data.reading.bad_files import reject_file
from pipeline.data.reading.columns.extractors import au_columns_of, choose_aus
from pipeline.data.reading.columns.lost_suffix import Look, restore_suffixes
from pipeline.data.reading.columns.notes import describe_names
from pipeline.data.reading.csv.bad_lines import FLAG
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_blocks
from pipeline.data.reading.csv.text import UnreadableError
from pipeline.data.reading.plan import Source
from pipeline.data.reading.rows.contract import KEYS
from pipeline.data.reading.table.column_types import (
    as_floats,
    float_type,
    holds_numbers,
    holds_text,
    holds_words,
)
from pipeline.data.reading.table.headers import EXTRAS, first_rows, is_parquet, open_tables
from pipeline.data.reading.table.parquet import BROKEN, ROW, TableFile, open_table

_LOOK_ROWS = 1 << 16


@dataclass(frozen=True)
class Found:
    """A Parquet file that has a clip column, its rows and its schema, names as they are meant.

    `header` has the names of the source, of which a CSV table's Parquet has the wanted ones alone.
    """

    path: Path
    name: str
    rows: int
    schema: pa.Schema
    header: Header
    stored: Mapping[str, str]  # names as they stand in the Parquet file, where they differ
    placed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Search:
    """What was found at a path: tables, what was set aside, the number of both, and the rest."""

    found: list[Found]
    rejects: list[Reject]
    count: int
    ignored: list[str]
    notes: list[str]


def find_files(source: Source) -> Search:
    """Find the tables of a folder, or the one that a path names.

    A CSV table is laid out as Parquet first, for it cannot be read in another order.
    """
    opened, ignored = open_tables(source)
    tables = {path: found for path, found in opened.items() if isinstance(found, Header)}
    rejects = [found for found in opened.values() if isinstance(found, Reject)]
    given, notes = restore_suffixes(
        [
            Look(path, header.names, partial(first_rows, path, header))
            for path, header in tables.items()
        ]
    )
    found = []
    for number, (path, names) in enumerate(zip(tables, given, strict=True)):
        header = tables[path].renamed(names)
        if is_parquet(path):
            meant = dict(zip(header.written, header.columns, strict=True))
            items: list[Found | Reject] = [_check(path, str(path), header, meant)]
        else:
            items = _lay_out(path, header, source.scratch / f"table_{number:05d}.parquet")
        found += [item for item in items if isinstance(item, Found)]
        rejects += [item for item in items if isinstance(item, Reject)]
    notes += describe_names(file.header for file in found)
    return Search(found, rejects, len(opened), ignored, notes)


def _lay_out(source: Path, header: Header, target: Path) -> list[Found | Reject]:
    """Copy the wanted columns of a CSV table, with the number of each row, and name bad rows."""
    numbers = [name for name in (*EXTRAS, *AU_COLUMNS) if name in header.names]
    texts = [name for name in KEYS if name in header.names]
    rejects: list[Found | Reject] = []
    writer: pq.ParquetWriter | None = None
    try:
        for sheet in read_blocks(source, header, numbers, texts):
            table = sheet.table.append_column(ROW, pa.array(sheet.row))
            writer = writer or pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
            rejects += sheet.rejects
    except UnreadableError as error:
        return [reject_file(source, error.reason, error.detail, header)]
    finally:
        if writer:
            writer.close()
    item = _check(target, str(source), header, {}, frozenset((ROW,)))
    return [item, *rejects] if isinstance(item, Found) else rejects or [item]


def _check(
    path: Path,
    name: str,
    header: Header,
    meant: Mapping[str, str],
    placed: frozenset[str] = frozenset(),
) -> Found | Reject:
    """Look at a file's schema; set the file aside where no row of it could be read."""
    try:
        with pq.ParquetFile(path) as file:
            rows, stored = file.metadata.num_rows, file.schema_arrow
    except BROKEN as error:
        return Reject(name, None, 0, "unreadable", f"it is not Parquet: {error}"[:200])
    schema = pa.schema([field.with_name(meant.get(field.name, field.name)) for field in stored])
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
    named = {meant[word]: word for word in stored.names if meant.get(word, word) != word}
    return Found(path, name, rows, schema, header, named, placed)


def _fits(field: pa.Field) -> bool:
    if field.name in KEYS:
        return holds_words(field.type)
    if field.name == FLAG and holds_text(field.type):
        return True
    return holds_numbers(field.type) or (field.name in EXTRAS and pa.types.is_null(field.type))


def _names(fields: list[pa.Field]) -> str:
    return ", ".join(field.name for field in fields)


def settle(
    found: list[Found], extractor: str, needed: Sequence[str]
) -> tuple[list[TableFile], pa.Schema, list[Reject]]:
    """Choose the AU columns as `choose_aus`; set aside the files that lack any of them.

    The schema is the one that all files' rows will be given, AU columns last.
    """
    aus = choose_aus((au_columns_of(extractor, file.schema.names) for file in found), needed)
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
        usable.append(
            TableFile(
                file.path,
                file.name,
                number,
                file.rows,
                fills,
                file.placed,
                file.stored,
                file.header.restored,
            )
        )
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
            for batch in opened.iter_batches(_LOOK_ROWS, columns=[file.stored.get(name, name)]):
                values = as_floats(batch.column(0), pa.float64())
                if not np.isnan(values.to_numpy(zero_copy_only=False)).all():
                    return True
    except BROKEN:
        return True  # the rows that are damaged will be set aside when they are read
    return False
