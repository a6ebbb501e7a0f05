"""Number the rows of a clip whose `frame` column does not: empty, constant, begun anew.

Frames are told apart by their numbers as long as these do. What else is taken, timestamps or the
order of rows, is said in a note; where rows of one frame may be several faces, none is chosen.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject
from pipeline.data.reading.rows.parts import Part

Floats = NDArray[np.floating]
SEVERAL = "several_faces"  # the reason to set rows aside
# Below this share of a clip's rows a frame that stands again is a slip, and only that row is lost.
_SLIPS = 0.05
_EMPTY = "frame is empty, rows are numbered as they stand"
_BY_TIME = "frame {how}, rows are numbered in the order of their timestamp"
_BY_ROW = "frame {how} and no timestamp tells the rows apart, they are numbered as they stand"


class Order(NamedTuple):
    """New frame numbers from 1, or None for several faces; and what is to be said of it."""

    frame: Floats | None
    told: str


def settle_frames(part: Part, timestamps: Callable[[], Floats | None], faces_share: bool) -> Part:
    """Give a clip's rows frame numbers that tell them apart, or set them aside as several faces.

    `timestamps` gives the time of each row, None where the file has none. `faces_share` says that
    the extractor gives all faces of an image one number, so that one that never moves means them.
    """
    frame = part.table["frame"].to_numpy()
    if _rises(frame):  # nearly always
        return part
    numbers = {name: part.table[name].to_numpy() for name in part.table.column_names}
    order = order_rows(numbers, timestamps, faces_share)
    if order is None:
        return part
    if order.frame is None:
        reject = Reject(str(part.clip.path), None, len(part.row), SEVERAL, order.told)
        rejects = [*part.rejects, reject]
        return replace(part, table=part.table.slice(0, 0), row=part.row[:0], rejects=rejects)
    place = part.table.column_names.index("frame")
    table = part.table.set_column(place, "frame", pa.array(order.frame))
    return replace(part, table=table, notes=part.notes | {order.told})


def order_clips(
    numbers: Mapping[str, Floats], clip: NDArray[np.integer]
) -> Iterator[tuple[NDArray[np.int64], Order]]:
    """Yield the rows of each clip whose frames do not number them, and how these are settled.

    `clip` has a code for each row.
    """
    frame = numbers["frame"]
    changes = clip[1:] != clip[:-1]
    rising = bool((changes | (frame[1:] > frame[:-1])).all())
    # Frames that rise within each stretch may stand again in another one of the same clip.
    if rising and len(np.unique(clip)) == 1 + int(changes.sum()):
        return
    by_clip = np.lexsort((frame, clip))
    again = (clip[by_clip][1:] == clip[by_clip][:-1]) & (frame[by_clip][1:] == frame[by_clip][:-1])
    for one in np.unique(clip[by_clip][1:][again]):
        rows = np.flatnonzero(clip == one)
        own = {name: values[rows] for name, values in numbers.items()}
        if order := order_rows(own, lambda: None, faces_share=False):
            yield rows, order


def order_rows(
    numbers: Mapping[str, Floats], timestamps: Callable[[], Floats | None], faces_share: bool
) -> Order | None:
    """Settle the rows of one clip; None where their frames number them well enough."""
    frame = numbers["frame"]
    known = frame[np.isfinite(frame)]
    if _rises(frame):
        return None
    if not len(known):
        return Order(np.arange(1.0, len(frame) + 1), _EMPTY) if np.isnan(frame).all() else None
    constant = len(known) > 1 and bool((known == known[0]).all())
    if not constant and not _many_repeated(numbers):
        return None
    how = "never moves" if constant else "begins anew" if _begins_anew(frame) else None
    time = timestamps()
    if time is not None and np.isfinite(time).all() and len(np.unique(time)) == len(time):
        place = np.argsort(np.argsort(time, kind="stable"), kind="stable")
        return Order(place + 1.0, _BY_TIME.format(how=how or "repeats"))
    if how and not (constant and faces_share and time is None):
        return Order(np.arange(1.0, len(frame) + 1), _BY_ROW.format(how=how))
    _, counts = np.unique(known, return_counts=True)
    return Order(
        None,
        f"{int((counts > 1).sum())} of {len(counts)} frames stand in several rows that differ, "
        "without a column that tells the faces apart",
    )


def _rises(frame: Floats) -> bool:
    return bool((frame[1:] > frame[:-1]).all() and np.isfinite(frame).all())


def _many_repeated(numbers: Mapping[str, Floats]) -> bool:
    """Say whether many rows repeat a frame with other values; a copied row is a mere duplicate."""
    frame = numbers["frame"]
    finite = np.isfinite(frame)
    frames = len(np.unique(frame[finite]))
    if finite.sum() - frames < 2:
        return False
    rows = np.unique(np.column_stack(list(numbers.values()))[finite], axis=0, equal_nan=True)
    repeated = len(rows) - frames
    return repeated >= 2 and repeated > _SLIPS * len(frame)


def _begins_anew(frame: Floats) -> bool:
    """Say whether numbers rise, fall back to the lowest and rise again."""
    falls = np.flatnonzero(~(frame[1:] > frame[:-1])) + 1
    return bool((frame[np.append(0, falls)] == np.nanmin(frame)).all())
