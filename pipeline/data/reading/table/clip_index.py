"""Find the clips of a table that may be larger than memory, and cut it into pieces of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.quarantine import Reject
from pipeline.data.reading.table import parquet
from pipeline.data.reading.table.column_types import encode
from pipeline.data.reading.table.parquet import (
    BROKEN,
    TableFile,
    damage,
    empty,
    open_table,
    read_rows,
)
from pipeline.errors import InputError

JOB_ROWS = 250_000  # of whole clips: little enough that a few jobs fit in memory at once
# A piece in order reads the row groups that it lies in; larger ones would be read too often.
GROUP_ROWS = 2 << 20
_KEYS = ["clip", "subject"]

Piece = list[tuple[TableFile, int, int]]  # rows [start, stop) of a file
SubjectOf = Callable[[str], str | None]


class DamagedError(Exception):
    """A file whose key columns cannot be read; carries the file and why it is set aside."""

    def __init__(self, file: TableFile, reject: Reject) -> None:
        super().__init__(reject.detail)
        self.file = file
        self.reject = reject


@dataclass
class Clips:
    """The clips of a table: whose each is, how many rows it has, and where each run begins.

    `guessed` are the clips whose subject no row has told so far.
    """

    subject: dict[str | None, str | None] = field(default_factory=dict)
    rows: dict[str | None, int] = field(default_factory=dict)
    runs: list[tuple[str | None, TableFile, int, int]] = field(default_factory=list)
    guessed: set[str | None] = field(default_factory=set)
    ordered: bool = True

    def ranked(self) -> list[str | None]:
        """Sort clips by subject and clip; those that nobody owns come first."""
        return sorted(self.rows, key=lambda clip: (self.subject[clip] or "", clip or ""))

    def jobs(self) -> dict[str | None, int]:
        """Deal the clips to jobs of about JOB_ROWS, in their order."""
        ranked = self.ranked()
        sizes = np.array([self.rows[clip] for clip in ranked])
        before = (np.cumsum(sizes) - sizes) // JOB_ROWS
        return dict(zip(ranked, before.tolist(), strict=True))


def find_clips(files: Sequence[TableFile], subject_of: SubjectOf) -> Clips:
    """Read the key columns of all files once; where the rows are in order, note every run.

    `subject_of` names the owner of a clip for which the table has none. Raises `InputError`
    where a clip has two subjects, `DamagedError` where a key column cannot be read.
    """
    clips = Clips()
    last = ("", "")
    for file in files:
        for clip, subject, row, count, again in _runs(file):
            owner = _own(clips, clip, subject, subject_of, f"{file.name}, row {row + 1}")
            key = (owner or "", clip or "")
            if clips.ordered and (again or key < last):
                clips.ordered, clips.runs = False, []
            if clips.ordered:
                clips.runs.append((clip, file, row, row + count))
            clips.rows[clip] = clips.rows.get(clip, 0) + count
            last = key
    return clips


def _own(
    clips: Clips, clip: str | None, subject: str | None, subject_of: SubjectOf, place: str
) -> str | None:
    """Tell whose a clip is: what the table says of any of its rows wins over its name."""
    if clip is None:  # rows of anybody, which will be set aside
        clips.subject[clip] = None
        return None
    known = clips.subject.get(clip)
    if subject and (known is None or clip in clips.guessed):
        # Rows before this one were placed by the guess.
        clips.ordered = clips.ordered and (clip not in clips.guessed or known == subject)
        clips.guessed.discard(clip)
        known = subject
    elif subject and subject != known:
        raise InputError(
            f"{place}: clip {clip} belongs to subject {subject}, and before to subject {known}; "
            "one is allowed. Mend the table, or give the two parts names of their own."
        )
    elif clip not in clips.subject:
        known = subject_of(clip)
        clips.guessed.add(clip)
    clips.subject[clip] = known
    return known


def _runs(file: TableFile) -> Iterator[tuple[str | None, str | None, int, int, bool]]:
    """Yield clip, subject, first row (from 0) and length of each stretch without a change.

    Where clips take turns within a batch, each is given once with all its rows there, and the
    last value is true: the table is in no order, and its stretches need not be known.
    """
    begin = 0
    for columns in _key_columns(file, _KEYS):
        codes = np.zeros(len(columns[0]), dtype=np.int64)
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
            yield words[0], words[1] if len(words) > 1 else None, begin + start, length, again
        begin += len(codes)


def _key_columns(file: TableFile, wanted: Sequence[str]) -> Iterator[list[pa.DictionaryArray]]:
    try:
        with open_table(file.path) as opened:
            names = [name for name in wanted if name in file.fills]
            stored = file.stored_names(names)
            for batch in opened.iter_batches(parquet.BATCH_ROWS, columns=stored):
                yield [encode(batch.column(name)) for name in stored]
    except BROKEN as error:
        raise DamagedError(file, damage(file, 1, file.rows, error)) from error


def count_words(file: TableFile, name: str) -> Counter[str]:
    """Count the words of a column; what is damaged is set aside when it is read."""
    counts = Counter[str]()
    if name not in file.fills:
        return counts
    with suppress(DamagedError):
        for (column,) in _key_columns(file, [name]):
            for item in column.drop_null().value_counts():
                counts[str(item["values"])] += item["counts"].as_py()
    return counts


def has_large_groups(files: Sequence[TableFile]) -> bool:
    """Say whether a row group is so large that to read it for every piece would not do."""
    groups = (
        metadata.row_group(i).num_rows
        for metadata in (pq.read_metadata(file.path) for file in files)
        for i in range(metadata.num_row_groups)
    )
    return max(groups, default=0) > GROUP_ROWS


def pieces_in_order(clips: Clips) -> list[Piece]:
    """Cut the runs of an ordered table into pieces of whole clips, about JOB_ROWS each."""
    pieces: list[Piece] = []
    piece: Piece = []
    size, before = 0, None
    for clip, file, start, stop in clips.runs:
        if size >= JOB_ROWS and clip != before:
            pieces.append(piece)
            piece, size = [], 0
        if piece and piece[-1][0] == file and piece[-1][2] == start:
            piece[-1] = (file, piece[-1][1], stop)
        else:
            piece.append((file, start, stop))
        size, before = size + stop - start, clip
    return [*pieces, piece] if piece else pieces


def read_piece(piece: Piece, schema: pa.Schema) -> tuple[pa.Table, list[Reject]]:
    """Read a piece's rows with FILE and ROW; what is damaged of them is set aside."""
    found = [part for file, start, stop in piece for part in read_rows(file, schema, start, stop)]
    tables = [part for part in found if not isinstance(part, Reject)]
    rejects = [part for part in found if isinstance(part, Reject)]
    return pa.concat_tables([empty(schema), *tables]).combine_chunks(), rejects
