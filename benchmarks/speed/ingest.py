"""Compare the prepare stage with merely parsing the same files, and with the usual way.

Run as `python -m benchmarks.speed.ingest`. Baselines parse the wanted columns of every file and
keep nothing; the stage also checks every row, sorts, splits and writes Parquet. Each contender runs
in a process of its own, by turns, with the files in the page cache.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import yaml
from throwaway import PARAMS

from benchmarks.measuring import Record, by_turns, in_own_process, options_of, ratio, tell
from benchmarks.memory import peak
from benchmarks.openface_files import write_folder
from pipeline.data.action_units import OPENFACE_COLUMNS

WANTED = {"frame", "face_id", "success", "confidence", *OPENFACE_COLUMNS}
CORES = os.cpu_count() or 1


def raw_names(path: Path) -> list[str]:
    """List the wanted columns as the header writes them, blanks included."""
    with path.open() as file:
        return [name for name in file.readline().rstrip("\n").split(",") if name.strip() in WANTED]


def in_threads(parse: Callable[[Path], int], files: list[Path]) -> int:
    with ThreadPoolExecutor(CORES) as pool:
        return sum(pool.map(parse, files))


def parse_pyarrow(files: list[Path]) -> int:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    names = raw_names(files[0])
    options = pa_csv.ConvertOptions(
        include_columns=names, column_types=dict.fromkeys(names, pa.float64())
    )
    alone = pa_csv.ReadOptions(use_threads=False, block_size=1 << 24)
    return in_threads(
        lambda f: pa_csv.read_csv(f, read_options=alone, convert_options=options).num_rows, files
    )


def parse_polars(files: list[Path]) -> int:
    import polars as pl

    names = raw_names(files[0])
    # Numbers with a blank before them are no numbers to polars: it takes them as text at first.
    numbers = [pl.col(name).str.strip_chars().cast(pl.Float64) for name in names]
    lazy = pl.scan_csv(files, infer_schema=False).select(numbers)
    return int(lazy.collect(engine="streaming").height)


def parse_pandas(files: list[Path]) -> int:
    import pandas as pd

    names = raw_names(files[0])
    return in_threads(lambda f: len(pd.read_csv(f, usecols=names)), files)


def parse_pandas_pyarrow(files: list[Path]) -> int:
    import pandas as pd

    names = raw_names(files[0])
    return sum(len(pd.read_csv(f, usecols=names, engine="pyarrow")) for f in files)


def usual_way(files: list[Path]) -> int:
    """Read file after file with a callable `usecols`, then join, as scripts do."""
    import pandas as pd

    def wanted(name: str) -> bool:
        return name.strip() in WANTED

    frames = [pd.read_csv(file, usecols=wanted, skipinitialspace=True) for file in files]
    return len(pd.concat(frames))


def stage(files: list[Path]) -> int:
    """Run the stage in a workspace of its own; return the rows that it read."""
    from pipeline.settings import paths
    from pipeline.stages import prepare

    tree = yaml.safe_load(PARAMS.read_text())
    tree["data"] |= {"path": str(files[0].parent), "layout": "openface", "naming": "subject_first"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        prepare.main()
        account = json.loads(paths.PREPARE_SUMMARY.read_text())
    return int(account["rows_read"])


PARSERS = {
    "pyarrow": parse_pyarrow,
    "polars": parse_polars,
    "pandas": parse_pandas,
    "pandas, pyarrow engine": parse_pandas_pyarrow,
}
CONTENDERS = {**PARSERS, "usual way": usual_way, "stage": stage}


def contend(name: str, folder: Path) -> None:
    """Run one contender here and print seconds, rows and peak memory (MB) as JSON."""
    files = sorted(folder.glob("*.csv"))
    with tempfile.TemporaryDirectory() as small:  # imports, so that Python's start is not timed
        write_folder(Path(small) / "few", 1, 15)
        CONTENDERS[name](sorted((Path(small) / "few").glob("*.csv")))
    begin = time.perf_counter()
    rows = CONTENDERS[name](files)
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "rows": rows, "peak": peak()}))


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run a contender in its own process; return seconds, rows and peak memory in MB."""
    command = ("benchmarks.speed.ingest", "--contend", name, str(folder))
    found: dict[str, float] = in_own_process(*command)
    return found


@contextlib.contextmanager
def written(megabytes: int, files: int) -> Iterator[tuple[Path, str]]:
    """Write so many files for the length of the block; give their folder and what it holds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        write_folder(folder, megabytes, files)
        yield folder, f"{megabytes:,} MB in {files:,} files"


def compare(folder: Path, size: str, rounds: int) -> Iterator[Record]:
    """Run all contenders by turns; they must have read the same number of rows."""
    runs = by_turns({name: partial(measure, name, folder) for name in CONTENDERS}, rounds)
    rows = {name: found[0]["rows"] for name, found in runs.items()}
    if len(set(rows.values())) > 1:
        raise SystemExit(f"the contenders read different numbers of rows: {rows}")
    seconds = {name: [one["seconds"] for one in found] for name, found in runs.items()}
    fastest = min(PARSERS, key=lambda name: statistics.median(seconds[name]))
    for name, found in runs.items():
        case = f"{name}, {size}"
        yield Record(case, "time", "s", seconds[name])
        yield Record(case, "peak memory", "MB", [one["peak"] for one in found])
        yield ratio(case, "time / fastest parser's", seconds[name], seconds[fastest])


def measured(options: argparse.Namespace) -> Iterator[Record]:
    with written(options.megabytes, options.files) as (folder, size):
        yield from compare(folder, size, options.rounds)
    if options.large:
        with written(options.large, options.files * 4) as (folder, size):
            found = measure("stage", folder)
            yield Record(f"stage, {size}", "time", "s", [found["seconds"]])
            yield Record(f"stage, {size}", "peak memory", "MB", [found["peak"]])


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=4000, help="MB to show flat memory; 0: none")
    parser.add_argument("--contend", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contend:
        contend(options.contend[0], Path(options.contend[1]))
        return
    tell(measured(options), options.json)


if __name__ == "__main__":
    main()
