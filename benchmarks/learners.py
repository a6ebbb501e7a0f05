"""Train the default recipe's network in our ways and those of others, epoch by epoch.

Every learner takes 12 action units (frames, 12), labels (frames, 6) and a batch size, and trains
one epoch each time it is asked for the next.
"""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

HIDDEN, DROPOUT = (256, 128, 64), (0.4, 0.3, 0.2)
WIDTHS = (12, *HIDDEN, 6)
MEMBERS = 5
WEIGHTS = (1.0, 2.0, 3.0, 1.0, 2.0, 3.0)
Array = NDArray[np.float32]


def draw(frames: int) -> tuple[Array, Array]:
    """Draw action units (frames, 12) and labels (frames, 6)."""
    random = np.random.default_rng(0)
    features = random.random((frames, WIDTHS[0]), dtype=np.float32) * 5
    return features, random.random((frames, WIDTHS[-1]), dtype=np.float32)


def pipeline(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train as the stage `train` does for long trainings."""
    from pipeline.model.training.steps import Steps

    model = _keras(features)
    steps = Steps(model, (features, labels), batch, 7, fused=True)
    for epoch in range(sys.maxsize):
        steps(epoch)
        yield


def members(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train five members as one network, as `train.members: 5` does."""
    import keras

    from pipeline.model.training.members import MembersLoss, build_members, with_counts
    from pipeline.model.training.network import standardise
    from pipeline.model.training.steps import Steps

    model, _ = build_members(
        standardise(features),
        *(WIDTHS[0], WIDTHS[-1]),
        hidden=HIDDEN,
        dropout=DROPOUT,
        batch_norm=True,
        members=MEMBERS,
    )
    model.compile(keras.optimizers.Adam(), MembersLoss(WEIGHTS, "emotion", MEMBERS))
    model.optimizer.build(model.trainable_variables)
    counted, _ = with_counts(labels, np.arange(len(labels)) % MEMBERS, MEMBERS)
    steps = Steps(model, (features, counted), batch, 7, fused=True)
    for epoch in range(sys.maxsize):
        steps(epoch)
        yield


def plain_fit(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train by `fit` at its defaults."""
    model = _keras(features)
    while True:
        model.fit(features, labels, batch_size=batch, epochs=1, verbose=0)
        yield


def fit_on_jax(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train by `fit` on Keras' other backend that compiles, where Keras is not loaded yet."""
    os.environ["KERAS_BACKEND"] = "jax"
    yield from plain_fit(features, labels, batch)


def _keras(features: Array) -> Any:
    from pipeline.model.training.loss import WeightedBinaryCrossentropy
    from pipeline.model.training.network import build

    model = build(features, WIDTHS[-1], hidden=HIDDEN, dropout=DROPOUT, batch_norm=True)
    model.compile("adam", WeightedBinaryCrossentropy(WEIGHTS, "emotion"))
    model.optimizer.build(model.trainable_variables)
    return model


def scikit_learn(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train a multilayer perceptron of the same layers, without batch norm and dropout."""
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(hidden_layer_sizes=HIDDEN, batch_size=batch)
    while True:
        network.partial_fit(features, labels)
        yield


def pytorch(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Train in PyTorch's usual loop, rows and order in memory."""
    import torch  # type: ignore[import-not-found]
    from torch import nn

    sizes = zip(pairwise(WIDTHS[:-1]), DROPOUT, strict=True)
    blocks = [
        (nn.Linear(i, o, bias=False), nn.BatchNorm1d(o), nn.ReLU(), nn.Dropout(rate))
        for (i, o), rate in sizes
    ]
    network = nn.Sequential(
        *(layer for block in blocks for layer in block), nn.Linear(HIDDEN[-1], 6)
    )
    optimizer = torch.optim.Adam(network.parameters(), 0.001, fused=True)
    rows, answers, weights = map(torch.tensor, (features, labels, WEIGHTS))
    loss = nn.BCEWithLogitsLoss(weights)
    while True:
        for chosen in torch.randperm(len(rows)).split(batch):
            optimizer.zero_grad()
            loss(network(rows[chosen]), answers[chosen]).backward()
            optimizer.step()
        yield


def products(features: Array, labels: Array, batch: int) -> Iterator[None]:
    """Multiply matrices of a step's shapes: forward, and for the two gradients of each layer."""
    random = np.random.default_rng(0)
    given = [random.random((batch, width), dtype=np.float32) for width in WIDTHS]
    weights = [random.random(shape, dtype=np.float32) for shape in pairwise(WIDTHS)]
    while True:
        for _step in range(-(-len(features) // batch)):
            for (one, after), weight in zip(pairwise(given), weights, strict=True):
                one @ weight
                after @ weight.T
                one.T @ after
        yield


LEARNERS: dict[str, Callable[[Array, Array, int], Iterator[None]]] = {
    "pipeline": pipeline,
    "5 members": members,
    "plain fit": plain_fit,
    "PyTorch": pytorch,
    "Keras on JAX": fit_on_jax,
    "scikit-learn": scikit_learn,
    "products alone": products,
}
NEEDED = {"PyTorch": "torch", "Keras on JAX": "jax"}  # packages that are no dependency of ours
