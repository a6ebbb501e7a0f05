"""Check raw rows against the contract: what holds becomes frames, the rest is quarantined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import value_range
from pipeline.data.quarantine import Reject
from pipeline.data.reading.rows.percent import IN_PERCENT, as_shares

KEYS = ("subject", "clip", "valence_class", "emotion")


@dataclass(frozen=True)
class Raw:
    """Rows as read, of one or more clips and files.

    `file` holds each row's position in `files`, `row` its number there. `keys` has a
    dictionary-encoded string array per name in KEYS; `numbers` floating arrays named `frame`,
    `success`, `confidence`, `valence` and AU columns, those that the source has. NaN is a fault
    but in the columns of `optional`, where it says that the source has no value.
    """

    files: Sequence[str]
    file: NDArray[np.int32]
    row: NDArray[np.int64]
    keys: Mapping[str, pa.DictionaryArray]
    numbers: Mapping[str, NDArray[np.floating]]
    rejects: list[Reject] = field(default_factory=list)
    optional: frozenset[str] = frozenset()
    notes: Sequence[tuple[str, str]] = ()  # what was assumed, and of which file

    @property
    def rows_read(self) -> int:
        return len(self.row) + sum(reject.rows for reject in self.rejects)


@dataclass(frozen=True)
class Checked:
    """Frames in the contract's shape, sorted, and every row that did not become one."""

    frames: pa.Table
    rejects: list[Reject]
    rows_read: int
    notes: Sequence[tuple[str, str]] = ()


def check(raw: Raw, aus: Sequence[str], min_confidence: float) -> Checked:
    """Split raw rows into frames and rejects; rows read = frames + rejected rows."""
    marks = _Marks(len(raw.row))
    numbers = raw.numbers
    if "success" in numbers:
        marks.add(~(numbers["success"] > 0), "not_tracked", "success")
    notes = list(raw.notes)
    if "confidence" in numbers:
        confidence, percent = as_shares(numbers["confidence"], raw.file)
        notes += [(IN_PERCENT, raw.files[file]) for file in percent]
        # Infinite is no confidence, as NaN is none.
        sure = (confidence >= min_confidence) & (confidence < np.inf)
        marks.add(~sure, "low_confidence", "confidence")
    for name in (*aus, *(n for n in ("frame", "valence") if n in numbers)):
        values = numbers[name]
        low, high = value_range(name)
        # Two cheap passes clear a sound column; NaN makes both comparisons false.
        if len(values) and not (values.min() >= low and values.max() <= high):
            lost = np.isinf(values) if name in raw.optional else ~np.isfinite(values)
            marks.add(lost, "not_finite", name)
            marks.add((values < low) | (values > high), "out_of_range", name)
    frame = numbers["frame"]
    marks.add(np.isfinite(frame) & (frame != np.floor(frame)), "out_of_range", "frame")
    order = _sorted_rows(raw)
    marks.add(_duplicates(raw, order, marks.problem == 0), "duplicate_frame", "frame")
    kept = order if marks.clear else order[marks.problem[order] == 0]
    rejects = raw.rejects + marks.rejects(raw)
    return Checked(_frames(raw, kept, aus), rejects, raw.rows_read, notes)


class _Marks:
    """The first reason found against each row."""

    def __init__(self, rows: int) -> None:
        self.problem = np.zeros(rows, dtype=np.int16)  # 0: none; else a position in found, from 1
        self._found: list[tuple[str, str]] = []

    @property
    def clear(self) -> bool:
        return not self._found

    def add(self, bad: NDArray[np.bool_], reason: str, column: str) -> None:
        fresh = bad & (self.problem == 0)
        if fresh.any():
            self._found.append((reason, column))
            self.problem[fresh] = len(self._found)

    def rejects(self, raw: Raw) -> list[Reject]:
        listed = []
        bad = np.flatnonzero(self.problem)
        names = [name for name in KEYS if name != "clip"]
        words = [raw.keys[name].take(pa.array(bad)).to_pylist() for name in names]
        for i, *own in zip(bad, *words, strict=True):
            whose = dict(zip(names, own, strict=True))
            reason, column = self._found[self.problem[i] - 1]
            detail = f"{column} is {raw.numbers[column][i]:g}"
            listed.append(Reject(raw.files[raw.file[i]], int(raw.row[i]), 1, reason, detail, whose))
        return listed


def _sorted_rows(raw: Raw) -> NDArray[np.int64]:
    """Order rows by subject, clip and frame; equal ones stay in file order."""
    frame = raw.numbers["frame"]
    clip, subject = (_ranks(raw.keys[name]) for name in ("clip", "subject"))
    later_clip = (subject[1:] > subject[:-1]) | (
        (subject[1:] == subject[:-1]) & (clip[1:] > clip[:-1])
    )
    same_clip = (subject[1:] == subject[:-1]) & (clip[1:] == clip[:-1])
    if bool((later_clip | (same_clip & (frame[1:] >= frame[:-1]))).all()):
        return np.arange(len(frame))
    return np.lexsort([frame, clip, subject])


def _ranks(column: pa.DictionaryArray) -> NDArray[np.int64]:
    """Give each row the alphabetical rank of its word."""
    words = np.array(column.dictionary.to_pylist(), dtype=np.str_)
    rank = np.argsort(np.argsort(words, kind="stable"), kind="stable")
    codes: NDArray[np.int64] = rank[column.indices.to_numpy()]
    return codes


def _duplicates(raw: Raw, order: NDArray[np.int64], sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark rows whose clip and frame stand already in a sound row before them."""
    rows = order[sound[order]]
    bad = np.zeros(len(order), dtype=bool)
    repeated = np.ones(max(len(rows) - 1, 0), dtype=bool)
    codes = (raw.keys[name].indices.to_numpy() for name in ("clip", "subject"))
    for values in (raw.numbers["frame"], *codes):
        chosen = values[rows]
        repeated &= chosen[1:] == chosen[:-1]
    bad[rows[1:]] = repeated
    return bad


def _frames(raw: Raw, rows: NDArray[np.int64], aus: Sequence[str]) -> pa.Table:
    whole = len(rows) == len(raw.row) and bool((rows[1:] > rows[:-1]).all())

    def pick(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return values if whole else values[rows]

    take = pa.array(rows)
    words = {name: column if whole else column.take(take) for name, column in raw.keys.items()}
    columns = {name: words[name] for name in ("subject", "clip")}
    columns["frame"] = pa.array(pick(raw.numbers["frame"]).astype(np.int64))
    for name in aus:
        columns[name] = pa.array(pick(raw.numbers[name]).astype(np.float32, copy=False))
    columns["valence_class"] = words["valence_class"]
    valence = raw.numbers.get("valence")
    columns["valence"] = (
        pa.nulls(len(rows), pa.float32())
        if valence is None
        else pa.array(pick(valence).astype(np.float32, copy=False), from_pandas=True)
    )
    columns["emotion"] = words["emotion"]
    return pa.table(columns)
