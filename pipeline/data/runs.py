"""Find runs: consecutive rows of one subject, clip and split, which stand together in a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS


@dataclass(frozen=True)
class Runs:
    """Where each run starts, its number of rows, its subject, clip and position in SPLITS.

    `clip` is empty where clips were not asked for; `row_split` has a position for each row.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    subject: Sequence[str]
    clip: Sequence[str]
    split: NDArray[np.int32]
    row_split: NDArray[np.int32]


def find_runs(frames: pa.Table, *, clips: bool) -> Runs:
    """Find the runs of a table that has rows, by `subject` and `split`, and `clip` as well."""
    names = ("subject", "split", "clip")[: 3 if clips else 2]
    keys = {name: frames[name].combine_chunks() for name in names}
    starts = run_starts(*keys.values())
    row_split = split_codes(keys["split"])
    first = {name: column.take(pa.array(starts)).to_pylist() for name, column in keys.items()}
    return Runs(
        starts=starts,
        lengths=np.diff(np.append(starts, frames.num_rows)),
        subject=first["subject"],
        clip=first.get("clip", ()),
        split=row_split[starts],
        row_split=row_split,
    )


def run_starts(*columns: pa.DictionaryArray) -> NDArray[np.int64]:
    """Find the rows at which any of these columns changes."""
    changed = np.zeros(len(columns[0]), dtype=bool)
    changed[0] = True
    for column in columns:
        codes = column.indices.to_numpy()
        changed[1:] |= codes[1:] != codes[:-1]
    return np.flatnonzero(changed)


def split_codes(split: pa.DictionaryArray) -> NDArray[np.int32]:
    """Give each row's position in SPLITS."""
    place = np.array([SPLITS.index(word) for word in split.dictionary.to_pylist()], dtype=np.int32)
    return np.asarray(place[split.indices.to_numpy()])
