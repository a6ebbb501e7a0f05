"""Read a network from its `.keras` file and run it as what it is: a few matrix products.

TensorFlow takes five seconds and a gigabyte to do the same. Imports NumPy and h5py alone, for a
logged model carries this file along.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

EQUATION = "bki,kio->bko"  # rows of members times kernels
BATCH = 1024  # rows at once: what is between two layers stays in the cache of the processor
# What zipfile, json, h5py and NumPy raise where bytes are wrong.
_DAMAGED = (
    *(zipfile.BadZipFile, OSError, LookupError, TypeError, ValueError, AttributeError),
    *(RuntimeError, ArithmeticError, EOFError),
)
_WITHOUT_EFFECT = {"InputLayer", "Dropout", "RepeatVector", "Flatten", "Reshape"}


@dataclass(frozen=True)
class Network:
    """Members that are averaged, each a chain of dense layers: ReLU between, sigmoid at the end.

    `scale` and `offset` (features,) standardise what comes in. Of each layer there is a kernel
    (members, inputs, units) and a bias (members, 1, units), batch normalisation within.
    """

    scale: Array
    offset: Array
    kernels: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __call__(self, features: Array) -> Array:
        """Turn features (rows, features) into probabilities (rows, emotions)."""
        predicted = np.empty((len(features), self.kernels[-1].shape[2]), dtype=np.float32)
        for start in range(0, len(features), BATCH):
            rows = slice(start, start + BATCH)
            predicted[rows] = self._run(features[rows])
        return predicted

    def _run(self, features: Array) -> Array:
        signal = features * self.scale + self.offset
        last = len(self.kernels) - 1
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            signal = np.matmul(signal, kernel)  # (members, rows, units)
            signal += bias
            if i < last:
                np.maximum(signal, 0, out=signal)
        # The sigmoid, without overflow.
        return np.asarray(np.exp(-np.logaddexp(0, -signal)).mean(axis=0))


@dataclass
class _Layer:
    """A dense layer as it is read: kernel (members, inputs, units), bias (members, units)."""

    kernel: Floats
    bias: Floats
    activation: str

    def normalise(self, epsilon: float, variables: Sequence[Floats]) -> None:
        """Take in a batch normalisation (Ioffe and Szegedy, 2015) that follows."""
        members = self.bias.shape
        gamma, beta, mean, variance = (each.reshape(members) for each in variables)
        factor = gamma / np.sqrt(variance + epsilon)
        self.kernel = self.kernel * factor[:, np.newaxis]
        self.bias = (self.bias - mean) * factor + beta


def read_network(path: Path) -> Network:
    """Read a network that this pipeline trained.

    Raises `ValueError` where the file is damaged or holds another kind of network.
    """
    content = io.BytesIO(path.read_bytes())  # a file that is absent is not called damaged
    try:
        with zipfile.ZipFile(content) as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        return _assemble(layers, read_variables(path))
    except _DAMAGED as error:
        raise ValueError(f"{path} holds no network of this pipeline ({error})") from error


def read_variables(path: Path) -> dict[str, list[Floats]]:
    """Read the variables of each layer by the layer's name, of a file that is not damaged."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as stored:
        return dict(_variables(stored["layers"]))


def _variables(layers: Any) -> Iterator[tuple[str, list[Floats]]]:
    """Give the variables of each layer by the layer's name."""
    for layer in layers.values():
        stored = layer["vars"]
        values = [np.asarray(stored[str(i)], dtype=np.float64) for i in range(len(stored))]
        yield str(stored.attrs["name"]), values


def _assemble(
    config: Sequence[Mapping[str, Any]], variables: Mapping[str, Sequence[Floats]]
) -> Network:
    scale = offset = np.zeros(0)
    layers: list[_Layer] = []
    for entry in config:
        kind, told = entry["class_name"], entry["config"]
        stored = variables.get(told["name"], ())
        if kind == "Rescaling" and not layers:
            scale, offset = np.array(told["scale"]), np.array(told["offset"])
        elif kind in ("Dense", "EinsumDense") and told.get("equation", EQUATION) == EQUATION:
            layers.append(_dense(stored, told["activation"]))
        elif kind == "BatchNormalization" and layers[-1].activation == "linear":
            layers[-1].normalise(told["epsilon"], stored)
        elif kind == "ReLU" and _is_plain(told) and layers[-1].activation in ("linear", "relu"):
            layers[-1].activation = "relu"
        elif kind == "GlobalAveragePooling1D":  # over members, of which one alone has no need
            layers[-1].activation += ", averaged"
        elif kind not in _WITHOUT_EFFECT:
            raise ValueError(f"layer {told['name']} is {kind}, which is not run there")
    _check(layers)
    inputs = layers[0].kernel.shape[1]
    if not len(scale):
        scale, offset = np.ones(inputs), np.zeros(inputs)
    return Network(
        scale.astype(np.float32),
        offset.astype(np.float32),
        tuple(layer.kernel.astype(np.float32) for layer in layers),
        tuple(layer.bias[:, np.newaxis].astype(np.float32) for layer in layers),
    )


def _is_plain(told: Mapping[str, Any]) -> bool:
    """Tell whether a ReLU is max(0, x), by its config."""
    bent = told.get("negative_slope"), told.get("threshold")
    return told.get("max_value") is None and not any(bent)


def _dense(stored: Sequence[Floats], activation: str) -> _Layer:
    kernel = stored[0].reshape(-1, *stored[0].shape[-2:])
    members, _, units = kernel.shape
    bias = stored[1].reshape(members, units) if len(stored) > 1 else np.zeros((members, units))
    return _Layer(kernel, bias, activation)


def _check(layers: Sequence[_Layer]) -> None:
    """Raise `ValueError` where the layers are not those that `Network` runs."""
    activations = [layer.activation for layer in layers]
    averaged = ", averaged" if layers[-1].kernel.shape[0] > 1 else ""
    wanted = ["relu"] * (len(layers) - 1) + ["sigmoid" + averaged]
    if activations != wanted:
        raise ValueError(f"its activations are {activations}, not {wanted}")
