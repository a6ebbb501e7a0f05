"""Check the arrays that every judgement starts from, and say what counts as positive.

`true` and `predicted` have the shape (rows, emotions) and values in [0, 1]; true labels may be
soft. A value that reaches a bound is positive.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

# Averages of float32 probabilities can pass 1 by a rounding error.
ROUNDING = 1e-6


def checked(
    true: npt.ArrayLike, predicted: npt.ArrayLike, emotions: Sequence[str] | None = None
) -> tuple[Floats, Floats]:
    """Return both as floating arrays of one shape (rows, emotions).

    Raises `InputError` for another number of dimensions, no rows, shapes that differ from each
    other or from `emotions`, values that are not finite or lie outside [0, 1].
    """
    pair = probabilities("true labels", true), probabilities("predictions", predicted)
    if pair[0].shape != pair[1].shape:
        raise InputError(
            f"true labels have the shape {pair[0].shape}, predictions {pair[1].shape}; "
            "both must be (rows, emotions). Predict the same rows that were labelled."
        )
    if emotions is not None and pair[0].shape[1] != len(emotions):
        raise InputError(
            f"{pair[0].shape[1]} columns were given for {len(emotions)} emotions "
            f"({', '.join(emotions)}); give one column an emotion, in that order."
        )
    return pair


def probabilities(name: str, values: npt.ArrayLike) -> Floats:
    """Return `values` as a floating array (rows, emotions) in [0, 1]; else raise `InputError`."""
    array = finite(name, values)
    low, high = float(array.min()), float(array.max())
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise InputError(
            f"{name} range from {low:.4g} to {high:.4g}; probabilities lie in 0-1. "
            "Pass the output after its sigmoid or softmax."
        )
    return array


def finite(name: str, values: npt.ArrayLike) -> Floats:
    """Return `values` as a floating array (rows, columns) without NaN; else raise `InputError`."""
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if array.ndim != 2 or not array.size:
        raise InputError(
            f"{name} have the shape {array.shape}; (rows, columns) with at least one of each "
            "is allowed. Check that the split has rows."
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"{name}: row {row}, column {column} is {array[row, column]} ({len(bad)} of "
            f"{array.size} values are not finite); finite numbers are allowed. Look for a "
            "training that diverged or rows that quarantine should hold."
        )
    return array


def reach(values: Floats, bound: npt.ArrayLike) -> Bools:
    """Say which values are at least `bound` (a number, or one a column).

    The bound takes the precision of the values: a float32 label of 0.7 reaches 0.7.
    """
    return values >= np.asarray(bound, dtype=values.dtype)
