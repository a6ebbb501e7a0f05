"""Predict a frame table of any size, a row group or some whole people at a time."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.features.frame_features import KEYS, make_features
from pipeline.data.frames import batches, run_starts
from pipeline.prediction.stored_model import Network, StoredModel


class Batch(NamedTuple):
    """Frames of a frame table, and the probabilities of each (rows, emotions)."""

    frames: pa.Table
    predicted: NDArray[np.float32]


def predict_frames(path: Path, model: StoredModel, network: Network) -> Iterator[Batch]:
    """Predict a frame table, which is sorted by subject and has rows, in its order.

    Where people's own levels are taken out, no batch ends within a person: memory then grows with
    the frames of one person, else with nothing.
    """
    columns = dict.fromkeys([*KEYS, "frame", *model.features.columns])
    tables: Iterable[pa.Table] = batches(path, list(columns))
    if model.features.population:
        tables = whole_people(tables)
    for table in tables:
        yield Batch(table, network(make_features(table, model.features)))


def whole_people(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut tables that are sorted by subject anew, so that each person stands in one of them."""
    waiting: list[pa.Table] = []  # ends with the person who may go on
    for table in tables:
        subject = table["subject"].combine_chunks()
        last = int(run_starts(subject)[-1])
        if last or (waiting and waiting[-1]["subject"][-1].as_py() != subject[0].as_py()):
            yield _joined([*waiting, table.slice(0, last)])
            waiting = []
        waiting.append(table.slice(last))
    if waiting:
        yield _joined(waiting)


def _joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()
