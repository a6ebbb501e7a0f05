"""Read one table (CSV, Parquet, or a folder of Parquet) that has a `clip` column.

One row is a frame, or a whole clip: without a `frame` column the rows of a clip are numbered
from 1. `subject`, `emotion`, `valence_class` and `valence` are used where they stand; what is
missing is read from labels.csv or the clip's name. The table may be larger than memory.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.clips import LABELS_FILE, Naming
from pipeline.data.extractors import au_columns_of, refuse_other
from pipeline.data.header import Header
from pipeline.data.layouts.openface import files_below
from pipeline.data.plan import Plan, Source, open_header
from pipeline.data.quarantine import Reject
from pipeline.data.rows import KEYS, Raw
from pipeline.data.sheet import read_blocks
from pipeline.data.spool import (
    FILE,
    ROW,
    Piece,
    encode,
    find_clips,
    pieces_in_order,
    read_piece,
    spread,
)
from pipeline.data.units import AU_COLUMNS, VALENCE_CLASSES
from pipeline.errors import InputError

_EXTRAS = ("frame", "success", "confidence", "valence")


def plan(source: Source) -> Plan:
    """Find the rows of each clip; jobs read whole clips, whatever the order in the table.

    Raises `InputError` where the table has no clip column or no action unit.
    """
    files, rejects, ignored = _parquet_files(source)
    schemas = {path: schema for path in files if (schema := _schema(files[path], path, rejects))}
    extractor = refuse_other(((files[p], schema.names) for p, schema in schemas.items()), None)
    if extractor is None:
        raise _no_table(source.path, [reject.detail for reject in rejects], schemas)
    usable, aus = _settle(schemas, files, extractor, rejects)
    present = {name for path in usable for name in schemas[path].names}
    columns = [name for name in (*KEYS, *_EXTRAS, *aus, ROW) if name in present]
    clips = find_clips(usable, partial(_subject_of, source.naming))
    pieces = (
        pieces_in_order(clips) if clips.ordered else spread(usable, columns, clips, source.scratch)
    )
    names = [files[path] for path in usable]
    place = {path: i for i, path in enumerate(usable)}
    return Plan(
        jobs=[partial(read, piece, columns, names, place, source.naming) for piece in pieces],
        subjects=sorted({owner for owner in clips.subject.values() if owner}),
        clips=[clip for clip in clips.ranked() if clip and clips.subject[clip]],
        aus=aus,
        extractor=extractor,
        files=len(files),
        rejects=rejects,
        ignored=ignored,
    )


def _subject_of(naming: Naming, clip: str) -> str | None:
    identity = naming.describe(clip)
    return identity.subject if identity else None


def _no_table(path: Path, problems: list[str], schemas: Mapping[Path, pa.Schema]) -> InputError:
    columns = [", ".join(schema.names[:20]) for schema in schemas.values()]
    found = [*problems, *columns, "no .csv or .parquet file"][0]
    return InputError(
        f"{path}: a table with a clip column and action units such as AU06_r is needed; found "
        f"{found}. Check data.path and data.layout."
    )


def _parquet_files(source: Source) -> tuple[dict[Path, str], list[Reject], list[str]]:
    """List the Parquet files to read with the names that people know them by.

    A CSV table is laid out as Parquet first, for it cannot be read in another order.
    """
    every = sorted(path for path in files_below(source.path) if path.name != LABELS_FILE)
    files = {path: str(path) for path in every if path.suffix.lower() == ".parquet"}
    if files or source.path.is_dir():
        return files, [], [str(path) for path in every if path not in files]
    header = open_header(source.path)
    if isinstance(header, Reject) or "clip" not in header.names:
        return {}, [header] if isinstance(header, Reject) else [], []
    path = source.scratch / "table.parquet"
    return {path: str(source.path)}, _to_parquet(source.path, header, path), []


def _to_parquet(source: Path, header: Header, target: Path) -> list[Reject]:
    """Copy the wanted columns of a CSV table, with the number of each row; return bad rows."""
    numbers = [name for name in (*_EXTRAS, *AU_COLUMNS) if name in header.names]
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


def _schema(name: str, path: Path, rejects: list[Reject]) -> pa.Schema | None:
    """Read a file's schema; set the file aside where it is no Parquet, has no rows or words."""
    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowInvalid, OSError) as error:
        rejects.append(Reject(name, None, 0, "unreadable", f"it is not Parquet: {error}"[:200]))
        return None
    wordy = [
        column.name
        for column in schema
        if column.name in (*_EXTRAS, *AU_COLUMNS) and not _is_number(column.type)
    ]
    if not rows and not any(reject.file == name for reject in rejects):
        rejects.append(Reject(name, None, 0, "empty", "the table has no rows"))
    elif wordy:
        detail = f"{', '.join(wordy)} hold {schema.field(wordy[0]).type}"
        rejects.append(Reject(name, None, rows, "not_a_number", detail))
    elif "clip" not in schema.names:
        rejects.append(Reject(name, None, rows, "missing_column", "lacks clip"))
    else:
        return schema
    return None


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind))


