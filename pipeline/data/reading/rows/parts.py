"""Join the rows of clips, each read from a file of its own, into one set of raw rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.data.quarantine import Reject
from pipeline.data.reading.naming.clip_names import Clip
from pipeline.data.reading.rows.contract import KEYS, Raw

# Files of one folder may differ in these; where one is silent, this is taken.
UNLESS_SAID = {"success": 1.0, "confidence": 1.0}

Face = int | str  # `main`, `each`, or a face_id


@dataclass(frozen=True)
class Part:
    """Rows of one clip: a table of numbers that includes `frame`, and each row's number."""

    clip: Clip
    table: pa.Table
    row: np.ndarray[tuple[int], np.dtype[np.int64]]
    rejects: list[Reject]
    notes: frozenset[str] = frozenset()


def without_silent(table: pa.Table) -> tuple[pa.Table, frozenset[str]]:
    """Leave success and confidence out where no row fills them, and say so."""
    silent = [
        name
        for name in UNLESS_SAID
        if name in table.column_names and table.num_rows and np.isnan(table[name].to_numpy()).all()
    ]
    notes = frozenset(f"{name} is empty in every row and as if not there" for name in silent)
    return table.drop_columns(silent), notes


Read = Callable[[Sequence[Clip], list[str], Face], list[Part]]


def read_group(read: Read, clips: Sequence[Clip], aus: list[str], face: Face) -> Raw:
    """Read clips into one set of rows."""
    parts = read(clips, aus, face)
    present = {name for part in parts for name in part.table.column_names}
    joined = pa.concat_tables([_with_all(part.table, present) for part in parts])
    files = list(dict.fromkeys(str(part.clip.path) for part in parts))
    place = {file: i for i, file in enumerate(files)}
    counts = [len(part.row) for part in parts]
    file = np.array([place[str(part.clip.path)] for part in parts], dtype=np.int32)
    return Raw(
        files,
        np.repeat(file, counts),
        np.concatenate([part.row for part in parts]),
        {name: _key([key_of(part.clip, name) for part in parts], counts) for name in KEYS},
        {name: joined[name].to_numpy() for name in joined.column_names},
        [reject for part in parts for reject in part.rejects],
        notes=[(note, str(part.clip.path)) for part in parts for note in sorted(part.notes)],
    )


def _with_all(table: pa.Table, columns: Iterable[str]) -> pa.Table:
    """Lay columns out in one order; a file without success or confidence has nothing against it."""
    for name in set(columns) - set(table.column_names):
        sound = pa.array(np.full(table.num_rows, UNLESS_SAID[name]))
        table = table.append_column(name, sound)
    names = sorted(columns)
    return table if table.column_names == names else table.select(names)


def key_of(clip: Clip, key: str) -> str | None:
    """Give the subject, emotion or valence class of a clip, or its name."""
    value: str | None = clip.name if key == "clip" else getattr(clip.identity, key)
    return value


def _key(values: Sequence[str | None], counts: Sequence[int]) -> pa.DictionaryArray:
    """Encode one value for each of so many rows."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    return encoded.take(pa.array(np.repeat(np.arange(len(values)), counts)))
