"""Ask as if people had brought few clips: what a model makes of someone it hardly knows."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.data.frames import codes_of
from pipeline.evaluation.scoring.arrays import Ints
from studies.frames import Rows


def with_few_clips(asked: Rows, numbers: Sequence[int], seed: int) -> tuple[pa.Table, Ints]:
    """Let each person be as many people as it takes, who bring so many clips each and no more.

    Return frames under the names of these people, for one number after the other, and the place in
    them of each row of `asked`: (numbers * rows,). Without numbers all stays as it is.
    """
    if not numbers:
        return asked.frames, np.arange(asked.frames.num_rows)
    tables, places, rows = [], [], 0
    for number in numbers:
        frames, place = _deal(asked, number, seed)
        tables.append(frames)
        places.append(rows + place)
        rows += frames.num_rows
    return pa.concat_tables(tables), np.concatenate(places)


def _deal(asked: Rows, clips: int, seed: int) -> tuple[pa.Table, Ints]:
    """Deal each person's clips at random to people of so many clips.

    Where the last few are fewer, clips that had their turn make them up. Whoever has fewer clips in
    all brings those.
    """
    (subject, people), (clip, _) = (codes_of(asked.frames[name]) for name in ("subject", "clip"))
    random = np.random.default_rng(seed)
    place, taken, names = np.empty(len(subject), dtype=np.int64), [], list[str]()
    for code in np.unique(subject):
        own = np.flatnonzero(subject == code)
        order = random.permutation(np.unique(clip[own]))
        for start in range(0, len(order), clips):
            last = min(start + clips, len(order))
            rows = own[np.isin(clip[own], order[max(last - clips, 0) : last])]
            turn = np.isin(clip[rows], order[start:last])
            place[rows[turn]] = len(names) + np.flatnonzero(turn)
            taken.append(rows)
            names += [f"{people[code]} with {clips} clips, {start // clips + 1}"] * len(rows)
    frames = asked.frames.take(pa.array(np.concatenate(taken)))
    column = frames.column_names.index("subject")
    return frames.set_column(column, "subject", pa.array(names)), place
