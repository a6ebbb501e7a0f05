"""Lay predictions out as tables: one row a frame, one row a clip.

Beside the keys each has `predicted/<emotion>` (a probability), `positive/<emotion>` (whether it
reaches the threshold of the emotion) and `most_probable` (an emotion). A clip's probabilities are
the means of its frames.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.features.frame_features import KEYS
from pipeline.data.frames import run_starts
from pipeline.evaluation.scoring.arrays import reach
from pipeline.prediction.batches import Batch
from pipeline.prediction.stored_model import StoredModel

PREDICTED, POSITIVE, MOST_PROBABLE = "predicted/", "positive/", "most_probable"
FRAME, FRAMES = "frame", "frames"  # a frame's number; how many frames a clip has


def schema(model: StoredModel, number: str) -> pa.Schema:
    """Give the schema of a table; `number` is FRAME or FRAMES."""
    return pa.schema(
        [(name, pa.string()) for name in KEYS]
        + [(number, pa.int64())]
        + [(f"{PREDICTED}{name}", pa.float32()) for name in model.emotions]
        + [(f"{POSITIVE}{name}", pa.bool_()) for name in model.emotions]
        + [(MOST_PROBABLE, pa.string())]
    )


def frame_table(batch: Batch, model: StoredModel) -> pa.Table:
    """Lay the frames of a batch out."""
    keys = [batch.frames[name].cast(pa.string()) for name in KEYS]
    return _table([*keys, batch.frames[FRAME]], batch.predicted, model, FRAME)


def _table(
    keys: list[pa.Array], predicted: NDArray[np.float32], model: StoredModel, number: str
) -> pa.Table:
    positive = reach(predicted, model.bounds)
    names = pa.array(model.emotions, pa.string())
    columns = [
        *keys,
        *(pa.array(column) for column in predicted.T),
        *(pa.array(column) for column in positive.T),
        names.take(pa.array(predicted.argmax(axis=1))),
    ]
    return pa.table(columns, schema=schema(model, number))


class ClipMeans:
    """Average the frames of each clip as batches stream by."""

    def __init__(self, model: StoredModel) -> None:
        self._model = model
        self._frames: dict[tuple[str, str], int] = {}
        self._sums: dict[tuple[str, str], NDArray[np.float64]] = {}

    def add(self, batch: Batch) -> None:
        """Count the frames of a batch; a clip may go on in the next."""
        for clip, rows in clip_runs(batch.frames):
            total = batch.predicted[rows].sum(axis=0, dtype=np.float64)
            self._sums[clip] = self._sums.get(clip, 0.0) + total
            self._frames[clip] = self._frames.get(clip, 0) + rows.stop - rows.start

    def table(self) -> pa.Table:
        """Lay the clips out, in the order of their frames."""
        frames = np.array(list(self._frames.values()))
        means = np.array(list(self._sums.values())) / frames[:, np.newaxis]
        keys = [pa.array(words, pa.string()) for words in zip(*self._frames, strict=True)]
        return _table([*keys, pa.array(frames)], means.astype(np.float32), self._model, FRAMES)


def clip_runs(frames: pa.Table) -> Iterator[tuple[tuple[str, str], slice]]:
    """Yield subject and clip of each stretch of rows of one clip, and its place."""
    subject, clip = (frames[name].combine_chunks() for name in KEYS)
    ends = [*run_starts(subject, clip).tolist(), frames.num_rows]
    for start, end in pairwise(ends):
        yield (subject[start].as_py(), clip[start].as_py()), slice(start, end)
