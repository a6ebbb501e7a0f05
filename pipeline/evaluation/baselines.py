"""What models are called, and the constant, which predicts training means."""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring.arrays import probabilities

# What the models are called in every table, figure and report.
NETWORK = "network"
RULE = "rule without gate"
LOGISTIC = "logistic regression"
CONSTANT = "constant"
# Where people's own levels are taken out: the network fed as if nobody were known, and a
# regression that learned from what is not calibrated.
UNKNOWN_PEOPLE = "network with people unknown"
UNCALIBRATED = "uncalibrated logistic regression"


def constant(train_true: npt.ArrayLike, rows: int) -> npt.NDArray[np.float64]:
    """Predict each emotion's mean training label, in [0, 1], for every row: (rows, emotions)."""
    means = probabilities("training labels", train_true).mean(axis=0, dtype=np.float64)
    return np.broadcast_to(means, (rows, len(means)))  # one row in memory, and read-only
