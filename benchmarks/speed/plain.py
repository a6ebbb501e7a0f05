"""Compare the whole tracked pipeline with a plain script that has none of it.

Run as `python -m benchmarks.speed.plain`. The script is `benchmarks/plain_script.py`. The pipeline
is a first `dvc repro` in a fresh copy: checks, quarantine, data card, labels, weights, training,
baselines, intervals, figures, a report and a run in MLflow. Both start from the same files, by
turns: real recordings where they are at hand, and generated ones. `--frames 6000 100000 1000000`
has a million as well, in one round, for the script's loop and training are long.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from throwaway import make_clone, run, set_params

from benchmarks import REAL
from benchmarks.measuring import Record, by_turns, in_own_process, options_of, ratio, tell

LONG = 1_000_000  # frames from which on one round is enough
HUMAN = {"data.naming": "ravdess", "label.source": "human"}
# Of real recordings: folder, layout and what else the pipeline has to be told.
RECORDINGS = {
    "expression": (REAL / "expression", "expression", {}),
    "RAVDESS": (REAL / "ravdess/frames", "openface", HUMAN),
}
Timed = dict[str, float]  # seconds, epochs and, of the script, frames


def time_script(data: Path, layout: str) -> Timed:
    """Run the script in a process of its own."""
    begin = time.perf_counter()
    found: Timed = in_own_process("benchmarks.plain_script", str(data), layout)
    return found | {"seconds": time.perf_counter() - begin}


def time_pipeline(data: Path, layout: str, values: dict[str, str]) -> Timed:
    """Run `dvc repro` in a fresh copy with these parameters."""
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder))
        set_params(clone, {"data.path": str(data), "data.layout": layout, **values})
        begin = time.perf_counter()
        run(clone, "dvc", "repro")
        taken = time.perf_counter() - begin
        history = (clone / "outputs/train/history.csv").read_text().splitlines()
        return {"seconds": taken, "epochs": len(history) - 1}


def generate(folder: Path, frames: int) -> Path:
    """Generate recordings of 40 people, three clips each."""
    clone = make_clone(folder)
    set_params(clone, {"demo.frames_per_clip": frames // 120})
    run(clone, "dvc", "repro", "demo/dvc.yaml")
    return clone / "data/demo"


def compare(
    name: str, data: Path, layout: str, values: dict[str, str], rounds: int
) -> Iterator[Record]:
    """Time both by turns."""
    contenders = {
        "plain script": partial(time_script, data, layout),
        "tracked dvc repro": partial(time_pipeline, data, layout, values),
    }
    runs = by_turns(contenders, rounds)
    case = f"{name}, {runs['plain script'][0]['frames']:,} frames"
    for contender, found in runs.items():
        yield Record(case, contender, "s", [one["seconds"] for one in found])
        yield Record(case, f"{contender}, epochs", "", [one["epochs"] for one in found])
    script, own = ([one["seconds"] for one in found] for found in runs.values())
    yield ratio(case, "tracked / plain", own, script)


def measured(sizes: Sequence[int], rounds: int) -> Iterator[Record]:
    for name, (folder, layout, values) in RECORDINGS.items():
        if folder.is_dir():
            yield from compare(name, folder, layout, values, rounds)
    for frames in sizes:
        with tempfile.TemporaryDirectory() as name:
            data = generate(Path(name), frames)
            yield from compare("generated", data, "expression", {}, rounds if frames < LONG else 1)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[6_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3, help=f"below {LONG:,} frames")
    options = parser.parse_args()
    tell(measured(options.frames, options.rounds), options.json)


if __name__ == "__main__":
    main()
