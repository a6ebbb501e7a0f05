"""Read a confidence in percent as the share that it means.

As it stands every row of 1 % or more would be over any `prepare.min_confidence`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
IN_PERCENT = "confidence is given in percent, 98 is read as 0.98"
# The share of values over 1 from which on these are no shares: some may be damaged. Of those in
# percent the highest is far above what a rounding error makes of 1.
_OVER_ONE = 0.1
_LEAST, _MOST = 10.0, 100.0


def as_shares(confidence: Floats, file: NDArray[np.int32]) -> tuple[Floats, list[int]]:
    """Give confidences as shares, and the files in which they are percent, by their codes."""
    if not (confidence > _LEAST).any():  # nearly always
        return confidence, []
    percent = [one for one in np.unique(file).tolist() if _in_percent(confidence[file == one])]
    return np.where(np.isin(file, percent), confidence / _MOST, confidence), percent


def _in_percent(confidence: Floats) -> bool:
    known = confidence[np.isfinite(confidence)]
    over = known[known > 1]
    return len(over) > _OVER_ONE * len(known) and bool(_LEAST < over.max() <= _MOST)
