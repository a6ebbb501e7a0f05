"""Find the Parquet files of a table, or make one of a CSV table, and check what they hold."""

import re
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
from pipeline.data.reading.contract import KEYS
from pipeline.data.reading.csv.bad_lines import FLAG
from pipeline.data.reading.csv.column_names import recognise_names
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_blocks, read_head
from pipeline.data.reading.csv.text import UnreadableError, is_plain_text, sheet_stem
from pipeline.data.reading.extractors import au_columns_of, recognise
from pipeline.data.reading.folders import files_below
from pipeline.data.reading.lost_suffix import Look, restore_suffixes
from pipeline.data.reading.naming.labels_file import LABELS_FILE
from pipeline.data.reading.plan import (
    NOT_TEXT,
    Source,
    describe_names,
    has_text_name,
    open_header,
    printable,
    reject_file,
)
from pipeline.data.reading.table.column_types import (
    as_floats,
    float_type,
    holds_numbers,
    holds_text,
    holds_words,
)
from pipeline.data.reading.table.parquet import BROKEN, ROW, TableFile, open_table
from pipeline.data.warnings import some

EXTRAS = ("frame", "success", "confidence", "valence")
_LOOK_ROWS = 1 << 16
_LIKELY = re.compile(r"(?i)video|file|record|clip|name|image")


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
    every = sorted(path for path in files_below(source.path) if path.name != LABELS_FILE)
    opened = {path: header for path in every if (header := _open(path, source)) is not None}
    tables = {path: found for path, found in opened.items() if isinstance(found, Header)}
    rejects = [found for found in opened.values() if isinstance(found, Reject)]
    given, notes = restore_suffixes(
        [Look(header.names, partial(first_rows, path, header)) for path, header in tables.items()]
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
    ignored = [printable(path) for path in every if path not in opened]
    return Search(found, rejects, len(opened), ignored, notes)


def is_parquet(path: Path) -> bool:
    """Say whether a file's name says that it is Parquet."""
    return path.suffix.lower() == ".parquet"


def _open(path: Path, source: Source) -> Header | Reject | None:
    """Read the names of a table's columns; None where a file of a folder is no table."""
    root = source.path
    if is_parquet(path):
        header = open_table_header(path)
    elif path == root or sheet_stem(path.name):
        header = open_header(path)
    else:
        return None
    if isinstance(header, Header):
        header = _with_columns(header, source.naming.columns)
    if isinstance(header, Header) and "clip" not in header.names:
        if path != root and is_plain_text(path.name) and not recognise(header.names):
            return None
        if is_parquet(path):
            rows = pq.read_metadata(path).num_rows
            return Reject(str(path), None, rows, "missing_column", _without_clip(header))
        return reject_file(path, "missing_column", _without_clip(header), header)
    return header


def _with_columns(header: Header, columns: Mapping[str, str]) -> Header:
    """Give columns the names of ours that the naming says; those of these names lose theirs."""
    theirs = {name.casefold(): ours for ours, name in columns.items()}
    given = {
        now: theirs[was.casefold()]
        for was, now in zip(header.written, header.columns, strict=True)
        if was.casefold() in theirs
    }
    aside = {name: f"other {name}" for name in given.values() if name not in given}
    return header.renamed(aside | given)


def _without_clip(header: Header) -> str:
    """Say what is there in the place of a clip column, and which of it may be meant."""
    known = {*KEYS, *EXTRAS, *AU_COLUMNS, "timestamp"}
    others = [name for name in header.columns if name not in known]
    likely = [name for name in others if _LIKELY.search(name)] + others
    told = f"lacks clip, its columns are {some(header.written, 20)}"
    if not likely:
        return told
    return (
        f"{told}; if {likely[0]} is the clip, add `columns: {{clip: {likely[0]}}}` to the naming "
        f"in params.yaml, or `--column clip={likely[0]}` to inspect"
    )


def open_table_header(path: Path) -> Header | Reject:
    """Read the names of a Parquet file's columns, or say why they cannot be read."""
    if not has_text_name(path):
        return Reject(printable(path), None, 0, "bad_name", NOT_TEXT)
    try:
        names = tuple(pq.read_schema(path).names)
    except BROKEN as error:
        return Reject(str(path), None, 0, "unreadable", f"it is not Parquet: {error}"[:200])
    return Header("", ".", 0, recognise_names(names), names)


def first_rows(path: Path, header: Header, names: Sequence[str]) -> pa.Table:
    """Read the first rows of columns as floats. Raises what reading a damaged file raises."""
    if not is_parquet(path):
        return read_head(path, header, names)
    with open_table(path) as file:
        stored = [header.written[header.index[name]] for name in names]
        batch = next(file.iter_batches(_LOOK_ROWS, columns=stored), None)
        if batch is None:
            raise UnreadableError("empty", "the table has no rows")
        columns = [as_floats(batch.column(name), pa.float64()) for name in stored]
    return pa.table(columns, names=list(names))


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
