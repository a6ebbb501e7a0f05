"""Check raw rows against the contract: what holds becomes frames, the rest is quarantined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject
from pipeline.data.units import AU_COLUMNS, INTENSITIES, INTENSITY_RANGE, PRESENCE_RANGE

KEYS = ("subject", "clip", "valence_class", "emotion")
VALENCE_RANGE = (-1.0, 1.0)


@dataclass(frozen=True)
class Raw:
    """Rows as read, of one or more clips.

    `keys` holds a dictionary-encoded string array per name in KEYS; `numbers` float64 arrays
    named `frame`, `success`, `confidence`, `valence` and AU columns, those that the source has.
    """

    file: str
    row: NDArray[np.int64]
    keys: Mapping[str, pa.DictionaryArray]
    numbers: Mapping[str, NDArray[np.float64]]
    rejects: list[Reject] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        return len(self.row) + sum(reject.rows for reject in self.rejects)


@dataclass(frozen=True)
class Checked:
    """Frames in the contract's shape, sorted, and every row that did not become one."""

    frames: pa.Table
    rejects: list[Reject]
    rows_read: int


def constant_key(value: str | None, count: int) -> pa.DictionaryArray:
    """Encode one value (or null) for `count` rows."""
    code = None if value is None else 0
    codes = pa.array([code], pa.int32()).take(pa.array(np.zeros(count, np.int32)))
    return pa.DictionaryArray.from_arrays(codes, pa.array([value or ""], pa.string()))


def check(raw: Raw, aus: Sequence[str], min_confidence: float) -> Checked:
    """Split raw rows into frames and rejects; rows read = frames + rejected rows."""
    problem = np.zeros(len(raw.row), dtype=np.int8)  # 0: none yet; the first reason found stays
    found: list[tuple[str, str]] = []

    def mark(bad: NDArray[np.bool_], reason: str, column: str) -> None:
        fresh = bad & (problem == 0)
        if fresh.any():
            found.append((reason, column))
            problem[fresh] = len(found)

    numbers = raw.numbers
    if "success" in numbers:
        mark(numbers["success"] == 0, "not_tracked", "success")
    if "confidence" in numbers:
        mark(~(numbers["confidence"] >= min_confidence), "low_confidence", "confidence")
    for name in (*aus, *(n for n in ("frame", "valence") if n in numbers)):
        mark(~np.isfinite(numbers[name]), "not_finite", name)
        low, high = value_range(name)
        mark((numbers[name] < low) | (numbers[name] > high), "out_of_range", name)
    order = _sorted_rows(raw)
    mark(_duplicates(raw, order, problem == 0), "duplicate_frame", "frame")

    kept = order[problem[order] == 0]
    rejects = [
        Reject(raw.file, int(raw.row[i]), 1, reason, f"{column} is {numbers[column][i]:g}")
        for i in np.flatnonzero(problem)
        for reason, column in [found[problem[i] - 1]]
    ]
    return Checked(_frames(raw, kept, aus), raw.rejects + rejects, raw.rows_read)


def value_range(name: str) -> tuple[float, float]:
    """Give the allowed range of a column; a frame number has a lower bound alone."""
    if name in AU_COLUMNS:
        return INTENSITY_RANGE if name in INTENSITIES else PRESENCE_RANGE
    return VALENCE_RANGE if name == "valence" else (0.0, float(2**31))


def _sorted_rows(raw: Raw) -> NDArray[np.int64]:
    """Order rows by subject, clip and frame; equal ones stay in file order."""
    keys: list[NDArray[np.generic]] = [raw.numbers["frame"]]
    for name in ("clip", "subject"):
        words = raw.keys[name].dictionary.to_pylist()
        if len(words) > 1:
            rank = np.argsort(np.argsort(np.array(words, dtype=np.str_), kind="stable"))
            keys.append(rank[raw.keys[name].indices.to_numpy()])
    if len(keys) == 1 and bool((np.diff(keys[0]) >= 0).all()):
        return np.arange(len(raw.row))
    return np.lexsort(keys)


def _duplicates(raw: Raw, order: NDArray[np.int64], sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark rows whose clip and frame stand already in a sound row before them."""
    rows = order[sound[order]]
    clip = raw.keys["clip"].indices.to_numpy()[rows]
    frame = raw.numbers["frame"][rows]
    bad = np.zeros(len(order), dtype=bool)
    bad[rows[1:]] = (clip[1:] == clip[:-1]) & (frame[1:] == frame[:-1])
    return bad


def _frames(raw: Raw, rows: NDArray[np.int64], aus: Sequence[str]) -> pa.Table:
    take = pa.array(rows)
    columns = {name: raw.keys[name].take(take) for name in ("subject", "clip")}
    columns["frame"] = pa.array(raw.numbers["frame"][rows].astype(np.int64))
    for name in aus:
        columns[name] = pa.array(raw.numbers[name][rows].astype(np.float32))
    columns["valence_class"] = raw.keys["valence_class"].take(take)
    valence = raw.numbers.get("valence")
    columns["valence"] = (
        pa.nulls(len(rows), pa.float32())
        if valence is None
        else pa.array(valence[rows].astype(np.float32))
    )
    columns["emotion"] = raw.keys["emotion"].take(take)
    return pa.table(columns)
