"""Read Parquet files as one long table, in batches, so that memory does not grow with them.

A position counts the rows of all files from 0, in the order of the files; a row's number counts
those of its file from 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import InputError

BATCH = 1 << 16  # rows; what is decoded at once
ROW = "row"  # in a copy of a CSV file: the number that each row has there

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Rows that stand together in one file: the file, their numbers there, their cells."""

    file: int
    row: Positions
    position: int
    table: pa.Table


@dataclass(frozen=True)
class Store:
    """Parquet files, and the name that each has in the account."""

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    texts: tuple[str, ...]  # columns to read as codes and words
    starts: Positions  # position of the first row of each row group, and the end
    file: NDArray[np.int64]  # the file of each row group
    numbered: bool = False  # the files have a column ROW

    @property
    def rows(self) -> int:
        return int(self.starts[-1])

    def batches(self, columns: Sequence[str], edges: Positions | None = None) -> Iterator[Batch]:
        """Stream columns of all rows, or of those between edges: start, end, start, end, ...

        Raises `InputError` where a file is damaged.
        """
        wanted = [*columns, ROW] if self.numbered else list(columns)
        for file, name in enumerate(self.names):
            groups = np.flatnonzero(self.file == file)
            if edges is not None:
                groups = groups[_touched(self.starts[groups], self.starts[groups + 1], edges)]
            try:
                yield from self._read(file, groups, wanted, edges)
            except (pa.ArrowInvalid, OSError) as error:
                raise InputError(
                    f"{name}: its rows cannot be read, though its footer can ({error}). Write or "
                    "copy the file again, or remove it."
                ) from error

    def _read(
        self, file: int, groups: Positions, columns: list[str], edges: Positions | None
    ) -> Iterator[Batch]:
        if not len(groups):
            return
        own = np.flatnonzero(self.file == file)
        with pq.ParquetFile(self.paths[file], read_dictionary=list(self.texts)) as opened:
            for group in groups.tolist():
                position, end = int(self.starts[group]), int(self.starts[group + 1])
                last = end if edges is None else _last(edges, end)
                for cells in opened.iter_batches(
                    BATCH, [group - int(own[0])], columns, use_threads=False
                ):
                    batch = self._batch(file, position, cells, int(self.starts[own[0]]), edges)
                    position += cells.num_rows
                    if batch.table.num_rows:
                        yield batch
                    if position >= last:  # the rest of the row group need not be decoded
                        break

    def _batch(
        self, file: int, position: int, cells: pa.RecordBatch, first: int, edges: Positions | None
    ) -> Batch:
        table = pa.Table.from_batches([cells])
        places = np.arange(position, position + cells.num_rows)
        if edges is not None:
            inside = np.searchsorted(edges, places, side="right") % 2 == 1
            if not inside.all():
                table, places = table.filter(pa.array(inside)), places[inside]
        if not self.numbered:
            return Batch(file, places - first + 1, position, table)
        return Batch(file, table[ROW].to_numpy(), position, table.drop_columns([ROW]))


def open_store(
    files: Iterable[tuple[Path, str]], texts: Sequence[str], *, numbered: bool = False
) -> Store:
    """Take files, each with its name in the account, as one long table."""
    listed = list(files)
    sizes: list[int] = []
    owners: list[int] = []
    for i, (path, _) in enumerate(listed):
        meta = pq.read_metadata(path)
        sizes += [meta.row_group(group).num_rows for group in range(meta.num_row_groups)]
        owners += [i] * meta.num_row_groups
    return Store(
        tuple(path for path, _ in listed),
        tuple(name for _, name in listed),
        tuple(texts),
        np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        np.array(owners, dtype=np.int64),
        numbered,
    )


def _touched(starts: Positions, ends: Positions, edges: Positions) -> NDArray[np.bool_]:
    """Tell which row groups hold a row between edges."""
    # A range that ends after the group's start, and begins before the group's end.
    after = np.searchsorted(edges[1::2], starts, side="right")
    before = np.searchsorted(edges[::2], ends, side="left")
    return before > after


def _last(edges: Positions, end: int) -> int:
    """Give the position after the last wanted row that stands before `end`."""
    ranges = int(np.searchsorted(edges[::2], end, side="left"))
    return min(end, int(edges[1::2][ranges - 1]))
