"""Train on every row once: an epoch is a few calls, its steps many in one piece of compiled code.

To start a step of a network this small from Python takes longer than the step, and to start its
operations one by one longer than what they compute: XLA does away with both. It draws random
numbers so slowly on a CPU that dropout would take most of the time, so they come with the rows.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pipeline.model.training.augmentation import Vary
from pipeline.model.training.batches import Array, Batches, Part

_BLOCKS_PER_CALL = 128  # half a million rows
Learning = Sequence[Array] | None  # what gradients are multiplied by
Frozen = tuple[int, Learning]


class Steps:
    """The steps of training a compiled model on (features, labels).

    `fused`: compile with XLA, which takes two seconds: for long trainings.
    `frozen`: for so many epochs gradients are multiplied by these, one for each trainable variable.
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
        frozen: Frozen = (0, None),
    ) -> None:
        self._model, self._frozen = model, frozen
        dropping = [(layer.rate, layer.output.shape[1:]) for layer in _dropping(model)]
        self._batches = Batches(rows, batch_size, seed, dropping, vary)
        self._calls = self._compiled(None, fused=fused)
        self._calls_while_frozen = self._compiled(frozen[1], fused=fused)

    def _compiled(self, learning: Learning, *, fused: bool) -> list[tuple[Part, Any]]:
        """Give for each part of an epoch what trains on its blocks, compiled when it is called."""
        # Traced as it stands: what it calls of Keras need not be searched for loops.
        compiled, train = partial(tf.function, autograph=False), partial(self._train, learning)
        blocks, parts = compiled(partial(self._blocks, train)), self._batches.parts
        calls = [(part, partial(blocks, Part(*map(tf.constant, part)))) for part in parts]
        if fused:  # XLA compiles for one shape: for what is left over it would not pay
            block = compiled(train, jit_compile=True)
            calls[0] = parts[0], compiled(partial(self._blocks, block, parts[0]))
        return calls

    def __call__(self, epoch: int) -> float:
        """Train for an epoch, from 0 on; return the mean loss of its rows."""
        order, number = self._batches.order(epoch), tf.constant(epoch, tf.int64)
        total, thaws = 0.0, self._frozen[0]
        if epoch == thaws > 0:
            _forget(self._model.optimizer)
        for part, call in self._calls if epoch >= thaws else self._calls_while_frozen:
            # Some seconds each, so that whoever interrupts a training need not wait for an epoch.
            for start in range(0, part.blocks, _BLOCKS_PER_CALL):
                end = min(start + _BLOCKS_PER_CALL, part.blocks)
                total += float(call(order, number, tf.constant(start), tf.constant(end)))
        return total / self._batches.rows

    def _blocks(self, train: Any, part: Part, order: Any, epoch: Any, start: Any, end: Any) -> Any:
        """Train on the blocks of a part from `start` to `end`; return the sum of losses."""

        def body(block: Any, total: Any) -> tuple[Any, Any]:
            return block + 1, total + train(*self._batches.take(order, epoch, part, block))

        return tf.while_loop(lambda block, _: block < end, body, [start, tf.constant(0.0)])[1]

    def _train(self, learning: Learning, features: Any, labels: Any, *kept: Any) -> Any:
        """Train on batches (batches, rows, ...) in turn; return the sum of all rows' losses."""
        batches, size = tf.unstack(tf.shape(features)[:2])
        variables = self._model.trainable_variables

        def step(number: Any, total: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                drawn = [mask[number] for mask in kept]
                predicted = self._predict(features[number], drawn, frozen=learning is not None)
                loss = self._model.compute_loss(y=labels[number], y_pred=predicted)
            gradients = tape.gradient(loss, variables)
            if learning is not None:  # Adam moves nothing whose gradient was always 0
                gradients = [one * share for one, share in zip(gradients, learning, strict=True)]
            self._model.optimizer.apply(gradients, variables)
            return number + 1, total + tf.cast(size, tf.float32) * loss

        begin = [tf.constant(0), tf.constant(0.0)]
        return tf.while_loop(lambda number, _: number < batches, step, begin)[1]

    def _predict(self, signal: Any, kept: list[Any], *, frozen: bool) -> Any:
        """Predict as Keras does in training, but for dropout, which keeps what was drawn.

        Batch normalisation that is frozen stays with the statistics that it has.
        """
        masks = dict(zip(_dropping(self._model), kept, strict=True))
        for layer in self._model.layers[1:]:
            if layer in masks:
                signal = tf.where(masks[layer], signal / (1 - layer.rate), 0.0)
            elif isinstance(layer, layers.BatchNormalization):
                signal = layer(signal, training=not frozen)
            elif not isinstance(layer, layers.Dropout):
                signal = layer(signal)
        return signal


def _dropping(model: keras.Model) -> list[keras.Layer]:
    """List the layers that drop anything."""
    return [layer for layer in model.layers if isinstance(layer, layers.Dropout) and layer.rate]


def _forget(optimizer: Any) -> None:
    """Let Adam's memory begin anew, with the first epoch in which all weights learn.

    Else its averages of gradients that were 0 would make the first steps of what was frozen three
    times as long as any other.
    """
    rate = float(optimizer.learning_rate)
    for variable in optimizer.variables:
        variable.assign(np.zeros(variable.shape))
    optimizer.learning_rate = rate
