"""Train on every row once: an epoch is a few calls, its steps many in one piece of compiled code.

To start a step of a network this small from Python takes longer than the step, and to start its
operations one by one longer than what they compute: XLA does away with both. It draws random
numbers so slowly on a CPU that dropout would take most of the time, so they come with the rows.
"""

from functools import partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from pipeline.model.training.augmentation import Vary
from pipeline.model.training.batches import Array, Batches, Part

_BLOCKS_PER_CALL = 128  # half a million rows


class Steps:
    """The steps of training a compiled model on (features, labels).

    `fused`: compile with XLA, which takes some seconds, and pays from a million rows on.
    """

    def __init__(
        self,
        model: keras.Model,
        rows: tuple[Array, Array],
        batch_size: int,
        seed: int,
        vary: Vary | None = None,
        *,
        fused: bool,
    ) -> None:
        self._model = model
        dropping = [(layer.rate, layer.output.shape[1:]) for layer in _dropping(model)]
        self._batches = Batches(rows, batch_size, seed, dropping, vary)
        # Traced as it stands: what it calls of Keras need not be searched for loops.
        compiled = partial(tf.function, autograph=False)
        # For each shape XLA would compile anew: of what is left over it would not pay.
        first, *rest = self._batches.parts
        block = compiled(self._train, jit_compile=True) if fused else self._train
        trains = [block] + [self._train] * len(rest)
        self._calls = [
            (part, compiled(partial(self._blocks, part, train)))
            for part, train in zip((first, *rest), trains, strict=True)
        ]

    def __call__(self, epoch: int) -> float:
        """Train for an epoch, from 0 on; return the mean loss of its rows."""
        order, number = self._batches.order(epoch), tf.constant(epoch, tf.int64)
        total = 0.0
        for part, call in self._calls:
            # Some seconds each, so that whoever interrupts a training need not wait for an epoch.
            for start in range(0, part.blocks, _BLOCKS_PER_CALL):
                end = min(start + _BLOCKS_PER_CALL, part.blocks)
                total += float(call(order, number, tf.constant(start), tf.constant(end)))
        return total / self._batches.rows

    def _blocks(self, part: Part, train: Any, order: Any, epoch: Any, start: Any, end: Any) -> Any:
        """Train on the blocks of a part from `start` to `end`; return the sum of losses."""

        def body(block: Any, total: Any) -> tuple[Any, Any]:
            return block + 1, total + train(*self._batches.take(order, epoch, part, block))

        return tf.while_loop(lambda block, _: block < end, body, [start, tf.constant(0.0)])[1]

    def _train(self, features: Any, labels: Any, *kept: Any) -> Any:
        """Train on batches (batches, rows, ...) in turn; return the sum of all rows' losses."""
        batches, size = features.shape[:2]
        variables = self._model.trainable_variables

        def step(number: Any, total: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                predicted = self._predict(features[number], [mask[number] for mask in kept])
                loss = self._model.compute_loss(y=labels[number], y_pred=predicted)
            self._model.optimizer.apply(tape.gradient(loss, variables), variables)
            return number + 1, total + size * loss

        begin = [tf.constant(0), tf.constant(0.0)]
        return tf.while_loop(lambda number, _: number < batches, step, begin)[1]

    def _predict(self, signal: Any, kept: list[Any]) -> Any:
        """Predict as Keras does in training, but for dropout, which keeps what was drawn."""
        masks = dict(zip(_dropping(self._model), kept, strict=True))
        for layer in self._model.layers[1:]:
            if layer in masks:
                signal = tf.where(masks[layer], signal / (1 - layer.rate), 0.0)
            elif isinstance(layer, layers.BatchNormalization):
                signal = layer(signal, training=True)
            elif not isinstance(layer, layers.Dropout):
                signal = layer(signal)
        return signal


def _dropping(model: keras.Model) -> list[keras.Layer]:
    """List the layers that drop anything."""
    return [layer for layer in model.layers if isinstance(layer, layers.Dropout) and layer.rate]
