"""Keep the network's test predictions beside the labels that judge them, row by row, as Parquet.

A file holds `subject`, `clip` and `frame` in the order of the frame table, then `true/<emotion>`
and `predicted/<emotion>` (float32 in [0, 1]). Two models can be compared in pairs where their
files agree in `rows_hash`, which stands in the metadata of the file's schema: the md5 of one line
a column, `<name> <md5 of its values>`, over keys and true labels. Words are hashed as UTF-8 with a
zero byte after each, numbers as little-endian bytes, so it depends on no detail of Parquet. Beside
it stand `positive_at`, the bound of a positive label, and `thresholds`, from which probability the
model says yes (JSON, one an emotion): all that is needed to score the file.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.frames import as_matrix
from pipeline.errors import InputError
from pipeline.evaluation.scoring.arrays import Floats, checked

KEYS = ("subject", "clip", "frame")
TRUE, PREDICTED = "true/", "predicted/"
HASH = "rows_hash"
_METADATA = {HASH, "positive_at", "thresholds"}
_ROWS = 1 << 16  # rows that are turned into Python words at once


@dataclass(frozen=True)
class Predictions:
    """What a file holds: `keys` as a table, labels and predictions as (rows, emotions)."""

    keys: pa.Table
    emotions: tuple[str, ...]
    true: npt.NDArray[np.float32]
    predicted: npt.NDArray[np.float32]
    thresholds: npt.NDArray[np.float64]
    positive_at: float
    rows_hash: str

    @property
    def subject(self) -> npt.NDArray[np.str_]:
        """The subject of each row."""
        return self._words("subject")

    @property
    def clip(self) -> npt.NDArray[np.str_]:
        """The clip of each row."""
        return self._words("clip")

    def _words(self, key: str) -> npt.NDArray[np.str_]:
        return np.asarray(self.keys[key].cast(pa.string()).to_numpy(), dtype=np.str_)


def write_predictions(
    path: Path,
    keys: pa.Table,
    emotions: Sequence[str],
    true: Floats,
    predicted: Floats,
    *,
    thresholds: npt.ArrayLike,
    positive_at: float,
) -> str:
    """Write a file and return its `rows_hash`; the same rows give the same bytes.

    `keys` has the columns of `KEYS`; labels and predictions are (rows, emotions) in [0, 1],
    `thresholds` one number or one an emotion. Raises `InputError` for arrays that do not fit each
    other (see `arrays.checked`) or the keys.
    """
    true, predicted = checked(true, predicted, emotions)
    if keys.num_rows != len(true):
        raise InputError(
            f"{keys.num_rows} rows of keys were given for {len(true)} rows of labels; one row of "
            "each is allowed. Choose the rows of the same split in both."
        )
    told = hash_rows(keys, pa.table(dict(_columns(TRUE, emotions, true))))
    table = keys.select(KEYS)
    columns = (*_columns(TRUE, emotions, true), *_columns(PREDICTED, emotions, predicted))
    for name, column in columns:
        table = table.append_column(name, column)
    path.parent.mkdir(parents=True, exist_ok=True)
    bounds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), len(emotions)).tolist()
    scoring = {"positive_at": repr(positive_at), "thresholds": json.dumps(bounds)}
    table = table.replace_schema_metadata({HASH: told} | scoring)
    pq.write_table(table, path, compression="zstd")
    return told


def read_predictions(path: Path) -> Predictions:
    """Read a file that `write_predictions` wrote; raise `InputError` for any other."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise _refuse(path, str(error)) from error
    told = _texts(table.schema.metadata or {})
    emotions = [name.removeprefix(TRUE) for name in table.column_names if name.startswith(TRUE)]
    wanted = {*KEYS, *(f"{kind}{name}" for name in emotions for kind in (TRUE, PREDICTED))}
    if not emotions or wanted - set(table.column_names) or _METADATA - told.keys():
        raise _refuse(path, f"columns {', '.join(table.column_names)}; {', '.join(told)}")
    return Predictions(
        keys=table.select(KEYS),
        emotions=tuple(emotions),
        true=as_matrix(table, [f"{TRUE}{name}" for name in emotions]),
        predicted=as_matrix(table, [f"{PREDICTED}{name}" for name in emotions]),
        thresholds=np.array(json.loads(told["thresholds"]), dtype=np.float64),
        positive_at=float(told["positive_at"]),
        rows_hash=told[HASH],
    )


def hash_rows(keys: pa.Table, labels: pa.Table) -> str:
    """Compute `rows_hash` of keys (columns `KEYS`) and labels (columns `true/<emotion>`)."""
    words = [f"{name} {_md5_of_words(keys[name])}" for name in KEYS[:2]]
    numbers = [f"{KEYS[2]} {_md5_of_numbers(keys[KEYS[2]], '<i8')}"]
    numbers += [f"{name} {_md5_of_numbers(labels[name], '<f4')}" for name in labels.column_names]
    return _md5("\n".join([*words, *numbers]).encode())


def _texts(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    return {k.decode(errors="replace"): v.decode(errors="replace") for k, v in metadata.items()}


def _columns(kind: str, emotions: Sequence[str], values: Floats) -> Iterator[tuple[str, pa.Array]]:
    for i, name in enumerate(emotions):
        yield f"{kind}{name}", pa.array(values[:, i].astype(np.float32))


def _md5_of_words(column: pa.ChunkedArray) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for start in range(0, len(column), _ROWS):
        words = column.slice(start, _ROWS).to_pylist()
        digest.update("".join(f"{word}\0" for word in words).encode())
    return digest.hexdigest()


def _md5_of_numbers(column: pa.ChunkedArray, kind: str) -> str:
    return _md5(np.ascontiguousarray(column.to_numpy(), dtype=kind).tobytes())


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _refuse(path: Path, found: str) -> InputError:
    return InputError(
        f"{path}: no table of test predictions ({found}). Allowed is Parquet with "
        f"{', '.join(KEYS)}, {TRUE}<emotion>, {PREDICTED}<emotion> and a {HASH}, as the evaluate "
        "stage writes it. Evaluate the model again with this version."
    )
