"""Choose, on validation rows, the probability from which an emotion counts as present."""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.arrays import Bools, Floats, checked, reach


def tune_thresholds(
    true: npt.ArrayLike, predicted: npt.ArrayLike, *, positive_at: float, default: float
) -> npt.NDArray[np.float64]:
    """Return for each emotion the threshold in [0, 1] that gives the best F1 on these rows.

    Candidates are the default and each predicted value (no other threshold divides the rows in
    another way). Of equals, the default wins, so that it moves only for a reason; else the
    highest. Without positives, or without negatives, the default stays: F1 then says nothing
    about where to cut. Arrays are (rows, emotions). Raises `InputError` as `arrays.checked`.
    """
    true, predicted = checked(true, predicted)
    positive = reach(true, positive_at)
    tuned = [
        _best(positive[:, column], predicted[:, column], default) for column in range(true.shape[1])
    ]
    return np.array(tuned, dtype=np.float64)


def _best(positive: Bools, predicted: Floats, default: float) -> float:
    positives = int(positive.sum())
    if positives in (0, len(positive)):
        return default
    order = np.argsort(-predicted, kind="stable")
    ranked = predicted[order]
    # A threshold takes all rows of equal probability or none: cut after the last of each.
    cuts = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    # F1 = 2TP / (2TP + FP + FN) = 2TP / (predicted positives + positives)
    f1 = 2 * np.cumsum(positive[order])[cuts] / (cuts + 1 + positives)
    said = reach(predicted, default)
    f1_default = 2 * int((positive & said).sum()) / (int(said.sum()) + positives)
    best = int(np.argmax(f1))
    return default if f1_default >= f1[best] else float(ranked[cuts[best]])