def _settle(
    schemas: Mapping[Path, pa.Schema],
    names: Mapping[Path, str],
    extractor: str,
    rejects: list[Reject],
) -> tuple[list[Path], list[str]]:
    """Choose the AU columns that most files have; set aside the files that lack any of them."""
    sets = {path: au_columns_of(extractor, schema.names) for path, schema in schemas.items()}
    counted = Counter(sets.values())
    chosen = max(filter(None, counted), key=lambda columns: (counted[columns], len(columns)))
    aus = [name for name in AU_COLUMNS if name in chosen]
    usable = []
    for path, present in sets.items():
        if lacking := [name for name in aus if name not in present]:
            rows = pq.read_metadata(path).num_rows
            detail = f"lacks {', '.join(lacking)}"
            rejects.append(Reject(names[path], None, rows, "missing_column", detail))
        else:
            usable.append(path)
    return usable, aus


def read(
    piece: Piece,
    columns: Sequence[str],
    names: Sequence[str],
    place: Mapping[Path, int],
    naming: Naming,
) -> Raw:
    """Read a piece of whole clips; rows without clip or subject are set aside."""
    table = read_piece(piece, columns, place).combine_chunks()
    words = {name: encode(_flat(table[name])) for name in KEYS if name in table.column_names}
    keys, named = _complete(words, naming)
    file, row = table[FILE].to_numpy(), table[ROW].to_numpy()
    rejects = [
        Reject(names[file[i]], int(row[i]), 1, "unnamed", "its clip has no name or no subject")
        for i in np.flatnonzero(~named)
    ]
    if rejects:
        table, file, row = table.filter(pa.array(named)), file[named], row[named]
        keys = {name: column.filter(pa.array(named)) for name, column in keys.items()}
    taken = [name for name in columns if name not in KEYS and name != ROW]
    numbers = {name: _numbers(table[name]) for name in taken}
    if "frame" not in numbers:
        numbers["frame"] = _number_within(keys["clip"].indices.to_numpy())
    return Raw(names, file, row, keys, numbers, rejects)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined


def _numbers(column: pa.ChunkedArray) -> NDArray[np.floating]:
    """Give a column as floats; float32 stays as it is, null becomes NaN."""
    values = column.to_numpy()
    numbers: NDArray[np.floating] = (
        values if values.dtype.kind == "f" else values.astype(np.float64)
    )
    return numbers


def _complete(
    words: dict[str, pa.DictionaryArray], naming: Naming
) -> tuple[dict[str, pa.DictionaryArray], NDArray[np.bool_]]:
    """Fill subject, emotion and valence class from the clips' names where the table is silent."""
    clip = words["clip"]
    known = [naming.describe(name) for name in clip.dictionary.to_pylist()]
    keys = {"clip": clip}
    for name in ("subject", "valence_class", "emotion"):
        guess = pa.array([getattr(who, name, None) for who in known], pa.string())
        keys[name] = _fill(words.get(name), guess, clip)
    classes = set(keys["valence_class"].dictionary.to_pylist()) - {*VALENCE_CLASSES, None}
    if classes:
        raise InputError(
            f"valence_class is {', '.join(sorted(classes))}; {', '.join(VALENCE_CLASSES)} are "
            "allowed. Mend the table or data.naming."
        )
    whole: NDArray[np.bool_] = np.ones(len(clip), dtype=bool)
    for column in (clip, keys["subject"]):
        if column.null_count:
            whole &= column.is_valid().to_numpy(zero_copy_only=False)
    return keys, whole


def _fill(
    own: pa.DictionaryArray | None, guess: pa.Array, clip: pa.DictionaryArray
) -> pa.DictionaryArray:
    if own is not None and not own.null_count:
        return own
    guessed = guess.dictionary_encode()
    codes = guessed.indices.take(clip.indices)
    if own is None:
        return pa.DictionaryArray.from_arrays(codes, guessed.dictionary)
    by_clip = guess.take(clip.indices)
    return pc.coalesce(own.dictionary_decode(), by_clip).dictionary_encode()


def _number_within(codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Count the rows of each clip from 1 in the order in which they stand."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
    counts = np.diff(np.r_[starts, len(codes)])
    numbered = np.empty(len(codes), dtype=np.float64)
    numbered[order] = np.arange(len(codes)) - np.repeat(starts, counts) + 1
    return numbered
