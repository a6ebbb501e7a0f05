"""The constant: it knows nothing but how often an emotion was there in training."""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring.arrays import probabilities


def training_mean(train_true: npt.ArrayLike, rows: int) -> npt.NDArray[np.float64]:
    """Predict each emotion's mean training label, in [0, 1], for every row: (rows, emotions)."""
    means = probabilities("training labels", train_true).mean(axis=0, dtype=np.float64)
    return np.broadcast_to(means, (rows, len(means)))  # one row in memory, and read-only
