"""Write and read the frame table in row groups, so that memory does not grow with the data.

Runs are consecutive rows of one subject, clip and split, which stand together in the table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS

ROW_GROUP = 1 << 18


def word_type() -> pa.DataType:
    """Give the type of the key columns: dictionary-encoded strings."""
    return pa.dictionary(pa.int32(), pa.string())


def frame_schema(aus: Sequence[str]) -> pa.Schema:
    """Give the schema of frames.parquet for the AU columns that the source has."""
    return pa.schema(
        [("subject", word_type()), ("clip", word_type()), ("frame", pa.int64())]
        + [(name, pa.float32()) for name in aus]
        + [
            ("valence_class", word_type()),
            ("valence", pa.float32()),
            ("emotion", word_type()),
            ("split", word_type()),
        ]
    )


class RowGroupWriter:
    """Gather tables of any size and write them as row groups of `ROW_GROUP` rows.

    `repeating` names the columns whose values come again, which are written as numbers of a
    dictionary; None: all.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, repeating: Sequence[str] | None = None
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        chosen = True if repeating is None else list(repeating)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=chosen)
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def write(self, table: pa.Table) -> None:
        """Take rows; whole row groups go to disk."""
        self._waiting.append(table.cast(self._schema))
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP:
            self._flush(self._rows - self._rows % ROW_GROUP)

    def _flush(self, rows: int) -> None:
        """Write so many of the waiting rows, in groups of exactly ROW_GROUP but for the last.

        Tables of as many rows then have the same groups, so that `batches` of two files align.
        """
        joined = pa.concat_tables(self._waiting).unify_dictionaries()
        self._writer.write_table(joined.slice(0, rows), row_group_size=ROW_GROUP)
        self._waiting, self._rows = [joined.slice(rows)], self._rows - rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._rows:
            self._flush(self._rows)
        self._writer.close()


def au_columns(path: Path, available: Sequence[str]) -> list[str]:
    """List those of the `available` columns that the frame table has, in that order."""
    names = set(pq.read_schema(path).names)
    return [name for name in available if name in names]


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Stream columns of a table that `RowGroupWriter` wrote, one row group at a time."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=list(columns)).combine_chunks()


def load_rows(path: Path, chosen: NDArray[np.bool_], columns: Sequence[str]) -> NDArray[np.float32]:
    """Load the chosen rows of columns as an array of shape (rows, columns)."""
    table = pq.read_table(path, columns=list(columns)).filter(pa.array(chosen))
    return as_matrix(table, columns)


def as_matrix(table: pa.Table | pa.Table, columns: Sequence[str]) -> NDArray[np.float32]:
    """Lay columns side by side as float32."""
    matrix = np.empty((table.num_rows, len(columns)), dtype=np.float32)
    for i, name in enumerate(columns):
        matrix[:, i] = table.column(name).to_numpy()
    return matrix


def column_words(path: Path, name: str) -> NDArray[np.str_]:
    """Load a key column as words; null becomes the empty word."""
    column = pq.read_table(path, columns=[name])[name].cast(pa.string())
    return np.asarray(pc.fill_null(column, "").to_numpy(), dtype=np.str_)


def column_codes(path: Path, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Load a key column without nulls as codes (rows,) and the words that they stand for."""
    return codes_of(pq.read_table(path, columns=[name])[name])


def codes_of(keys: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Give a key column without nulls as codes (rows,) and the words that they stand for."""
    column = keys.cast(word_type()).combine_chunks()
    words = column.unify_dictionaries() if isinstance(column, pa.ChunkedArray) else column
    return words.indices.to_numpy().astype(np.int64), words.dictionary.to_pylist()


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
