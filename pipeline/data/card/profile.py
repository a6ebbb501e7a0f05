"""Count how each subject's values lie, so that new data can be compared without the old.

A profile has one histogram a subject and item. Items are AU columns and, as
`predicted/<emotion>`, a model's predictions. Bin 0 holds exact zeros, which are frequent in AUs;
bin k holds values in (k - 1, k] hundredths of the item's range: 0.05 of an intensity.
Subjects are numbered, not named.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import value_range
from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.data.frames import as_matrix, batches
from pipeline.errors import InputError

BINS = 100
PREDICTED = "predicted/"
_ROUNDING = 1e-3  # of a bin: 0.15 in float32 belongs to the bin that ends at 0.15

Ints = NDArray[np.int64]
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # features to probabilities
Predict = Callable[[pa.Table], NDArray[np.float32]]


@dataclass(frozen=True)
class Profile:
    """`counts` are frames of shape (subjects, items, BINS + 1)."""

    items: tuple[str, ...]
    counts: Ints

    @property
    def frames(self) -> int:
        """Frames counted; every frame has a value of each item."""
        return int(self.counts[:, 0].sum())


def highest(item: str) -> float:
    """Give the upper end of an item's range; the lower end of all is 0."""
    return 1.0 if item.startswith(PREDICTED) else value_range(item)[1]


class ProfileCounter:
    """Count batches of frames as they stream by."""

    def __init__(self, items: Sequence[str]) -> None:
        self._items = tuple(items)
        self._scale = np.array([BINS / highest(item) for item in items], dtype=np.float32)
        self._counts: dict[str, Ints] = {}

    def add(self, subject: pa.DictionaryArray, values: NDArray[np.floating[Any]]) -> None:
        """Count rows; `values` has the shape (rows, items), in the items' ranges."""
        present, own = np.unique(subject.indices.to_numpy(), return_inverse=True)
        shape = len(present), len(self._items), BINS + 1
        binned = np.clip(np.ceil(values * self._scale - _ROUNDING), 0, BINS).astype(np.int64)
        binned += np.arange(shape[1]) * shape[2]
        binned += own[:, None] * (shape[1] * shape[2])
        counts = np.bincount(binned.ravel(), minlength=math.prod(shape)).reshape(shape)
        for code, found in zip(present, counts, strict=True):
            name = subject.dictionary[code].as_py()
            self._counts[name] = self._counts.get(name, 0) + found

    def profile(self) -> Profile:
        """Give what was counted, subjects in the order of their names."""
        own = [self._counts[name] for name in sorted(self._counts)]
        return Profile(self._items, np.array(own).reshape(-1, len(self._items), BINS + 1))


def count(
    tables: Iterable[pa.Table], columns: Sequence[str], emotions: Sequence[str], predict: Predict
) -> Profile:
    """Count columns of frame tables and what a model predicts from each of the tables."""
    counter = ProfileCounter([*columns, *(PREDICTED + emotion for emotion in emotions)])
    for table in tables:
        values = np.hstack([as_matrix(table, columns), predict(table)])
        counter.add(table["subject"].combine_chunks(), values)
    return counter.profile()


def nothing(table: pa.Table) -> NDArray[np.float32]:
    """Predict no emotion at all."""
    return np.empty((table.num_rows, 0), dtype=np.float32)


def of_model(
    tables: Iterable[pa.Table], features: FeatureMap, emotions: Sequence[str], network: Network
) -> Profile:
    """Count AUs and predictions; tables have `subject`, and `clip` where features are calibrated.

    To calibrate, all rows of a person are needed: the tables are then brought together first.
    """
    if features.population and (parts := list(tables)):
        tables = [pa.concat_tables(parts).unify_dictionaries()]
    return count(
        tables, features.columns, emotions, lambda table: network(make_features(table, features))
    )


def of_training(
    path: Path, features: FeatureMap, emotions: Sequence[str], network: Network
) -> Profile:
    """Count the rows of the training split of a frame table, and what is predicted of them."""
    columns = dict.fromkeys(["subject", "split", *columns_for(features)])
    rows = (
        table.filter(pc.equal(table["split"].cast(pa.string()), "train"))
        for table in batches(path, list(columns))
    )
    return of_model(rows, features, emotions, network)


def write(profile: Profile, path: Path) -> None:
    """Write the cells that are not empty: `subject`, `item` (a position), `bin`, `frames`.

    The names of the items stand in the file's metadata.
    """
    subject, item, cell = np.nonzero(profile.counts)
    table = pa.table(
        {
            "subject": pa.array(subject, pa.int32()),
            "item": pa.array(item, pa.int16()),
            "bin": pa.array(cell, pa.int8()),
            "frames": pa.array(profile.counts[subject, item, cell], pa.int64()),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    named = table.replace_schema_metadata({"items": json.dumps(profile.items)})
    pq.write_table(named, path, compression="zstd")


def read(path: Path) -> Profile:
    """Read what `write` wrote. Raises `InputError` where the file is not there."""
    if not path.is_file():
        raise InputError(f"{path} is not there. Run `dvc repro train` first, which writes it.")
    table = pq.read_table(path)
    items = tuple(json.loads(table.schema.metadata[b"items"]))
    subject, item, cell, frames = (table[name].to_numpy() for name in table.column_names)
    counts = np.zeros((int(subject.max()) + 1, len(items), BINS + 1), dtype=np.int64)
    counts[subject, item, cell] = frames
    return Profile(items, counts)
