"""Find recordings that stand there twice: the same action units, row for row.

`Copy of s01.csv` beside `s01.csv` is one recording; as two subjects it may stand in training and
in test, and under one subject, as in a folder `backup`, it counts twice. So does `all.csv` with the
rows of all other clips. Each clip is boiled down to 64 bits of its values, so that neither file
format nor size matters, and clips are compared without being kept; 64 bits more are the sum of its
rows, whatever their order, and that of a merged clip is the sum of those it was made of.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.frames import Runs
from pipeline.data.warnings import Code, warning

# A clip in which hardly anything moves, such as an image of a face at rest, is like many others.
FEWEST_VALUES = 8  # other than 0
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, bits without a pattern: 2^64 / golden ratio
_SHIFT = np.uint64(29)
_NAMED = 5
_BITS = 1 << 64

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
        self._sums: list[NDArray[np.uint64]] = []
        self._totals: list[int] = []  # of each subject, of all its clips
        self._counts: list[int] = []

    def add(self, frames: pa.Table, runs: Runs) -> None:
        """Take the clips of one batch, each a run of its rows."""
        values, sums, filled = digests([frames[name].to_numpy() for name in self._aus], runs)
        enough = filled >= FEWEST_VALUES
        self._digests.append(values[enough])
        self._sums.append(sums[enough])
        for subject, clip, told, total in zip(
            runs.subject, runs.clip, enough.tolist(), sums.tolist(), strict=True
        ):
            who = self._subjects.setdefault(subject, len(self._subjects))
            if who == len(self._totals):
                self._totals.append(0)
                self._counts.append(0)
            self._totals[who] += total
            self._counts[who] += 1
            if told:
                self._clips.append(clip)
                self._owners.append(who)

    def found(self, *, apart: bool = True) -> list[tuple[Pair, Pair]]:
        """Give the pairs of clips that hold the same and belong to two subjects, or else to one."""
        if not self._digests:
            return []
        values = np.concatenate(self._digests)
        order = np.argsort(values, kind="stable")
        same = np.flatnonzero(values[order][1:] == values[order][:-1])
        pairs = zip(order[same].tolist(), order[same + 1].tolist(), strict=True)
        owners = self._owners
        chosen = (pair for pair in pairs if (owners[pair[0]] != owners[pair[1]]) == apart)
        subjects = list(self._subjects)

        def named(clip: int) -> Pair:
            return subjects[owners[clip]], self._clips[clip]

        return [(named(first), named(second)) for first, second in sorted(chosen)]

    def merged(self, *, apart: bool = True) -> list[Pair]:
        """Give the clips that hold the rows of all others, or else of all others of their subject.

        Two clips are no merged one and its parts, but a pair.
        """
        if not self._sums:
            return []
        owners, subjects = np.array(self._owners, dtype=np.int64), list(self._subjects)
        totals = np.array([total % _BITS for total in self._totals], dtype=np.uint64)
        counts = np.array(self._counts)
        if apart:
            totals[:], counts[:] = totals.sum(), counts.sum()
        holds = np.concatenate(self._sums) * np.uint64(2) == totals[owners]
        clips = np.flatnonzero(holds & (counts[owners] > 2)).tolist()
        return [(subjects[owners[clip]], self._clips[clip]) for clip in clips]

    def warnings(self, files: Mapping[str, str]) -> list[dict[str, Any]]:
        """Name the clips, by their files where these are known."""
        kinds: tuple[tuple[Code, str, str, bool], ...] = (
            ("same_recording", "under two subjects", "clips", True),
            ("repeated_recording", "twice under one subject", "clips of this subject", False),
        )
        warnings = []
        for code, where, others, apart in kinds:
            merged = self.merged(apart=apart) if len(self._subjects) > 1 or not apart else []
            pairs = self.found(apart=apart)
            if told := _tell(files, pairs, merged, others):
                text = f"the same recording stands {where}: {told}. Keep each once."
                warnings.append(warning(code, len(pairs) + len(merged), text))
        return warnings


def _tell(
    files: Mapping[str, str], pairs: Sequence[tuple[Pair, Pair]], merged: Sequence[Pair], of: str
) -> str:
    def named(one: Pair) -> str:
        return f"{files.get(one[1], one[1])} (subject {one[0]})"

    told = [f"{named(one)} has the rows of all other {of}" for one in merged]
    told += [" and ".join(map(named, pair)) for pair in pairs]
    return "; ".join(told[:_NAMED]) + (" ..." if len(told) > _NAMED else "")


def digests(
    columns: Iterable[NDArray[np.float32]], runs: Runs
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Boil the rows of each run down to 64 bits, sum them up, and count its values other than 0.

    Equal values in equal order give equal digests, wherever the run stands in its table, and in any
    order equal sums.
    """
    rows, filled = row_digests(columns, int(runs.lengths.sum()))
    sums = np.add.reduceat(rows, runs.starts)
    place = np.arange(len(rows), dtype=np.uint64) - np.repeat(runs.starts, runs.lengths).astype(
        np.uint64
    )
    rows *= 2 * place + np.uint64(1)
    rows ^= rows >> _SHIFT
    rows *= _FACTOR
    return np.add.reduceat(rows, runs.starts), sums, np.add.reduceat(filled, runs.starts)


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
