"""Vary training rows a little each time they are seen; the model that is kept knows nothing of it.

Each draw follows from seed, epoch and place in the epoch alone, so that a training which was
broken off sees the same rows when it is resumed.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Vary = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Augmentation:
    """How far rows are varied; 0 leaves them as they are.

    `noise` is the deviation of what is added to each feature, in deviations of that feature over
    training rows. `intensity`: all graded features of a row are multiplied by one factor, drawn
    from 1 - intensity to 1 + intensity, as if the face moved more or less; square roots and
    calibration come before. `au_dropout` is the share of features that a row loses, which then
    stand at their mean over training rows.
    """

    noise: float = 0.0
    intensity: float = 0.0
    au_dropout: float = 0.0

    @property
    def does_something(self) -> bool:
        """Whether any row is varied at all."""
        return any(astuple(self))


def varying(
    features: NDArray[np.float32], graded: NDArray[np.bool_], chosen: Augmentation, seed: int
) -> Vary:
    """Give a function of (rows, epoch, first row) that varies rows (rows, features).

    `features` are the training rows, `graded` (features,) marks those with an intensity.
    """
    mean = tf.constant(features.mean(axis=0, dtype=np.float64).astype(np.float32))
    spread = tf.constant(features.std(axis=0, dtype=np.float64).astype(np.float32))
    scaled = tf.constant(graded.astype(np.float32))

    def vary(rows: Any, epoch: Any, start: Any) -> Any:
        place = tf.random.experimental.stateless_fold_in([seed, epoch], start)
        own = tf.unstack(tf.random.experimental.stateless_split(place, 3))
        shape = tf.shape(rows)
        low, high = 1 - chosen.intensity, 1 + chosen.intensity
        factor = tf.random.stateless_uniform([shape[0], 1], own[0], low, high)
        rows = rows * (1 + (factor - 1) * scaled)
        rows += tf.random.stateless_normal(shape, own[1]) * (chosen.noise * spread)
        lost = tf.random.stateless_uniform(shape, own[2]) < chosen.au_dropout
        return tf.where(lost, mean, rows)

    return vary
