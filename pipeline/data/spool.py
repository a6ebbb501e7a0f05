"""Walk Parquet files clip by clip without loading them; sort them through the disk if need be."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import InputError

# Where a row was read: the position of its file in the plan, and its number there from 1.
FILE, ROW = "__file", "__row"
JOB_ROWS = 250_000  # of whole clips: little enough that a few jobs fit in memory at once
BATCH_ROWS = 1 << 20
_KEYS = ["clip", "subject"]

Piece = list[tuple[Path, int, int]]  # rows [start, stop) of a file
SubjectOf = Callable[[str], str | None]


@dataclass
class Clips:
    """The clips of a table: whose each is, how many rows it has, and where each run begins."""

    subject: dict[str | None, str | None] = field(default_factory=dict)
    rows: dict[str | None, int] = field(default_factory=dict)
    runs: list[tuple[str | None, Path, int, int]] = field(default_factory=list)
    ordered: bool = True

    def ranked(self) -> list[str | None]:
        """Sort clips by subject and clip; those that nobody owns come first."""
        return sorted(self.rows, key=lambda clip: (self.subject[clip] or "", clip or ""))


def find_clips(files: Sequence[Path], subject_of: SubjectOf) -> Clips:
    """Read the key columns of all files once; where the rows are in order, note every run.

    `subject_of` names the owner of a clip for which the table has none. Raises `InputError`
    where a clip has two subjects.
    """
    clips = Clips()
    last = ("", "")
    for path in files:
        row = 0
        for clip, subject, count, again in _runs(path):
            owner = _own(clips, clip, subject, subject_of)
            key = (owner or "", clip or "")
            if clips.ordered and (again or key < last):
                clips.ordered, clips.runs = False, []
            if clips.ordered:
                clips.runs.append((clip, path, row, row + count))
            clips.rows[clip] = clips.rows.get(clip, 0) + count
            last, row = key, row + count
    return clips


def _own(clips: Clips, clip: str | None, subject: str | None, subject_of: SubjectOf) -> str | None:
    known = clips.subject.get(clip)
    if known is None:
        known = subject or (subject_of(clip) if clip else None)
        clips.subject[clip] = known
    elif subject and subject != known:
        raise InputError(
            f"clip {clip} belongs to subject {known} and to subject {subject}; one is allowed. "
            "Mend the table, or give the two parts names of their own."
        )
    return known


def _open(path: Path) -> pq.ParquetFile:
    """Open a file so that its columns of words come encoded by dictionary, as they are stored."""
    schema = pq.read_schema(path)
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    return pq.ParquetFile(path, read_dictionary=words)


def _runs(path: Path) -> Iterator[tuple[str | None, str | None, int, bool]]:
    """Yield clip, subject and length of each stretch of rows in which neither changes.

    Where clips take turns within a batch, each is given once with all its rows there, and the
    last value is true: the table is in no order, and its stretches need not be known.
    """
    with _open(path) as file:
        names = [name for name in _KEYS if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
            columns = [encode(batch.column(name)) for name in names]
            codes = np.zeros(batch.num_rows, dtype=np.int64)
            for column in columns:
                codes = codes * (len(column.dictionary) + 1)
                codes += column.indices.fill_null(-1).to_numpy() + 1
            starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
            lengths = np.diff(np.append(starts, len(codes)))
            _, first, counts = np.unique(codes, return_index=True, return_counts=True)
            again = len(first) < len(starts)
            if again:
                starts, lengths = first, counts
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
                words = [column[start].as_py() for column in columns]
                yield words[0], words[1] if len(words) > 1 else None, length, again


def encode(column: pa.Array) -> pa.DictionaryArray:
    """Encode words by dictionary, whatever type they have; an empty word is null."""
    if pa.types.is_dictionary(column.type):
        if pa.types.is_string(column.type.value_type) and "" not in column.dictionary.to_pylist():
            return column
        column = column.dictionary_decode()
    words = column.cast(pa.string())
    mask = np.equal(words.fill_null("").to_numpy(zero_copy_only=False), "")
    return pa.array(
        words.to_numpy(zero_copy_only=False), pa.string(), mask=mask
    ).dictionary_encode()


def pieces_in_order(clips: Clips) -> list[Piece]:
    """Cut the runs of an ordered table into pieces of whole clips, about JOB_ROWS each."""
    pieces: list[Piece] = []
    piece: Piece = []
    size, before = 0, None
    for clip, path, start, stop in clips.runs:
        if size >= JOB_ROWS and clip != before:
            pieces.append(piece)
            piece, size = [], 0
        if piece and piece[-1][0] == path and piece[-1][2] == start:
            piece[-1] = (path, piece[-1][1], stop)
        else:
            piece.append((path, start, stop))
        size, before = size + stop - start, clip
    return [*pieces, piece] if piece else pieces


def spread(
    files: Sequence[Path], columns: Sequence[str], clips: Clips, scratch: Path
) -> list[Piece]:
    """Deal all rows to files of whole clips, about JOB_ROWS each, in the order of the clips."""
    ranked = clips.ranked()
    sizes = np.array([clips.rows[clip] for clip in ranked])
    bucket = dict(zip(ranked, ((np.cumsum(sizes) - sizes) // JOB_ROWS).tolist(), strict=True))
    buckets = _Buckets(scratch, max(bucket.values(), default=-1) + 1)
    for number, path in enumerate(files):
        row = 1
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                table = pa.table(batch)
                clip = encode(batch.column("clip"))
                place = np.array([bucket[word] for word in clip.dictionary.to_pylist()] + [0])
                if None in bucket:
                    place[-1] = bucket[None]
                buckets.add(
                    _placed(table, number, row), place[clip.indices.fill_null(-1).to_numpy()]
                )
                row += batch.num_rows
    return [[(path, 0, rows)] for path, rows in buckets.close()]


def _placed(table: pa.Table, file: int, row: int) -> pa.Table:
    """Note where each row comes from, unless an earlier pass did."""
    count = table.num_rows
    table = table.append_column(FILE, pa.array(np.full(count, file, dtype=np.int32)))
    if ROW in table.column_names:
        return table
    return table.append_column(ROW, pa.array(np.arange(row, row + count)))


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
        if self._held >= 2 * BATCH_ROWS:
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


def read_piece(piece: Piece, columns: Sequence[str], place: Mapping[Path, int]) -> pa.Table:
    """Read a piece's rows with FILE and ROW, from the row groups that hold them alone."""
    parts = []
    for path, start, stop in piece:
        with _open(path) as file:
            names = [name for name in (*columns, FILE, ROW) if name in file.schema_arrow.names]
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            ends = np.cumsum(sizes)
            groups = np.flatnonzero((ends > start) & (ends - sizes < stop))
            table = file.read_row_groups(groups.tolist(), columns=names)
            offset = int(ends[groups[0]] - sizes[groups[0]])
            table = table.slice(start - offset, stop - start)
        if FILE not in names:
            table = _placed(table, place[path], start + 1)
        parts.append(table)
    return pa.concat_tables(parts, promote_options="default")
