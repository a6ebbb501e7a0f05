"""Say how much of the data was set aside, and whether some emotions or people lost more of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.data.quarantine import Reject
from pipeline.data.warnings import some, warning

LARGE = 0.05  # share of rows; what is lost of one group beyond the others counts from here, too
_FEW = 5  # rows; fewer are no share to speak of
_CHOSEN = "other_face"  # set aside because prepare.face says so: no loss
_KINDS = {
    "emotion": "emotion",
    "valence_class": "valence class",
    "subject": "subject",
    "split": "split",
}

Keys = Mapping[str, str | None]


class Losses:
    """Rows kept and lost, in all and of each emotion, valence class, subject and split.

    `owners` tells of files that hold one clip whose it is; elsewhere each row says it.
    """

    def __init__(self, owners: Mapping[str, Keys]) -> None:
        self._owners = owners
        self._reasons: Counter[str] = Counter()
        self._kept: dict[str, Counter[str]] = {kind: Counter() for kind in _KINDS}
        self._lost: dict[str, Counter[str]] = {kind: Counter() for kind in _KINDS}
        self._frames = 0

    def add(self, frames: pa.Table, rejects: Iterable[Reject]) -> None:
        """Count the frames and the rejects of one batch."""
        self._frames += frames.num_rows
        for kind in self._kept:
            if kind in frames.column_names:
                self._kept[kind] += _count(frames[kind])
        for reject in rejects:
            if reject.rows and reject.reason != _CHOSEN:
                self._reasons[reject.reason] += reject.rows
                for kind, word in (reject.whose or self._owners.get(reject.file, {})).items():
                    if word:
                        self._lost[kind][word] += reject.rows

    def warnings(self, split_of: Mapping[str, str]) -> list[dict[str, Any]]:
        """Warn of a large loss, and of an uneven one; `split_of` names the split of a subject."""
        for subject, rows in self._lost["subject"].items():
            if split := split_of.get(subject):
                self._lost["split"][split] += rows
        return [*self._large(), *self._uneven()]

    def _large(self) -> list[dict[str, Any]]:
        lost = self._reasons.total()
        share = lost / max(lost + self._frames, 1)
        if share <= LARGE:
            return []
        reasons = ", ".join(f"{reason} {rows}" for reason, rows in self._reasons.most_common())
        text = (
            f"{share:.1%} of {lost + self._frames} rows were set aside ({reasons}): what is left "
            "may not stand for what was recorded. Look into the quarantine first."
        )
        return [warning("large_loss", round(share, 4), text)]

    def _uneven(self) -> list[dict[str, Any]]:
        compared = {kind: self._compare(kind) for kind in _KINDS}
        told = [
            f"by {_KINDS[kind]}: {some([f'{word} {share:.1%}' for share, word in worst], 5)}, the "
            f"others {others:.1%}"
            for kind, (worst, others) in compared.items()
            if worst
        ]
        if not told:
            return []
        text = (
            f"some lost more of their rows than others, {'; '.join(told)}. What is learned and "
            "measured leans to the others. Look into the quarantine."
        )
        share = max(worst[0][0] for worst, _ in compared.values() if worst)
        return [warning("uneven_loss", round(share, 4), text)]

    def _compare(self, kind: str) -> tuple[list[tuple[float, str]], float]:
        """Give shares and names of the groups that lost more, and what all other rows lost."""
        kept, lost = self._kept[kind], self._lost[kind]
        total = {word: kept[word] + lost[word] for word in {*kept, *lost}}
        rows, worse = sum(total.values()), []
        for word in lost:
            share = lost[word] / total[word]
            other = (lost.total() - lost[word]) / max(rows - total[word], 1)
            if len(total) > 1 and lost[word] >= _FEW and share > max(other + LARGE, 2 * other):
                worse.append((share, word))
        named = {word for _, word in worse}
        left = max(rows - sum(total[word] for word in named), 1)
        others = (lost.total() - sum(lost[word] for word in named)) / left
        return sorted(worse, key=lambda found: (-found[0], found[1])), others


def _count(column: pa.ChunkedArray) -> Counter[str]:
    counts: Counter[str] = Counter()
    for chunk in column.chunks:
        codes = chunk.indices.drop_null().to_numpy()
        rows = np.bincount(codes, minlength=len(chunk.dictionary)).tolist()
        words: Sequence[str] = chunk.dictionary.to_pylist()
        counts.update({word: count for word, count in zip(words, rows, strict=True) if count})
    return counts
