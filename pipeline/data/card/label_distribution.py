"""Count how often and how strongly each emotion is labelled, per split."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS
from pipeline.data.card.counting.histogram import Histogram
from pipeline.data.card.counting.subject_means import SubjectMeans
from pipeline.data.frames import Runs
from pipeline.data.labels.bounds import ALIKE, LEARNED_FROM
from pipeline.data.warnings import some, warning

WEAK, STRONG = 0.1, 0.5  # the two label levels that are counted
LOPSIDED = 20  # so many times as frequent as another, an emotion drowns it


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
        self._products = np.zeros((len(emotions), len(emotions)))
        self._histogram = Histogram([(0.0, 1.0)] * len(emotions))
        self._subjects = SubjectMeans(emotions)

    def add(self, labels: NDArray[np.float32], runs: Runs) -> None:
        """Count labels of shape (frames, emotions); `runs` says whose and of which split they are.

        Columns that lie whole in memory, as `label` makes them, are counted fastest.
        """
        split, starts = runs.split, runs.starts
        np.add.at(self.frames, split, runs.lengths)
        sums = np.empty((len(starts), len(self.emotions)))
        for i, column in enumerate(labels.T):
            sums[:, i] = np.add.reduceat(column, starts, dtype=np.float64)
            for counts, found in (
                (self.above_weak, column > WEAK),
                (self.at_least_strong, column >= STRONG),
            ):
                np.add.at(counts[:, i], split, np.add.reduceat(found, starts, dtype=np.int64))
            self._histogram.add(i, column, runs.row_split)
        np.add.at(self.total, split, sums)
        wide = labels.T.astype(np.float64)
        self._products += wide @ wide.T
        self._subjects.add(runs, sums)
        self.pairs = {(a, b) for a, b in self.pairs if np.array_equal(labels[:, a], labels[:, b])}

    def rows(self) -> list[dict[str, Any]]:
        """List one row per split (and `all`) and emotion; quantiles are those of `Histogram`."""
        return [
            self._row(split, slice(None) if split == "all" else slice(code, code + 1), i)
            for code, split in enumerate((*SPLITS, "all"))
            for i in range(len(self.emotions))
        ]

    def _row(self, split: str, chosen: slice, i: int) -> dict[str, Any]:
        frames = int(self.frames[chosen].sum())
        return {
            "split": split,
            "emotion": self.emotions[i],
            "frames": frames,
            "above_0_1": int(self.above_weak[chosen, i].sum()),
            "at_least_0_5": int(self.at_least_strong[chosen, i].sum()),
            "mean": round(float(self.total[chosen, i].sum()) / max(frames, 1), 6),
            **self._histogram.quantiles(i, chosen),
        }

    def correlations(self) -> list[dict[str, Any]]:
        """List each pair of emotions: `first`, `second`, `correlation`, `identical`.

        The correlation (Pearson's, over all frames) is None where a label never varies.
        """
        count = max(int(self.frames.sum()), 1)
        mean = self.total.sum(axis=0) / count
        covariance = self._products / count - np.outer(mean, mean)
        variance = covariance.diagonal()
        rows = []
        for a, b in itertools.combinations(range(len(self.emotions)), 2):
            # Of means near 1 rounding leaves up to this much of a variance that is 0.
            varies = min(variance[a], variance[b]) > 1e-12
            value = covariance[a, b] / np.sqrt(variance[a] * variance[b]) if varies else None
            rows.append(
                {
                    "first": self.emotions[a],
                    "second": self.emotions[b],
                    "correlation": None if value is None else round(float(value), 4),
                    "identical": (a, b) in self.pairs,
                }
            )
        return rows

    def drift(self) -> list[dict[str, Any]]:
        """Compare the mean labels of the splits' subjects; see `SubjectMeans.drift`."""
        return self._subjects.drift()

    def warnings(self) -> list[dict[str, Any]]:
        """Name what keeps emotions from being learned, told apart or judged."""
        return [
            *self._alike(),
            *self._few(),
            *self._lopsided(),
            *self._subjects.warnings("label_drift"),
        ]

    def _alike(self) -> Iterator[dict[str, Any]]:
        near = []
        for pair in self.correlations():
            if pair["identical"]:
                text = (
                    f"{pair['first']} and {pair['second']} have identical labels on every frame: "
                    f"no model can tell them apart. {_CHANGE}"
                )
                yield warning("identical_labels", 1, text)
            elif (pair["correlation"] or 0.0) > ALIKE:
                near.append(f"{pair['first']} and {pair['second']} {pair['correlation']}")
        if near:
            text = f"labels that are nearly the same (correlation): {some(near)}. {_CHANGE}"
            yield warning("correlated_labels", len(near), text)

    def _few(self) -> Iterator[dict[str, Any]]:
        for i, emotion in enumerate(self.emotions):
            counts = self.at_least_strong[:, i].tolist()
            if min(counts) < LEARNED_FROM:
                each = ", ".join(f"{split} {n}" for split, n in zip(SPLITS, counts, strict=True))
                text = (
                    f"{emotion} has few frames with a label of at least {STRONG} ({each}): "
                    "it is hard to learn and its scores are uncertain. Add data."
                )
                yield warning("few_positives", min(counts), text)

    def _lopsided(self) -> Iterator[dict[str, Any]]:
        strong = self.at_least_strong[0]
        often, seldom = int(strong.argmax()), int(strong.argmin())
        if strong[often] >= LOPSIDED * max(int(strong[seldom]), 1):
            ratio = round(float(strong[often] / max(int(strong[seldom]), 1)), 1)
            text = (
                f"in training {self.emotions[often]} has {strong[often]} frames with a label of at "
                f"least {STRONG}, {self.emotions[seldom]} {strong[seldom]}: weights for classes "
                "(recipe weights) hardly mend so much. Add data of the rare one."
            )
            yield warning("imbalanced_labels", ratio, text)


_CHANGE = "Change label.rules or the data."
