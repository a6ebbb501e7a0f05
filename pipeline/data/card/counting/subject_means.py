"""Average columns per subject as rows stream by, and compare the subjects of two splits.

Rows of one person resemble each other, so splits differ by people, not by rows: the difference of
two splits is held against that of random deals of the same subjects.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS
from pipeline.data.frames import Runs
from pipeline.data.warnings import Code, some, warning

DEALS = 200
LEVEL = 0.95


class SubjectMeans:
    """Sums and numbers of rows for each subject and split, of some columns."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._place: dict[tuple[str, int], int] = {}
        self._rows = np.zeros(0)
        self._sums = np.zeros((0, len(self.columns)))

    def add(self, runs: Runs, sums: NDArray[np.float64]) -> None:
        """Add the sums (runs, columns) of runs of rows."""
        keys = zip(runs.subject, runs.split.tolist(), strict=True)
        places = [self._place.setdefault(key, len(self._place)) for key in keys]
        if grown := len(self._place) - len(self._rows):
            self._rows = np.append(self._rows, np.zeros(grown))
            self._sums = np.vstack([self._sums, np.zeros((grown, len(self.columns)))])
        np.add.at(self._rows, places, runs.lengths)
        np.add.at(self._sums, places, sums)

    def of_split(self, split: int) -> NDArray[np.float64]:
        """Give the mean of each subject of a split: (subjects, columns)."""
        mine = np.array([where == split for _, where in self._place], dtype=bool)
        return np.asarray(self._sums[mine] / self._rows[mine, np.newaxis])

    def drift(self) -> list[dict[str, Any]]:
        """Compare validation and test with training, one row a split and column.

        `name`, `split`, `subjects` (of that split), `subjects_train`, `difference` (standardised:
        mean of the subjects' means less that in training, by the pooled deviation between
        subjects), `chance` (what the largest absolute difference of all columns stays below in 95
        of 100 random deals of these subjects) and `beyond_chance`. None where a split has fewer
        than two subjects, or where subjects do not differ at all.
        """
        train = self.of_split(0)
        return [
            row
            for code, split in list(enumerate(SPLITS))[1:]
            for row in self._compare(split, train, self.of_split(code))
        ]

    def warnings(self, code: Code) -> list[dict[str, Any]]:
        """Name, per split, the columns whose difference from training is beyond chance."""
        drift, found = self.drift(), []
        for split in SPLITS[1:]:
            beyond = [row for row in drift if row["split"] == split and row["beyond_chance"]]
            if beyond:
                each = some([f"{row['name']} {row['difference']}" for row in beyond])
                text = (
                    f"people in {split} differ from those in train: {each} (in deviations between "
                    f"people; in {LEVEL:.0%} of random deals none exceeds {beyond[0]['chance']}). "
                    f"Scores on {split} tell of people whom training did not show. Add people, or "
                    "deal with another prepare.split.seed."
                )
                found.append(warning(code, len(beyond), text))
        return found

    def _compare(
        self, split: str, train: NDArray[np.float64], other: NDArray[np.float64]
    ) -> list[dict[str, Any]]:
        known = min(len(train), len(other)) >= 2
        found = standardised(train, other) if known else np.full(len(self.columns), np.nan)
        chance = chance_of(train, other) if known else np.nan
        return [
            {
                "name": name,
                "split": split,
                "subjects": len(other),
                "subjects_train": len(train),
                "difference": _number(difference),
                "chance": _number(chance),
                # Where subjects of a split are all alike but splits are not, it is NaN: beyond.
                "beyond_chance": not abs(difference) <= chance if known else None,
            }
            for name, difference in zip(self.columns, found.tolist(), strict=True)
        ]


def standardised(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give (mean of second - mean of first) / pooled deviation by column; 0 / 0 is 0."""
    gap = second.mean(axis=0) - first.mean(axis=0)
    freedom = len(first) + len(second) - 2
    squares = [((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in (first, second)]
    deviation = np.sqrt((squares[0] + squares[1]) / freedom)
    # Means of equal values differ by rounding alone.
    same = np.abs(gap) < 1e-9
    return np.where(same, 0.0, gap / np.where(deviation > 0, deviation, np.nan))


def chance_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Give the bound below which random deals of the same subjects stay in `LEVEL` of cases."""
    joined = np.vstack([first, second])
    random = np.random.default_rng(len(joined))
    largest = []
    for _ in range(DEALS):
        dealt = joined[random.permutation(len(joined))]
        differences = np.abs(standardised(dealt[: len(first)], dealt[len(first) :]))
        largest.append(np.nan_to_num(differences, nan=0.0).max())
    return float(np.quantile(largest, LEVEL))


def _number(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
