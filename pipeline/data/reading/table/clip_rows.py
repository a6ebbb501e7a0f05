"""Read whole clips of a table, and fill in what the table does not say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.data.action_units import VALENCE_CLASSES
from pipeline.data.quarantine import Reject
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.rows.contract import KEYS, Raw
from pipeline.data.reading.rows.frame_order import SEVERAL, order_clips
from pipeline.data.reading.table.clip_index import Piece, read_piece
from pipeline.data.reading.table.column_types import encode, respell
from pipeline.data.reading.table.parquet import FILE, ROW, TableFile
from pipeline.errors import InputError


@dataclass(frozen=True)
class Words:
    """How clips are named, which categories are one, and whether a row without one is set aside."""

    naming: Naming
    one: Mapping[str, str]
    labelled: bool


def read(piece: Piece, schema: pa.Schema, files: Sequence[TableFile], words: Words) -> Raw:
    """Read a piece of whole clips; rows without clip or subject are set aside."""
    table, rejects = read_piece(piece, schema)
    names = [file.name for file in files]
    keys = _complete(table, words.naming, names)
    keys["emotion"] = respell(keys["emotion"], words.one)
    named = pc.and_(keys["clip"].is_valid(), keys["subject"].is_valid())
    told = keys["emotion"].is_valid() if words.labelled else named
    usable = pc.and_(named, told)
    rejects += _set_aside(table, pc.invert(named), names, "unnamed", "no clip or no subject")
    rejects += _set_aside(table, pc.and_not(named, told), names, "unlabelled", "no emotion")
    if rejects:
        table = table.filter(usable).combine_chunks()
        keys = {name: encode(column.filter(usable)) for name, column in keys.items()}
    file = table[FILE].to_numpy()
    numbers = {name: table[name].to_numpy() for name in schema.names if name not in KEYS}
    numbers["frame"] = _frames(numbers, file, keys["clip"], files)
    row, optional = table[ROW].to_numpy(), frozenset(["valence"])
    return _in_order(Raw(names, file, row, keys, numbers, rejects, optional))


def _in_order(raw: Raw) -> Raw:
    """Give rows that their frames do not number new ones, and set clips of several faces aside."""
    frame, several = raw.numbers["frame"].copy(), np.zeros(len(raw.row), dtype=bool)
    rejects, notes = list(raw.rejects), []
    for rows, order in order_clips(raw.numbers, raw.keys["clip"].indices.to_numpy()):
        files = [raw.files[file] for file in raw.file[rows]]
        if order.frame is None:
            several[rows] = True
            rejects += [
                Reject(file, row, 1, SEVERAL, order.told)
                for file, row in zip(files, raw.row[rows].tolist(), strict=True)
            ]
        else:
            frame[rows] = order.frame
            notes.append((order.told, files[0]))
    numbers = {**raw.numbers, "frame": frame}
    if not several.any():
        return replace(raw, numbers=numbers, notes=notes)
    left = pa.array(~several)
    return replace(
        raw,
        file=raw.file[~several],
        row=raw.row[~several],
        keys={name: encode(column.filter(left)) for name, column in raw.keys.items()},
        numbers={name: values[~several] for name, values in numbers.items()},
        rejects=rejects,
        notes=notes,
    )


def _set_aside(
    table: pa.Table, which: pa.Array, names: Sequence[str], reason: str, detail: str
) -> list[Reject]:
    chosen = table.select([FILE, ROW]).filter(which)
    return [
        Reject(names[file], row, 1, reason, detail)
        for file, row in zip(chosen[FILE].to_pylist(), chosen[ROW].to_pylist(), strict=True)
    ]


def _complete(
    table: pa.Table, naming: Naming, names: Sequence[str]
) -> dict[str, pa.DictionaryArray]:
    """Fill subject, emotion and valence class from the clips' names where the table is silent."""
    words = {name: _flat(table[name]) for name in KEYS if name in table.column_names}
    clip = words["clip"]
    told = [naming.tell(name) for name in clip.dictionary.to_pylist()]
    guess = {
        name: pa.array([known.get(name) for known in told], pa.string())
        for name in ("subject", "valence_class", "emotion")
    }
    if "subject" in words:
        guess["subject"] = _owners(clip, words["subject"], guess["subject"])
    keys = {name: _fill(words.get(name), values, clip) for name, values in guess.items()}
    _refuse_class(keys["valence_class"], table, names)
    return {"clip": clip, **keys}


def _flat(column: pa.ChunkedArray) -> pa.DictionaryArray:
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined


def _owners(clip: pa.DictionaryArray, own: pa.DictionaryArray, guess: pa.Array) -> pa.Array:
    """Name the subject of each clip: one row that tells it speaks for all rows of its clip."""
    both = pc.and_(clip.is_valid(), own.is_valid())
    owner = np.full(len(clip.dictionary), -1)
    owner[clip.indices.filter(both).to_numpy()] = own.indices.filter(both).to_numpy()
    told = own.dictionary.take(pa.array(owner, mask=owner < 0))
    return pc.coalesce(told, guess)


def _fill(
    own: pa.DictionaryArray | None, guess: pa.Array, clip: pa.DictionaryArray
) -> pa.DictionaryArray:
    if own is not None and not own.null_count:
        return own
    guessed = guess.dictionary_encode()
    if own is None or own.null_count == len(own):
        codes = guessed.indices.take(clip.indices)
        return pa.DictionaryArray.from_arrays(codes, guessed.dictionary)
    by_clip = guess.take(clip.indices)
    return pc.coalesce(own.dictionary_decode(), by_clip).dictionary_encode()


def _refuse_class(column: pa.DictionaryArray, table: pa.Table, names: Sequence[str]) -> None:
    bad = [word not in VALENCE_CLASSES for word in column.dictionary.to_pylist()]
    rows = np.flatnonzero(np.array([*bad, False])[column.indices.fill_null(-1).to_numpy()])
    if len(rows):
        first = int(rows[0])
        file, row = table[FILE][first].as_py(), table[ROW][first]
        raise InputError(
            f"{names[file]}, row {row}: valence_class is {column[first]}; "
            f"{', '.join(VALENCE_CLASSES)} are allowed. Mend the table or data.naming."
        )


def _frames(
    numbers: Mapping[str, NDArray[np.floating]],
    file: NDArray[np.int32],
    clip: pa.DictionaryArray,
    files: Sequence[TableFile],
) -> NDArray[np.floating]:
    """Give frame numbers, those of a file without them by counting the rows of each clip."""
    bare = np.isin(file, [one.number for one in files if "frame" not in one.fills])
    if not bare.any():
        return numbers["frame"]
    counted = np.full(len(file), np.nan)
    counted[bare] = _number_within(clip.indices.to_numpy()[bare])
    return np.where(bare, counted, numbers["frame"]) if "frame" in numbers else counted


def _number_within(codes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Count the rows of each clip from 1 in the order in which they stand."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
    counts = np.diff(np.r_[starts, len(codes)])
    numbered = np.empty(len(codes), dtype=np.float64)
    numbered[order] = np.arange(len(codes)) - np.repeat(starts, counts) + 1
    return numbered
