"""Keep account of what is not used: file, row and reason, so that nothing is lost in silence.

`row` counts the data rows of a file from 1 (blank lines are no rows); it is null where a whole
file is set aside, and `rows` then says how many rows that file had.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

REASONS = {
    "unreadable": "the file is not text, or not a table",
    "empty": "the file has no rows",
    "bad_name": "the file's name is not UTF-8; rename it",
    "unnamed": "no subject: the name does not match data.naming, and labels.csv does not give it",
    "unlabelled": "label.source is human, and nothing says the emotion of the clip or frame",
    "no_partner": "the AU or valence file, or its row for this image, is missing",
    "missing_column": "the file lacks columns that the layout or most other files have",
    "ragged": "the row has more or fewer cells than the header",
    "not_a_number": "a cell that should hold a number holds something else",
    "not_finite": "a number is empty, NaN or infinite",
    "out_of_range": "a value outside its range: intensity 0-5, presence 0-1, valence -1..1, "
    "frame a whole number from 0",
    "not_tracked": "success is 0 or empty",
    "low_confidence": "the confidence is below prepare.min_confidence, or none is given",
    "other_face": "another face than the one that prepare.face keeps",
    "several_faces": "frames hold several faces, and nothing says which row is whose",
    "duplicate_frame": "the clip already has this frame",
    "duplicate_clip": "another file already is this clip: their names differ in the suffix alone",
}

SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("rows", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


@dataclass(frozen=True)
class Reject:
    """One row, or one whole file, that was set aside.

    `whose` holds its subject, emotion and valence class, where the row itself tells them.
    """

    file: str
    row: int | None
    rows: int
    reason: str
    detail: str
    whose: Mapping[str, str | None] | None = None

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"reason {self.reason!r} is not one of {list(REASONS)}")


def as_table(rejects: Sequence[Reject]) -> pa.Table:
    """Lay rejects out as the rows of quarantine.parquet."""
    columns = {name: [getattr(reject, name) for reject in rejects] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def whole_files(rejects: Iterable[Reject]) -> set[str]:
    """Name the files that were set aside, wholly or from one row to another."""
    return {reject.file for reject in rejects if reject.row is None}


def count_rows(rejects: Iterable[Reject]) -> Counter[str]:
    """Count rows set aside per reason; a file without rows counts 0 rows."""
    counts: Counter[str] = Counter()
    for reject in rejects:
        counts[reject.reason] += reject.rows
    return counts
