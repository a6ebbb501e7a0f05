"""Write and read the frame table in row groups, so that memory does not grow with the data."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

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
    """Gather tables of any size and write them as row groups of `ROW_GROUP` rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
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
    column = pq.read_table(path, columns=[name])[name].cast(word_type()).combine_chunks()
    words = column.unify_dictionaries() if isinstance(column, pa.ChunkedArray) else column
    return words.indices.to_numpy().astype(np.int64), words.dictionary.to_pylist()
