"""Pass millions of frames through stages; measure time and memory.

Run as `python -m benchmarks.speed.scale`. Frames are generated into a temporary folder of Parquet
files: 12 action units, clips of 1,000 frames, three clips a subject. `--sizes 1,10,100` passes 100
million as well, which takes 8 GB of disk. `--last evaluate` goes on after weigh: train takes two
epochs.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from throwaway import PARAMS

from benchmarks import ROOT
from benchmarks.measuring import Record, options_of, tell
from pipeline.data.action_units import intensity

AUS = (1, 2, 4, 5, 6, 7, 12, 14, 15, 17, 20, 25)
CLIP = 1000  # frames
CHUNK = 1_000_000  # frames written at once
STAGES = ("prepare", "label", "weigh", "train", "evaluate")
EPOCHS = 2


def write_frames(folder: Path, millions: float, *, shuffled: bool) -> None:
    """Write so many million frames, one file for every 10 million."""
    folder.mkdir()
    rng = np.random.default_rng(int(millions))
    writer: pq.ParquetWriter | None = None
    frames = round(millions * 1_000_000)
    for chunk in range(-(-frames // CHUNK)):
        table = _chunk(chunk, min(CHUNK, frames - chunk * CHUNK), rng)
        if shuffled:
            table = table.take(pa.array(rng.permutation(table.num_rows)))
        if writer is None or chunk % 10 == 0:
            if writer:
                writer.close()
            writer = pq.ParquetWriter(folder / f"part_{chunk // 10:03d}.parquet", table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def _chunk(chunk: int, frames: int, rng: np.random.Generator) -> pa.Table:
    clips = np.arange(frames // CLIP) + chunk * (CHUNK // CLIP)
    names = [f"S{clip // 3:07d}_C{clip % 3}" for clip in clips]
    classes = ["PNM"[clip % 3] for clip in clips]
    of = pa.array(np.repeat(np.arange(len(clips), dtype=np.int32), CLIP))

    def words(values: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(of, pa.array(values)).dictionary_decode()

    columns = {
        "subject": words([name.split("_")[0] for name in names]),
        "clip": words(names),
        "frame": pa.array(np.tile(np.arange(1, CLIP + 1), len(clips))),
        "valence_class": words(classes),
    }
    for au in AUS:  # two decimals, half of them exact zeros, as OpenFace writes
        values = rng.normal(0, 1, frames).clip(0, 5).round(2).astype(np.float32)
        columns[intensity(au)] = pa.array(values)
    return pa.table(columns)


def run_stage(stage: str, workspace: Path) -> tuple[float, float]:
    """Run a stage as its users do; return seconds and the peak of its memory in MB."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", f"pipeline.stages.{stage}"],
        cwd=workspace,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return time.perf_counter() - begin, float(done.stdout.splitlines()[-1])


def measure(millions: float, last: str, *, shuffled: bool) -> Iterator[Record]:
    """Run the stages up to `last` on so many million frames."""
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        tree = yaml.safe_load(PARAMS.read_text())
        tree["data"] |= {"path": "frames", "layout": "table"}
        tree["recipes"][tree["recipe"]]["epochs"] = EPOCHS
        (workspace / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        write_frames(workspace / "frames", millions, shuffled=shuffled)
        for stage in STAGES[: STAGES.index(last) + 1]:
            seconds, peak = run_stage(stage, workspace)
            case = f"{stage}, {millions:g} million frames{' in no order' * shuffled}"
            yield Record(case, "time", "s", [seconds])
            yield Record(case, "time per million", "s", [seconds / millions])
            yield Record(case, "peak memory", "MB", [peak])


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--sizes", default="1,10", help="millions of frames")
    parser.add_argument("--shuffled", action="store_true", help="each million in no order")
    parser.add_argument("--last", default="weigh", choices=STAGES, help="stage at which to stop")
    options = parser.parse_args()
    sizes = map(float, options.sizes.split(","))
    found = (measure(size, options.last, shuffled=options.shuffled) for size in sizes)
    tell(chain.from_iterable(found), options.json)


if __name__ == "__main__":
    main()
