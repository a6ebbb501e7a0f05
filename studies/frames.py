"""Read what prepare and label made, and take the rows of some people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.frames import as_matrix, au_columns, codes_of
from pipeline.errors import InputError
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.settings import paths
from pipeline.tracking.provenance import file_md5

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Some rows with labels (rows, emotions); `places` are those in the frame table."""

    places: Ints
    frames: pa.Table
    labels: Array


@dataclass(frozen=True)
class Whole:
    """All frames, with `subject`, `clip` and action units; labels are (rows, emotions).

    `subject` and `clip` (rows,) are codes; `people` are the names of the former.
    """

    frames: pa.Table
    labels: Array
    emotions: tuple[str, ...]
    subject: Ints
    clip: Ints
    people: tuple[str, ...]

    def of(self, people: Sequence[str]) -> Rows:
        """Take the rows of these people, in the order of the table."""
        codes = [self.people.index(name) for name in people]
        places = np.flatnonzero(np.isin(self.subject, codes))
        return Rows(places, self.frames.take(pa.array(places)), self.labels[places])


def load_whole(labels: Path = paths.LABELS) -> Whole:
    """Load frames and labels; raises `InputError` where they are not made yet."""
    for path in (paths.FRAMES, labels):
        if not path.is_file():
            raise InputError(f"{path} is not there: `dvc repro label` makes frames and labels.")
    return _load(labels, (file_md5(paths.FRAMES), file_md5(labels)))


@lru_cache(maxsize=2)  # a process asks for the same again and again
def _load(labels: Path, _hashes: tuple[str, str]) -> Whole:
    columns = au_columns(paths.FRAMES, AU_COLUMNS)
    frames = pq.read_table(paths.FRAMES, columns=["subject", "clip", *columns])
    (subject, people), (clip, _) = codes_of(frames["subject"]), codes_of(frames["clip"])
    table = pq.read_table(labels)
    emotions = tuple(table.column_names)
    return Whole(frames, as_matrix(table, emotions), emotions, subject, clip, tuple(people))
