"""Measure a `dvc repro` that has nothing to do, beside `dvc status` and the import of DVC alone.

Run as `python -m benchmarks.speed.unchanged`. A copy of the project is run to its end once, which
is not timed; then all take turns in it. Bare `dvc status` looks at the studies as well, which were
never run there; of the same stages as `dvc repro` it tells with a target.
"""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from throwaway import make_clone, run

from benchmarks.measuring import Record, by_turns, options_of, ratio, tell

REPRO, IMPORT = "dvc repro", "import of DVC alone"
COMMANDS = {
    REPRO: ("dvc", "repro"),
    "dvc status": ("dvc", "status"),
    "dvc status of the same stages": ("dvc", "status", "--with-deps", "dvc.yaml"),
    IMPORT: ("python", "-c", "import dvc.cli"),
}
NOTHING = "Data and pipelines are up to date."


def time_command(clone: Path, name: str) -> float:
    """Run a command in the copy; give its seconds."""
    begin = time.perf_counter()
    done = run(clone, *COMMANDS[name])
    taken = time.perf_counter() - begin
    if name == REPRO and NOTHING not in done.stdout:
        raise SystemExit(f"{name} found something to do:\n{done.stdout}")
    return taken


def compare(clone: Path, rounds: int) -> Iterator[Record]:
    """Run all by turns in a copy where nothing is to do."""
    found = by_turns({name: partial(time_command, clone, name) for name in COMMANDS}, rounds)
    for name, seconds in found.items():
        yield Record(name, "time", "s", seconds)
        yield ratio(name, "dvc repro / this", found[REPRO], seconds)


def measured(rounds: int) -> Iterator[Record]:
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder))
        for target in ("demo/dvc.yaml", "dvc.yaml"):
            run(clone, "dvc", "repro", target)
        yield from compare(clone, rounds)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    tell(measured(options.rounds), options.json)


if __name__ == "__main__":
    main()
