"""Number the rows of a clip whose `frame` column does not: empty, constant, begun anew.

Frames are told apart by their numbers as long as these do. What else is taken, timestamps or the
order of rows, is said in a note; where rows of one frame may be several faces, none is chosen.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject
from pipeline.data.reading.plan import Part

Floats = NDArray[np.floating]
# Below this share of a clip's rows a frame that stands again is a slip, and only that row is lost.
_SLIPS = 0.05
_EMPTY = "frame is empty, rows are numbered as they stand"
_BY_TIME = "frame {how}, rows are numbered in the order of their timestamp"
_BY_ROW = "frame {how} and no timestamp tells the rows apart, they are numbered as they stand"


def settle_frames(part: Part, timestamps: Callable[[], Floats | None], faces_share: bool) -> Part:
    """Give a clip's rows frame numbers that tell them apart, or set them aside as several faces.

    `timestamps` gives the time of each row, None where the file has none. `faces_share` says that
    the extractor gives all faces of an image one number, so that one that never moves means them.
    """
    frame = part.table["frame"].to_numpy()
    if (frame[1:] > frame[:-1]).all() and np.isfinite(frame).all():
        return part
    if np.isnan(frame).all():
        return _numbered(part, np.arange(len(frame)), _EMPTY)
    known = frame[np.isfinite(frame)]
    constant = len(known) > 1 and bool((known == known[0]).all())
    if not constant and not _many_repeated(part, frame):
        return part
    how = "never moves" if constant else "begins anew" if _begins_anew(frame) else None
    time = timestamps()
    if time is not None and np.isfinite(time).all() and len(np.unique(time)) == len(time):
        place = np.argsort(np.argsort(time, kind="stable"), kind="stable")
        return _numbered(part, place, _BY_TIME.format(how=how or "repeats"))
    if how and not (constant and faces_share and time is None):
        return _numbered(part, np.arange(len(frame)), _BY_ROW.format(how=how))
    return _set_aside(part, frame)


def _many_repeated(part: Part, frame: Floats) -> bool:
    """Say whether many rows repeat a frame with other values; a copied row is a mere duplicate."""
    known = frame[np.isfinite(frame)]
    if (len(known) - len(np.unique(known))) < 2:
        return False
    values = [column.to_numpy() for column in part.table.columns]
    rows = np.unique(np.column_stack(values)[np.isfinite(frame)], axis=0, equal_nan=True)
    repeated = len(rows) - len(np.unique(known))
    return repeated >= 2 and repeated > _SLIPS * len(frame)


def _begins_anew(frame: Floats) -> bool:
    """Say whether numbers rise, fall back to the lowest and rise again."""
    falls = np.flatnonzero(~(frame[1:] > frame[:-1])) + 1
    return bool((frame[np.append(0, falls)] == np.nanmin(frame)).all())


def _numbered(part: Part, place: NDArray[np.intp], note: str) -> Part:
    column = pa.array(place + 1, pa.float64())
    table = part.table.set_column(part.table.column_names.index("frame"), "frame", column)
    return replace(part, table=table, notes=part.notes | {note})


def _set_aside(part: Part, frame: Floats) -> Part:
    _, counts = np.unique(frame, return_counts=True)
    detail = (
        f"{int((counts > 1).sum())} of {len(counts)} frames stand in several rows that differ, "
        "without a column that tells the faces apart"
    )
    reject = Reject(str(part.clip.path), None, len(frame), "several_faces", detail)
    return replace(
        part, table=part.table.slice(0, 0), row=part.row[:0], rejects=[*part.rejects, reject]
    )
