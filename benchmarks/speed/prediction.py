"""Predict up to 10 million frames; measure time and memory beside what the processor can do.

Run as `python -m benchmarks.speed.prediction`. Frames are generated into a temporary folder of
Parquet files, as for `benchmarks.speed.scale`: 12 action units, clips of 1,000 frames, three clips
a subject. The model has the default recipe's shape and weights that were drawn. Beside it stands
the rate at which matrix products of its layers' shapes run here, and nothing else; both by
processor time, which other work on the machine hardly changes.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import yaml
from threadpoolctl import threadpool_limits
from throwaway import PARAMS

from benchmarks import ROOT
from benchmarks.load.model import EMOTIONS, HIDDEN, save_model
from benchmarks.speed.scale import AUS, write_frames
from pipeline.data.action_units import intensity
from pipeline.model.inference.network import BATCH

COLUMNS = [intensity(au) for au in AUS]
ROWS = BATCH  # of a product: what the network runs at once


def products_limit(seconds: float = 2.0) -> tuple[float, float]:
    """Give rows a processor second that products of all layers' shapes reach, and GFLOP."""
    widths = (len(COLUMNS), *HIDDEN, len(EMOTIONS))
    random = np.random.default_rng(0)
    given = [random.random((ROWS, width), dtype=np.float32) for width in widths[:-1]]
    weights = [random.random(shape, dtype=np.float32) for shape in pairwise(widths)]
    rows, begin = 0, time.process_time()
    with threadpool_limits(1):  # threads that wait for each other use the processor, too
        while (taken := time.process_time() - begin) < seconds or not rows:
            for one, weight in zip(given, weights, strict=True):
                one @ weight
            rows += ROWS
    flop = 2 * sum(wide * narrow for wide, narrow in pairwise(widths))
    return rows / taken, rows / taken * flop / 1e9


def predict(workspace: Path, network: Path, out: str) -> tuple[float, float, float]:
    """Predict as its users do; return seconds, those of processors, and peak memory in MB."""
    arguments = ["predict", "frames", "-o", out, "--model", str(network)]
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


def processor_of_children() -> float:
    """Give the processor seconds of the processes that were started here and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(millions: float, *, calibrate: bool) -> None:
    """Predict so many million frames and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        tree = yaml.safe_load(PARAMS.read_text())
        (workspace / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        (workspace / "model").mkdir()
        network = save_model(workspace / "model", COLUMNS, calibrate=calibrate)
        write_frames(workspace / "frames", millions, shuffled=False)
        before = products_limit()
        seconds, used, peak = predict(workspace, network, "out/emotions.parquet")
        limit, gflops = max(before, products_limit())  # others may work on this machine, too
        rate = millions * 1e6 / used
        print(
            f"{millions:4g} million frames{' calibrated' * calibrate}: {seconds:6.1f} s, "
            f"{millions * 1e6 / seconds:,.0f} rows/s, peak {peak:,.0f} MB; a processor second does "
            f"{rate:,.0f} rows, of the network's products alone {limit:,.0f} ({gflops:.0f} GFLOP), "
            f"{limit / rate:.1f} times as many",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,10", help="millions of frames")
    parser.add_argument("--calibrated", action="store_true", help="people's own levels taken out")
    options = parser.parse_args()
    for size in options.sizes.split(","):
        measure(float(size), calibrate=options.calibrated)


if __name__ == "__main__":
    main()
