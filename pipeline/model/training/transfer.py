"""Put the weights of a trained model into a network that was just built.

What that model does not know: an action unit begins with weights of 0, so that the network gives
what the trained one gives until it has learned more of it; an emotion keeps its random weights.
An action unit that only the trained model knows counts as standing at its mean there.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.model.start import FIRST, LAST, Start

Array = NDArray[np.float32]


def take_over(model: keras.Model, start: Start, members: int) -> None:
    """Give a network the weights of a trained one; member i those of its member i modulo theirs.

    Inputs are standardised as they were in that training (`Start.standard`), those of new columns
    as in this one: the weights are of that scale, and few people do not tell a better one.
    """
    if start.standard:
        layer, known = model.get_layer("standardise"), start.columns >= 0
        scale, offset = (each[start.columns] for each in start.standard)
        layer.scale = np.where(known, scale, layer.scale).tolist()
        layer.offset = np.where(known, offset, layer.offset).tolist()
    for name, given in start.weights.items():
        layer = model.get_layer(name)
        pairs = zip(layer.get_weights(), given, strict=True)
        layer.set_weights([_merged(start, name, *pair, members) for pair in pairs])


def _merged(start: Start, name: str, own: Array, given: NDArray[Any], members: int) -> Array:
    """Give one variable of a layer; `given` is (members there, ...)."""
    value = given[np.arange(members) % len(given)]
    if name == FIRST and value.ndim == 3:
        value = np.where(start.columns[:, np.newaxis] >= 0, value[:, start.columns], 0)
    if name == LAST:
        fresh = own.reshape(*value.shape[:-1], -1)
        value = np.where(start.emotions >= 0, value[..., start.emotions], fresh)
    return value.reshape(own.shape).astype(np.float32)


def learning(model: keras.Model, start: Start) -> list[Array]:
    """Give for each trainable variable what its gradient is multiplied by while layers are frozen.

    1 for the layer of emotions and for new action units, 0 for what was learned before.
    """
    new = (start.columns < 0).astype(np.float32)[:, np.newaxis]

    def share(layer: str, variable: str) -> Array:
        if (layer, variable) == (FIRST, "kernel"):
            return new
        return np.float32(layer == LAST) * np.ones(1, np.float32)

    return [
        share(layer.name, one.name) for layer in model.layers for one in layer.trainable_variables
    ]
