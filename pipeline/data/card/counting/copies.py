"""Find recordings that stand under two people: the same action units, row for row.

`Copy of s01.csv` beside `s01.csv` is one recording; as two subjects it may stand in training and
in test. Each clip is boiled down to 64 bits of its values, so that neither file format nor size
matters, and clips are compared without being kept.
"""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.frames import Runs
from pipeline.data.warnings import warning

# A clip in which hardly anything moves, such as an image of a face at rest, is like many others.
FEWEST_VALUES = 8  # other than 0
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, bits without a pattern: 2^64 / golden ratio
_SHIFT = np.uint64(29)
_NAMED = 5

Pair = tuple[str, str]  # subject and clip


class Copies:
    """Clips by what they hold, and those that hold what another person's clip holds."""

    def __init__(self, aus: Iterable[str]) -> None:
        self._aus = list(aus)
        # Of each clip, in step; a dict of digests would take several times the memory.
        self._digests: list[NDArray[np.uint64]] = []
        self._clips: list[str] = []
        self._owners = array("L")  # positions in _subjects
        self._subjects: dict[str, int] = {}

    def add(self, frames: pa.Table, runs: Runs) -> None:
        """Take the clips of one batch, each a run of its rows."""
        values, filled = digests([frames[name].to_numpy() for name in self._aus], runs)
        enough = filled >= FEWEST_VALUES
        self._digests.append(values[enough])
        for i in np.flatnonzero(enough).tolist():
            self._clips.append(runs.clip[i])
            who = self._subjects.setdefault(runs.subject[i], len(self._subjects))
            self._owners.append(who)

    def found(self) -> list[tuple[Pair, Pair]]:
        """Give the pairs of clips that hold the same and belong to two subjects."""
        if not self._digests:
            return []
        values = np.concatenate(self._digests)
        order = np.argsort(values, kind="stable")
        same = np.flatnonzero(values[order][1:] == values[order][:-1])
        pairs = zip(order[same].tolist(), order[same + 1].tolist(), strict=True)
        differ = (pair for pair in pairs if self._owners[pair[0]] != self._owners[pair[1]])
        subjects = list(self._subjects)

        def named(clip: int) -> Pair:
            return subjects[self._owners[clip]], self._clips[clip]

        return [(named(first), named(second)) for first, second in sorted(differ)]

    def warnings(self, files: Mapping[str, str]) -> list[dict[str, Any]]:
        """Name the clips, by their files where these are known."""
        found = self.found()
        if not found:
            return []
        told = "; ".join(
            " and ".join(f"{files.get(clip, clip)} (subject {who})" for who, clip in pair)
            for pair in found[:_NAMED]
        )
        rest = " ..." if len(found) > _NAMED else ""
        text = f"the same recording stands under two subjects: {told}{rest}. Remove one of each."
        return [warning("same_recording", len(found), text)]


def digests(
    columns: Iterable[NDArray[np.float32]], runs: Runs
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Boil the rows of each run down to 64 bits, and count its values other than 0.

    Equal values in equal order give equal digests, wherever the run stands in its table.
    """
    rows, filled = row_digests(columns, int(runs.lengths.sum()))
    place = np.arange(len(rows), dtype=np.uint64) - np.repeat(runs.starts, runs.lengths).astype(
        np.uint64
    )
    rows *= 2 * place + np.uint64(1)
    rows ^= rows >> _SHIFT
    rows *= _FACTOR
    return np.add.reduceat(rows, runs.starts), np.add.reduceat(filled, runs.starts)


def row_digests(
    columns: Iterable[NDArray[np.float32]], count: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Boil each of so many rows down to 64 bits, and count its values other than 0."""
    rows = np.zeros(count, dtype=np.uint64)
    filled = np.zeros(count, dtype=np.int64)
    for column in columns:
        bits = (column + np.float32(0)).view(np.uint32)  # -0 is 0
        filled += bits != 0
        rows ^= bits
        rows *= _FACTOR
        rows ^= rows >> _SHIFT
    return rows, filled
