"""Feed rows in an order that is drawn anew for each epoch and needs no memory."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.model.training.augmentation import Vary

Array = NDArray[np.float32]

_ROWS_AT_ONCE = 4096


class Shuffle(keras.callbacks.Callback):
    """Set the order of the rows before each epoch, drawn from seed and epoch alone.

    Keras' own shuffling has a state that cannot be saved: a training that goes on after it was
    killed would see other batches than one that was not.
    """

    def __init__(
        self,
        features: Array,
        labels: Array,
        batch_size: int,
        seed: int,
        vary: Vary | None = None,
    ) -> None:
        super().__init__()
        self._seed = seed
        self._epoch = tf.Variable(0, dtype=tf.int64)
        self._rows = len(features)
        self._order = tf.Variable(tf.zeros(self._rows, tf.int64))
        # Tensors, not arrays: an array would be written into the graph, which holds 2 GB.
        columns = tf.constant(features), tf.constant(labels)
        order, epoch = self._order, self._epoch

        # Gathered many batches at a time, for each call costs as much as a small batch takes.
        chunk = batch_size * -(-_ROWS_AT_ONCE // batch_size)

        def gather(start: tf.Tensor) -> tuple[tf.Tensor, ...]:
            rows = order[start : start + chunk]
            drawn, answers = (tf.gather(column, rows) for column in columns)
            return (vary(drawn, epoch, start) if vary else drawn), answers

        starts = tf.data.Dataset.range(0, self._rows, chunk)
        batches = starts.map(gather).rebatch(batch_size).prefetch(tf.data.AUTOTUNE)
        steps = -(-self._rows // batch_size)  # rebatch forgets how many there are
        self.batches = batches.apply(tf.data.experimental.assert_cardinality(steps))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._epoch.assign(epoch)
        self._order.assign(np.random.default_rng((self._seed, epoch)).permutation(self._rows))
