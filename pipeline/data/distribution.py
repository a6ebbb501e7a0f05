"""Count how often and how strongly each emotion is labelled, per split."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.summary import warning
from pipeline.data.units import SPLITS

WEAK, STRONG = 0.1, 0.5  # the two label levels that are counted
FEW = 10  # an emotion with fewer strong labels than this in a split is hard to learn or to judge


class Distribution:
    """Count labels per split and emotion as batches stream by."""

    def __init__(self, emotions: Sequence[str]) -> None:
        shape = (len(SPLITS), len(emotions))
        self.emotions = list(emotions)
        self.frames = np.zeros(len(SPLITS), dtype=np.int64)
        self.above_weak = np.zeros(shape, dtype=np.int64)
        self.at_least_strong = np.zeros(shape, dtype=np.int64)
        self.total = np.zeros(shape)
        self.pairs = set(itertools.combinations(range(len(emotions)), 2))  # identical so far

    def add(self, labels: NDArray[np.float32], split: NDArray[np.int32]) -> None:
        """Count labels of shape (frames, emotions); `split` holds positions in SPLITS."""
        for code in range(len(SPLITS)):
            rows = labels[split == code]
            self.frames[code] += len(rows)
            self.above_weak[code] += (rows > WEAK).sum(axis=0)
            self.at_least_strong[code] += (rows >= STRONG).sum(axis=0)
            self.total[code] += rows.sum(axis=0, dtype=np.float64)
        self.pairs = {(a, b) for a, b in self.pairs if np.array_equal(labels[:, a], labels[:, b])}

    def rows(self) -> list[dict[str, Any]]:
        """List one row per split (and `all`) and emotion."""
        listed = []
        for code, split in enumerate((*SPLITS, "all")):
            chosen = slice(None) if split == "all" else slice(code, code + 1)
            frames = int(self.frames[chosen].sum())
            for i, emotion in enumerate(self.emotions):
                listed.append(
                    {
                        "split": split,
                        "emotion": emotion,
                        "frames": frames,
                        "above_0_1": int(self.above_weak[chosen, i].sum()),
                        "at_least_0_5": int(self.at_least_strong[chosen, i].sum()),
                        "mean": round(float(self.total[chosen, i].sum()) / max(frames, 1), 6),
                    }
                )
        return listed

    def warnings(self) -> list[dict[str, Any]]:
        """Name emotions with the same labels, and those with few strong ones in a split."""
        found = [
            warning(
                "identical_labels",
                1,
                f"{self.emotions[a]} and {self.emotions[b]} have identical labels on every frame: "
                "no model can tell them apart. Change label.rules or the data.",
            )
            for a, b in sorted(self.pairs)
        ]
        for i, emotion in enumerate(self.emotions):
            counts = self.at_least_strong[:, i].tolist()
            if min(counts) < FEW:
                each = ", ".join(f"{split} {n}" for split, n in zip(SPLITS, counts, strict=True))
                found.append(
                    warning(
                        "few_positives",
                        min(counts),
                        f"{emotion} has few frames with a label of at least {STRONG} ({each}): "
                        "it is hard to learn and its scores are uncertain. Add data.",
                    )
                )
        return found
