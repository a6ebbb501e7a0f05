"""Keep what benchmarks measured, and write it into docs/benchmarks.md as tables.

`.local/bench/results.json` holds, by the name of a benchmark, its last good run: command, commit,
date, machine, versions, seconds, and its records. In the page a table stands between two comments
that name its benchmark: a row for each case, a column for each measure.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.measuring import Record, spread

FILE = ROOT / ".local/bench/results.json"
PAGE = ROOT / "docs/benchmarks.md"


def commit() -> str:
    """Name the commit of the code that is measured; `-dirty` if files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """Describe this machine: processor, cores that may be used, memory in GB."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 2**30),
    }


def versions() -> dict[str, str]:
    """Give the versions of what the figures depend on most."""
    packages = {name: version(name) for name in ("tensorflow", "numpy")}
    return {"python": platform.python_version(), **packages}


def kept() -> dict[str, Any]:
    """Read the results so far; none at first."""
    found: dict[str, Any] = json.loads(FILE.read_text()) if FILE.is_file() else {}
    return found


def keep(name: str, command: str, seconds: float, records: Sequence[dict[str, Any]]) -> None:
    """Put the results of one benchmark in the place of its earlier ones."""
    result = {
        "command": command,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "seconds": round(seconds),
        "records": records,
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(kept() | {name: result}, indent=1) + "\n")


def write_tables() -> None:
    """Replace in the page the tables of the benchmarks that have results, and no other."""
    page = PAGE.read_text()
    for name, result in kept().items():
        begin, end = f"<!-- results of {name} -->\n", "<!-- end of results -->"
        before, found, rest = page.partition(begin)
        if not found:
            raise SystemExit(f"{PAGE.name} has no place for {name}: a line {begin.strip()}")
        _, closed, after = rest.partition(end)
        if not closed:
            raise SystemExit(f"{PAGE.name}: the place for {name} does not end: a line {end}")
        page = before + begin + shown(result) + end + after
    PAGE.write_text(page)


def shown(result: dict[str, Any]) -> str:
    """Write what ran where, and a table."""
    own, used = result["machine"], result["versions"]
    return (
        f"`{result['command']}` at {result['commit']}, {result['date']}, {result['seconds']} s: "
        f"{own['cores']} cores of {own['cpu']}, {own['memory_gb']} GB; Python {used['python']}, "
        f"TensorFlow {used['tensorflow']}, NumPy {used['numpy']}.\n\n"
        f"{table([record_of(one) for one in result['records']])}\n"
    )


def record_of(told: Mapping[str, Any]) -> Record:
    """Read a record from JSON."""
    return Record(**{field.name: told[field.name] for field in fields(Record)})


def table(records: Sequence[Record]) -> str:
    """Lay records out: a row for each case, a column for each measure, both as they came first."""
    cells = {(one.case, heading(one)): cell(one) for one in records}
    columns = list(dict.fromkeys(column for _, column in cells))
    cases = dict.fromkeys(case for case, _ in cells)
    lines = [
        ["case", *columns],
        ["---", *["---:"] * len(columns)],
        *([case, *(cells.get((case, column), "") for column in columns)] for case in cases),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def heading(record: Record) -> str:
    """Name a column; a ratio's name says that it is one."""
    return record.measure if record.unit in ("", "ratio") else f"{record.measure}, {record.unit}"


def cell(record: Record) -> str:
    """Write a value: of ratios with the least and the most, as they alone can be compared."""
    if not record.rounds:
        return record.note
    whole = spread(record.rounds)
    return whole if record.unit == "ratio" else whole.partition(" (")[0]
