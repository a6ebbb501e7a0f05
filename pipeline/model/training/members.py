"""Train several networks as one, each of which leaves other people out, and average them.

The people of the training split are dealt to as many groups as there are members. A member learns
from all groups but its own, which tells, with the other members' groups, when to stop: so all
people teach, and all say when it is enough, each to members that did not learn from them (Breiman,
Machine Learning 24, 1996: bagging; the groups here are those of a cross-validation). All members
are one network with a further axis, so that a step costs little more than that of one.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from pipeline.model.training.loss import Mode, WeightedBinaryCrossentropy
from pipeline.model.training.saving import Predictor

Array = NDArray[np.float32]
Groups = NDArray[np.int64]


class MembersLoss(WeightedBinaryCrossentropy):
    """Mean loss of a row over the members that are asked about it.

    Labels are (rows, emotions + members): the labels, then 1 for each member that counts.
    """

    def __init__(self, weights: Sequence[float], mode: Mode, members: int) -> None:
        super().__init__(weights, mode, name="members_bce")
        self.members = members

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the loss of each row; predictions are (rows, members * emotions)."""
        emotions = len(self.weights)
        counts = ops.cast(y_true[:, emotions:], y_pred.dtype)
        each = ops.reshape(y_pred, (-1, self.members, emotions))
        losses = super().call(ops.expand_dims(y_true[:, :emotions], 1), each)
        return ops.sum(losses * counts, axis=-1) / ops.sum(counts, axis=-1)


def build_members(
    standardise: keras.Layer,
    columns: int,
    emotions: int,
    *,
    hidden: Sequence[int],
    dropout: Sequence[float],
    batch_norm: bool,
    members: int,
) -> tuple[keras.Model, keras.Model]:
    """Build the network that trains, (rows, members * emotions), and the average that is kept."""
    inputs = keras.Input(shape=(columns,), name="action_units")
    signal = layers.RepeatVector(members, name="members")(standardise(inputs))
    for i, (units, rate) in enumerate(zip(hidden, dropout, strict=True)):
        signal = _dense(members, units, f"dense_{i}", bias=not batch_norm)(signal)
        if batch_norm:
            flat = layers.Flatten(name=f"flat_{i}")(signal)
            flat = layers.BatchNormalization(name=f"batch_norm_{i}")(flat)
            signal = layers.Reshape((members, units), name=f"member_{i}")(flat)
        signal = layers.ReLU(name=f"relu_{i}")(signal)
        signal = layers.Dropout(rate, name=f"dropout_{i}")(signal)
    signal = _dense(members, emotions, "emotions", bias=True, activation="sigmoid")(signal)
    averaged = layers.GlobalAveragePooling1D(name="average")(signal)
    flat = layers.Flatten(name="each")(signal)
    return keras.Model(inputs, flat), keras.Model(inputs, averaged, name="au_emotion")


def _dense(
    members: int, units: int, name: str, *, bias: bool, activation: str | None = None
) -> Any:
    # Glorot's limits for one member: Keras takes the members' axis for a receptive field.
    kernel = keras.initializers.VarianceScaling(members, "fan_avg", "uniform")
    return layers.EinsumDense(
        "bki,kio->bko",
        (members, units),
        activation=activation,
        bias_axes="ko" if bias else None,
        kernel_initializer=kernel,
        name=name,
    )


def with_counts(labels: Array, groups: Groups, members: int) -> tuple[Array, Array]:
    """Add to labels (rows, emotions) who learns from a row, and who is asked about it."""
    own = np.eye(members, dtype=np.float32)[groups]
    return np.hstack([labels, 1 - own]), np.hstack([labels, own])


def left_out(network: keras.Model, features: Array, groups: Groups, emotions: int) -> Array:
    """Predict training rows (rows, emotions), each by the member that did not learn from it."""
    each = Predictor(network)(features).reshape(len(features), -1, emotions)
    return np.asarray(each[np.arange(len(groups)), groups])
