"""Measure what a stage's start costs: the import of its modules beside bare Python.

Run as `python -m benchmarks.speed.startup`. Each is a process of its own that does nothing else, by
turns, after a round that is not counted, in which Python writes its bytecode.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from benchmarks import ROOT
from benchmarks.measuring import Record, by_turns, options_of, ratio, tell

BARE = "bare Python"
MODULES = {
    **{stage: f"pipeline.stages.{stage}" for stage in ("prepare", "label", "weigh")},
    # What these load once MLflow loads in a process beside them.
    "train": "pipeline.stages.steps.training",
    "evaluate": "pipeline.stages.steps.evaluating",
}
CODE = {BARE: "pass"} | {stage: f"import {module}" for stage, module in MODULES.items()}


def time_code(code: str) -> float:
    """Run code in a new Python; give its seconds from start to end."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - begin


def compare(rounds: int) -> Iterator[Record]:
    contenders = {name: partial(time_code, code) for name, code in CODE.items()}
    by_turns(contenders, 1)
    found = by_turns(contenders, rounds)
    for name, seconds in found.items():
        yield Record(name, "time", "s", seconds)
        yield ratio(name, "time / bare Python's", seconds, found[BARE])


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    tell(compare(options.rounds), options.json)


if __name__ == "__main__":
    main()
