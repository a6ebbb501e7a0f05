"""Read one table (CSV, Parquet, or a folder of Parquet) that has a `clip` column.

One row is a frame, or a whole clip: without a `frame` column the rows of a clip are numbered
from 1. `subject`, `emotion`, `valence_class` and `valence` are used where they stand; what is
missing is read from the clip's name.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.clips import Naming
from pipeline.data.plan import Plan, Source
from pipeline.data.quarantine import Reject
from pipeline.data.rows import KEYS, Raw
from pipeline.data.sheet import Header, read_header, read_sheet
from pipeline.data.units import AU_COLUMNS, VALENCE_CLASSES
from pipeline.errors import InputError

_NUMBERS = ("frame", "success", "confidence", "valence", *AU_COLUMNS)


def plan(source: Source) -> Plan:
    """Read the keys of the whole table; its rows follow in one job.

    Raises `InputError` where the table has no clip column or no action unit.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} holds no .parquet file; data.layout: table needs a table.")
    names = _column_names(files[0])
    refuse_foreign_units(Header(",", ".", tuple(names)), files[0])
    aus = [name for name in AU_COLUMNS if name in names]
    if "clip" not in names or not aus:
        raise InputError(
            f"{files[0]} has the columns {', '.join(names)}; a clip column and action units such "
            "as AU06_r are needed. Check data.path and data.layout."
        )
    raw, unnamed = _read(files, [n for n in _NUMBERS if n in names], names, naming)
    return Plan(
        jobs=[partial(_identity, raw)],
        subjects=sorted(set(raw.keys["subject"].dictionary.to_pylist())),
        clips=sorted(set(raw.keys["clip"].dictionary.to_pylist())),
        aus=aus,
        files=len(files),
        rejects=unnamed,
    )


def _identity(raw: Raw) -> Raw:
    return raw


def _column_names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    return list(read_header(path).names)


def _read(
    files: Sequence[Path], numbers: list[str], names: list[str], naming: Naming
) -> tuple[Raw, list[Reject]]:
    texts = [name for name in KEYS if name in names]
    if files[0].suffix == ".parquet":
        table = pa.concat_tables([pq.read_table(f, columns=[*numbers, *texts]) for f in files])
        columns = {name: table[name].to_numpy().astype(np.float64) for name in numbers}
        words = {name: _encode(table[name]) for name in texts}
        row, rejects = np.arange(1, table.num_rows + 1), []
    else:
        sheet = read_sheet(files[0], read_header(files[0]), numbers, texts)
        columns, row, rejects = dict(sheet.numbers), sheet.row, sheet.rejects
        words = {name: _encode(pa.array(sheet.texts[name])) for name in texts}
    keys, named = _complete(words, naming)
    file = str(files[0] if len(files) == 1 else files[0].parent)
    unnamed = [
        Reject(file, int(row[i]), 1, "unnamed", "its clip has no subject")
        for i in np.flatnonzero(~named)
    ]
    keep = pa.array(named)
    keys = {name: _compact(column.filter(keep)) for name, column in keys.items()}
    columns = {name: values[named] for name, values in columns.items()}
    if "frame" not in columns:
        columns["frame"] = _number_within(keys["clip"].indices.to_numpy())
    return Raw(file, row[named], keys, columns, rejects), unnamed


def _encode(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Encode words by dictionary; an empty word is null."""
    texts = column.cast(pa.string())
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    encoded = texts.dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def _compact(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Drop words that no row uses any more."""
    return column.cast(pa.string()).dictionary_encode()


def _complete(
    words: dict[str, pa.DictionaryArray], naming: Naming
) -> tuple[dict[str, pa.DictionaryArray], NDArray[np.bool_]]:
    """Fill subject, emotion and valence class from the clips' names where the table is silent."""
    clip = words["clip"]
    known = [naming.describe(name) for name in clip.dictionary.to_pylist()]
    keys = {"clip": clip}
    for name in ("subject", "valence_class", "emotion"):
        guess = pa.array([getattr(who, name, None) for who in known], pa.string()).take(
            clip.indices
        )
        own = words[name].cast(pa.string()) if name in words else pa.nulls(len(clip), pa.string())
        keys[name] = pc.coalesce(own, guess).dictionary_encode()
    classes = set(keys["valence_class"].dictionary.to_pylist()) - set(VALENCE_CLASSES)
    if classes:
        raise InputError(
            f"valence_class is {', '.join(sorted(classes))}; {', '.join(VALENCE_CLASSES)} are "
            "allowed. Mend the table or data.naming."
        )
    whole = pc.and_(pc.is_valid(clip), pc.is_valid(keys["subject"]))
    return keys, whole.to_numpy(zero_copy_only=False)


def _number_within(codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Count the rows of each clip from 1 in the order in which they stand."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
    counts = np.diff(np.r_[starts, len(codes)])
    numbered = np.empty(len(codes), dtype=np.float64)
    numbered[order] = np.arange(len(codes)) - np.repeat(starts, counts) + 1
    return numbered
