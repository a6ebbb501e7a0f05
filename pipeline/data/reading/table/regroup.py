"""Sort a table through the disk: deal its rows to files of whole clips."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject
from pipeline.data.reading.table.clip_index import Piece
from pipeline.data.reading.table.parquet import FILE, ROW, TableFile, read_rows

HELD_ROWS = 2 << 20  # wait in memory, no more


def spread(
    files: Sequence[TableFile], schema: pa.Schema, jobs: Mapping[str | None, int], scratch: Path
) -> tuple[list[Piece], list[Reject]]:
    """Write the rows of each job to a file of its own; what is damaged is set aside."""
    buckets = _Buckets(scratch, max(jobs.values(), default=-1) + 1)
    rejects: list[Reject] = []
    for file in files:
        for part in read_rows(file, schema, 0, file.rows):
            if isinstance(part, Reject):
                rejects.append(part)
                continue
            clip = part["clip"].chunk(0)
            place = np.array([*(jobs[word] for word in clip.dictionary.to_pylist()), 0])
            place[-1] = jobs.get(None, 0)  # where the code -1 of rows without a clip leads
            buckets.add(_plain(part), place[clip.indices.fill_null(-1).to_numpy()])
    placed = frozenset((FILE, ROW))
    pieces: list[Piece] = [
        [(TableFile(path, str(path), -1, rows, frozenset(schema.names), placed), 0, rows)]
        for path, rows in buckets.close()
    ]
    return pieces, rejects


def _plain(table: pa.Table) -> pa.Table:
    """Write words out: else each bucket would be given the dictionary of all clips."""
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table[i].chunk(0).dictionary_decode())
    return table


class _Buckets:
    """Parquet files that fill up together; some millions of rows wait in memory, no more."""

    def __init__(self, scratch: Path, count: int) -> None:
        self._paths = [scratch / f"bucket_{i:05d}.parquet" for i in range(count)]
        self._writers: dict[int, pq.ParquetWriter] = {}
        self._waiting: dict[int, list[pa.Table]] = {}
        self._rows: dict[int, int] = dict.fromkeys(range(count), 0)
        self._held = 0

    def add(self, table: pa.Table, place: NDArray[np.int64]) -> None:
        order = np.argsort(place, kind="stable")
        table = table.take(pa.array(order))
        found, starts = np.unique(place[order], return_index=True)
        stops = np.append(starts[1:], len(order))
        for one, start, stop in zip(found.tolist(), starts, stops, strict=True):
            self._waiting.setdefault(one, []).append(table.slice(start, stop - start))
            self._rows[one] += int(stop - start)
        self._held += len(order)
        if self._held >= HELD_ROWS:
            self._flush()

    def _flush(self) -> None:
        for one, tables in self._waiting.items():
            joined = pa.concat_tables(tables)
            if one not in self._writers:
                self._writers[one] = pq.ParquetWriter(self._paths[one], joined.schema)
            self._writers[one].write_table(joined)
        self._waiting, self._held = {}, 0

    def close(self) -> list[tuple[Path, int]]:
        self._flush()
        for writer in self._writers.values():
            writer.close()
        return [(path, self._rows[i]) for i, path in enumerate(self._paths) if self._rows[i]]
