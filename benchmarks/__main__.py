"""Run the speed benchmarks one after another, and keep what they measured.

Run as `python -m benchmarks`, with names of benchmarks to run those alone; options behind the names
go to each of them. Records are kept in .local/bench/results.json with commit and machine, in the
place of those of an earlier run. `python -m benchmarks --table` writes all that is kept there into
docs/benchmarks.md. Exit code 1 where a benchmark failed; the others run all the same, and what was
kept of that one stays.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.results import FILE, keep, write_tables

NAMES = sorted(path.stem for path in (ROOT / "benchmarks/speed").glob("[!_]*.py"))


def run(name: str, options: Sequence[str]) -> bool:
    """Run a benchmark in a process of its own; tell in a line, and as a truth, if it ended well."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.json"
        command = [sys.executable, "-m", f"benchmarks.speed.{name}", *options]
        # A start without kept bytecode is mostly that of the compiler.
        own = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run([*command, "--json", str(records)], cwd=ROOT, env=own, check=False)
        seconds = time.monotonic() - began
        if not done.returncode:
            asked = shlex.join(["python", "-m", "benchmarks", name, *options])
            keep(name, asked, seconds, json.loads(records.read_text()))
    word = f"FAILED ({done.returncode})" if done.returncode else "ok"
    print(f"{name}: {word}, {seconds:.0f} s", flush=True)
    return not done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--table", action="store_true", help="write the page's tables, run nothing")
    chosen, options = parser.parse_known_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if options and not chosen.names:
        parser.error(f"options ({' '.join(options)}) belong to benchmarks: name those, too")
    if chosen.table:
        write_tables()
        return
    names = chosen.names or NAMES
    failed = [name for name in names if not run(name, options)]
    whole = f"{len(names)} benchmarks, failed: {', '.join(failed) or 'none'}"
    print(f"{whole}; results in {FILE.relative_to(ROOT)}")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
