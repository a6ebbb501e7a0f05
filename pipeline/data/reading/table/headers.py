"""Read the names of a table's columns, whatever its format, and miss none that is needed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.quarantine import Reject
from pipeline.data.reading.bad_files import (
    NOT_TEXT,
    has_text_name,
    open_header,
    printable,
    reject_file,
)
from pipeline.data.reading.columns.extractors import recognise
from pipeline.data.reading.csv.column_names import recognise_names
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_head
from pipeline.data.reading.csv.text import UnreadableError, is_plain_text, sheet_stem
from pipeline.data.reading.folders import files_among
from pipeline.data.reading.naming.labels_place import find_labels, is_labels
from pipeline.data.reading.plan import Source
from pipeline.data.reading.rows.contract import KEYS
from pipeline.data.reading.table.column_types import (
    as_floats,
)
from pipeline.data.reading.table.parquet import BROKEN, open_table
from pipeline.data.warnings import some

EXTRAS = ("frame", "success", "confidence", "valence")
_LOOK_ROWS = 1 << 16
# What OpenFace and py-feat write beside action units.
_OF_EXTRACTORS = ("timestamp", "face_id", "face", "FaceScore", "Identity", "approx_time")
_MEASURED = re.compile(r"(?i)\W*(?:gaze_|pose_|eye_lmk_|[xyzp]_|FaceRect|unnamed )")
_LIKELY = re.compile(r"(?i)video|file|record|clip|name|image")


def is_parquet(path: Path) -> bool:
    """Say whether a file's name says that it is Parquet."""
    return path.suffix.lower() == ".parquet"


def open_tables(source: Source) -> tuple[dict[Path, Header | Reject], list[str]]:
    """Read the names of the columns of all tables of a source; name the other files."""
    root = source.path
    labels = find_labels(root if root.is_dir() else root.parent)
    every = sorted(path for path in files_among(root, source.chosen) if path != labels)
    opened = {
        path: header
        for path in every
        if not is_labels(path) and (header := _open_columns(path, source)) is not None
    }
    return opened, [printable(path) for path in every if path not in opened]


def describe_partitions(paths: Iterable[Path], root: Path) -> list[str]:
    """Say that a column which gave folders their names, as Spark and Dask write it, is not read."""
    folders = [path.relative_to(root).parts[:-1] for path in paths if path != root]
    parts = dict.fromkeys(part for names in folders for part in names)
    named = [part for part in parts if part.partition("=")[0] in KEYS and "=" in part]
    if not named:
        return []
    return [
        f"folders such as {named[0]} are not read as a column {named[0].partition('=')[0]}: write "
        "it into the tables (without `partition_cols`)"
    ]


def _open_columns(path: Path, source: Source) -> Header | Reject | None:
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
    known = {*KEYS, *EXTRAS, *AU_COLUMNS, *_OF_EXTRACTORS}
    others = [n for n in header.columns if n not in known and not _MEASURED.match(n)]
    likely = [name for name in others if _LIKELY.search(name)] + others
    told = f"lacks clip, its columns are {some(header.written, 20)}"
    if "timestamp" in header.names or not likely:
        told += "; if each file is a clip, its layout is openface or pyfeat (`--layout openface`)"
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
