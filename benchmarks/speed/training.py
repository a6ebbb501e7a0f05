"""Compare training with Keras' own `fit`, with peers, and with what the processor can do.

Run as `python -m benchmarks.speed.training`. Every contender trains the default recipe's network on
the same generated frames, 12 action units, each in a process of its own and by turns. What is
compared is the time of an epoch once all is compiled. PyTorch takes part where it is installed; it
is no dependency. Beside them stands the rate at which matrix products of the network's shapes run
here, and nothing else: those of a step, forward and back.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import ROOT

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
    """Train as the stage `train` does from a million rows on."""
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


CONTENDERS: dict[str, Callable[[Array, Array, int], Iterator[None]]] = {
    "pipeline": pipeline,
    "5 members": members,
    "plain fit": plain_fit,
    "scikit-learn": scikit_learn,
    "products alone": products,
}
if importlib.util.find_spec("torch"):
    CONTENDERS["PyTorch"] = pytorch


def rate(name: str, batch: int, frames: int, epochs: int) -> float:
    """Give frames a second in the fastest of some epochs, after one that is not counted."""
    running = CONTENDERS[name](*draw(frames), batch)
    next(running)
    taken = []
    for _ in range(epochs):
        begin = time.perf_counter()
        next(running)
        taken.append(time.perf_counter() - begin)
    return frames / min(taken)


def measure(name: str, options: argparse.Namespace, batch: int) -> float:
    """Train in a process of its own."""
    own = [f"--contender={name}", f"--batches={batch}", f"--frames={options.frames}"]
    command = [
        sys.executable,
        "-m",
        "benchmarks.speed.training",
        *own,
        f"--epochs={options.epochs}",
    ]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 256, 1024, 4096])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        (batch,) = options.batches
        print(json.dumps(rate(options.contender, batch, options.frames, options.epochs)))
        return
    for batch in options.batches:
        found = [
            {name: measure(name, options, batch) for name in CONTENDERS}
            for _ in range(options.rounds)
        ]
        middle = {name: statistics.median(one[name] for one in found) for name in CONTENDERS}
        times = statistics.median(one["pipeline"] / one["plain fit"] for one in found)
        told = ", ".join(f"{name} {value:,.0f}" for name, value in middle.items())
        print(f"batch {batch}, frames/s: {told}; pipeline / plain fit {times:.2f}", flush=True)


if __name__ == "__main__":
    main()
