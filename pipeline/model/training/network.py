"""Build the network: raw action units in, one probability per emotion out."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
from keras import layers
from keras.src.random import seed_generator
from numpy.typing import NDArray


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Let networks that are built in the block draw their first weights from the seed alone.

    Keras takes the seeds of layers from Python's one generator, from which other threads of the
    process draw as well: Dask's do in its workers. The draws are those of `set_random_seed`.
    """
    shared = seed_generator.python_random
    seed_generator.python_random = random.Random(seed)  # noqa: S311  # no secret
    try:
        yield
    finally:
        seed_generator.python_random = shared


def build(
    features: NDArray[np.float32],
    emotions: int,
    *,
    hidden: Sequence[int],
    dropout: Sequence[float],
    batch_norm: bool,
) -> keras.Model:
    """Build a dense network that maps (rows, features) to (rows, emotions) in [0, 1].

    `features` are the training rows: the first layer standardises raw AU values with their
    mean and standard deviation, so the saved model takes what OpenFace writes.
    """
    inputs = keras.Input(shape=(features.shape[1],), name="action_units")
    signal = standardise(features)(inputs)
    for i, (units, rate) in enumerate(zip(hidden, dropout, strict=True)):
        signal = layers.Dense(units, use_bias=not batch_norm, name=f"dense_{i}")(signal)
        if batch_norm:
            signal = layers.BatchNormalization(name=f"batch_norm_{i}")(signal)
        signal = layers.ReLU(name=f"relu_{i}")(signal)
        signal = layers.Dropout(rate, name=f"dropout_{i}")(signal)
    outputs = layers.Dense(emotions, activation="sigmoid", name="emotions")(signal)
    return keras.Model(inputs, outputs, name="au_emotion")


def standardise(features: NDArray[np.float32]) -> keras.Layer:
    """Give the layer that takes out mean and standard deviation of the training rows."""
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    # An action unit that never moved in training has no scale of its own: it keeps the AU's.
    scale = 1.0 / np.where(deviation > 0, deviation, 1.0)
    # Rescaling, not Normalization: the latter's export to ONNX writes a broken graph.
    return layers.Rescaling(scale.tolist(), (-mean * scale).tolist(), name="standardise")
