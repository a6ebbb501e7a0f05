"""Predict one row and many millions; measure time and memory beside what the processor can do.

Run as `python -m benchmarks.speed.prediction`. The model has the default recipe's shape and weights
that were drawn. First the network alone: one row, and a large batch, in this process. Then
`python -m pipeline predict` on frames that are generated into a temporary folder of Parquet files,
as for `benchmarks.speed.scale`: 12 action units, clips of 1,000 frames, three clips a subject.
Beside both stand matrix products of the layers' shapes, and nothing else, by processor time, which
other work on the machine hardly changes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from throwaway import PARAMS

from benchmarks import ROOT
from benchmarks.load.model import EMOTIONS, HIDDEN, draw_frames, save_model
from benchmarks.measuring import Record, by_turns, options_of, processor_of_children, ratio, tell
from benchmarks.speed.scale import AUS, write_frames
from pipeline.data.action_units import intensity
from pipeline.model.inference.network import BATCH, read_network

COLUMNS = [intensity(au) for au in AUS]
LARGE = 64 * BATCH  # rows; the network runs BATCH at once


def products(rows: int) -> Callable[[], None]:
    """Give a function that multiplies matrices of all layers' shapes for so many rows."""
    widths = (len(COLUMNS), *HIDDEN, len(EMOTIONS))
    random = np.random.default_rng(0)
    most = min(rows, BATCH)
    given = [random.random((most, width), dtype=np.float32) for width in widths[:-1]]
    weights = [random.random(shape, dtype=np.float32) for shape in pairwise(widths)]

    def multiply() -> None:
        for _ in range(rows // most):
            for one, weight in zip(given, weights, strict=True):
                one @ weight

    return multiply


def worked(call: Callable[[], object], seconds: float) -> float:
    """Give the processor seconds of a call, called again and again for some time."""
    calls, begin = 0, time.process_time()
    with threadpool_limits(1):  # threads that wait for each other use the processor, too
        while (taken := time.process_time() - begin) < seconds or not calls:
            call()
            calls += 1
    return taken / calls


def of_network(path: Path, rounds: int, seconds: float) -> Iterator[Record]:
    """Run the saved network by turns with the products alone."""
    network = read_network(path)
    for rows in (1, LARGE):
        frames: NDArray[np.float32] = draw_frames(rows, COLUMNS)
        contenders = {
            "network": partial(worked, partial(network, frames), seconds),
            "products": partial(worked, products(rows), seconds),
        }
        found = by_turns(contenders, rounds)
        case = f"network alone, {rows:,} row{'s' * (rows > 1)}"
        each = [one * 1000 for one in found["network"]]
        yield Record(case, "processor time of a call", "ms", each)
        yield from rates(case, rows, found["network"], found["products"])


def rates(case: str, rows: int, ours: list[float], products: list[float]) -> Iterator[Record]:
    """Record rows a processor second, and which share that is of what products alone reach."""
    yield Record(case, "rows a processor second", "", [rows / one for one in ours])
    yield ratio(case, "share of the products' rate", products, ours)


def predict(workspace: Path, network: Path) -> tuple[float, float, float]:
    """Predict as its users do; return seconds, those of processors, and peak memory in MB."""
    arguments = ["predict", "frames", "-o", "out/emotions.parquet", "--model", str(network)]
    begin, before = time.perf_counter(), processor_of_children()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "pipeline", *arguments],
        cwd=workspace,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    used = processor_of_children() - before
    return time.perf_counter() - begin, used, float(done.stdout.splitlines()[-1])


def of_command(workspace: Path, network: Path, millions: float, seconds: float) -> Iterator[Record]:
    """Predict so many million frames, with the products alone before and after."""
    write_frames(workspace / "frames", millions, shuffled=False)
    rows = round(millions * 1e6)
    before = worked(products(LARGE), seconds)
    elapsed, used, peak = predict(workspace, network)
    least = min(before, worked(products(LARGE), seconds)) / LARGE * rows
    case = f"predict, {millions:g} million frames"
    yield Record(case, "time", "s", [elapsed])
    yield Record(case, "processor time", "s", [used])
    yield from rates(case, rows, [used], [least])
    yield Record(case, "peak memory", "MB", [peak])


@contextmanager
def workspace(*, calibrate: bool) -> Iterator[tuple[Path, Path]]:
    """Make a folder with parameters and a model for the length of the block; give both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = yaml.safe_load(PARAMS.read_text())
        (folder / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        (folder / "model").mkdir()
        yield folder, save_model(folder / "model", COLUMNS, calibrate=calibrate)


def measured(options: argparse.Namespace) -> Iterator[Record]:
    with workspace(calibrate=options.calibrated) as (_, network):
        yield from of_network(network, options.rounds, options.seconds)
    for size in map(float, options.sizes.split(",")):
        with workspace(calibrate=options.calibrated) as (folder, network):
            yield from of_command(folder, network, size, options.seconds)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--sizes", default="1,10", help="millions of frames")
    parser.add_argument("--calibrated", action="store_true", help="people's own levels taken out")
    parser.add_argument("--rounds", type=int, default=5, help="of the network alone")
    parser.add_argument("--seconds", type=float, default=1, help="of each of its rounds")
    options = parser.parse_args()
    tell(measured(options), options.json)


if __name__ == "__main__":
    main()
