"""Count values per split in a fixed number of steps, so that quantiles can be told of a stream."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import SPLITS

STEPS = 100  # from the lowest to the highest value: 0.05 for intensities, 0.01 for labels
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Histogram:
    """Counts of columns with known ranges; a value counts at the nearest of `STEPS` + 1 marks."""

    def __init__(self, ranges: Sequence[tuple[float, float]]) -> None:
        self._ranges = list(ranges)
        self._counts = np.zeros((len(ranges), len(SPLITS), STEPS + 1), dtype=np.int64)

    def add(
        self, column: int, values: NDArray[np.floating], split: NDArray[np.signedinteger]
    ) -> None:
        """Count the values of a column; `split` holds positions in SPLITS."""
        low, high = self._ranges[column]
        mark = np.rint((values - low) * (STEPS / (high - low))).astype(np.intp)
        mark += split * (STEPS + 1)
        counts = np.bincount(mark, minlength=self._counts[column].size)
        self._counts[column] += counts.reshape(self._counts[column].shape)

    def quantiles(self, column: int, splits: slice) -> dict[str, float | None]:
        """Give `QUANTILES` as `q05` and so on, each to half a step; None without values.

        A quantile is the lowest mark that so large a share of the values does not exceed.
        """
        counts = self._counts[column, splits].sum(axis=0).cumsum()
        low, high = self._ranges[column]
        found: dict[str, float | None] = {}
        for share in QUANTILES:
            mark = int(np.searchsorted(counts, share * counts[-1]))
            value = round(low + mark * (high - low) / STEPS, 6) if counts[-1] else None
            found[f"q{round(100 * share):02d}"] = value
        return found
