"""Train on every row once: an epoch is one call, its steps many in one piece of compiled code.

To start a step of a network this small from Python takes longer than the step, and to start its
operations one by one longer than what they compute: XLA does away with both. It draws random
numbers so slowly on a CPU that dropout would take most of the time, so they come with the rows.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from pipeline.model.training.augmentation import Vary
from pipeline.model.training.batches import Array, Batches, Part


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
        dropping = [(layer.rate, layer.output.shape[1:]) for layer in _dropping(model)]
        self._model = model
        self._batches = Batches(rows, batch_size, seed, dropping, vary)
        # Traced as it stands: what it calls of Keras need not be searched for loops.
        self._block = tf.function(self._train, jit_compile=True) if fused else self._train
        self._run = tf.function(self._epoch, autograph=False)

    def __call__(self, epoch: int) -> float:
        """Train for an epoch, from 0 on; return the mean loss of its rows."""
        total = self._run(self._batches.order(epoch), tf.constant(epoch, tf.int64))
        return float(total) / self._batches.rows

    def _epoch(self, order: Any, epoch: Any) -> Any:
        total = tf.constant(0.0)
        for part in self._batches.parts:
            # For each shape XLA would compile anew: of what is left it would not pay.
            train = self._block if part.start == 0 else self._train
            total += self._blocks(train, order, epoch, part)
        return total

    def _blocks(self, train: Any, order: Any, epoch: Any, part: Part) -> Any:
        def body(block: Any, total: Any) -> tuple[Any, Any]:
            return block + 1, total + train(*self._batches.take(order, epoch, part, block))

        begin = [tf.constant(0), tf.constant(0.0)]
        return tf.while_loop(lambda block, _: block < part.blocks, body, begin)[1]

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
