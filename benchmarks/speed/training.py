"""Compare training with Keras' own `fit`, with peers, and with what the processor can do.

Run as `python -m benchmarks.speed.training`. Every learner trains the default recipe's network on
the same generated frames, 12 action units, each in a process of its own and by turns. What is
compared is the time of an epoch once all is compiled. PyTorch and JAX take part where they are
installed; they are no dependencies. Beside them stands the rate at which matrix products of the
network's shapes run here, and nothing else: those of a step, forward and back.
"""

import argparse
import json
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

from benchmarks.learners import LEARNERS, NEEDED, draw
from benchmarks.measuring import Record, by_turns, in_own_process, options_of, ratio, tell

ABSENT = {name for name, package in NEEDED.items() if not find_spec(package)}


def rate(name: str, batch: int, frames: int, epochs: int) -> float:
    """Give frames a second in the fastest of some epochs, after one that is not counted."""
    running = LEARNERS[name](*draw(frames), batch)
    next(running)
    taken = []
    for _ in range(epochs):
        begin = time.perf_counter()
        next(running)
        taken.append(time.perf_counter() - begin)
    return frames / min(taken)


def measure(name: str, options: argparse.Namespace, batch: int) -> float:
    """Train in a process of its own."""
    sizes = [f"--batches={batch}", f"--frames={options.frames}", f"--epochs={options.epochs}"]
    return float(in_own_process("benchmarks.speed.training", f"--learner={name}", *sizes))


def compare(options: argparse.Namespace, batch: int) -> Iterator[Record]:
    """Train by each learner, by turns; those that are not installed are named."""
    case = f"batch {batch:,}"
    present = [name for name in LEARNERS if name not in ABSENT]
    learners = {name: partial(measure, name, options, batch) for name in present}
    found = by_turns(learners, options.rounds)
    for name in LEARNERS:
        note = "not installed" if name in ABSENT else ""
        yield Record(case, name, "frames/s", found.get(name, []), note)
    for name in ("plain fit", "PyTorch", "Keras on JAX", "products alone"):
        if name in found:
            yield ratio(case, f"pipeline / {name}", found["pipeline"], found[name])


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 256, 1024, 4096])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--learner", choices=LEARNERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.learner:
        (batch,) = options.batches
        print(json.dumps(rate(options.learner, batch, options.frames, options.epochs)))
        return
    found = (record for batch in options.batches for record in compare(options, batch))
    tell(found, options.json)


if __name__ == "__main__":
    main()
