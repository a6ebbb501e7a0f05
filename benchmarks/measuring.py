"""What every benchmark gives: records, of which each is printed as a line and kept as JSON."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import ROOT

Found = TypeVar("Found")


@dataclass(frozen=True)
class Record:
    """One measure of one case, round by round; of the unit `ratio` if each round divides two.

    Without rounds it was not measured, for the reason in `note`.
    """

    case: str
    measure: str
    unit: str
    rounds: Sequence[float]
    note: str = ""

    def __str__(self) -> str:
        """Tell median, least and most in a line."""
        if not self.rounds:
            return f"{self.case}: {self.measure}: {self.note}"
        unit = "" if self.unit == "ratio" else self.unit
        return f"{self.case}: {self.measure} {spread(self.rounds)} {unit}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """Give the fields, and what the rounds come to: `value` is their median."""
        if not self.rounds:
            return asdict(self)
        middle = statistics.median(self.rounds)
        return asdict(self) | {"value": middle, "least": min(self.rounds), "most": max(self.rounds)}


def ratio(case: str, measure: str, ours: Sequence[float], theirs: Sequence[float]) -> Record:
    """Divide what was measured in the same round."""
    pairs = zip(ours, theirs, strict=True)
    return Record(case, measure, "ratio", [one / other for one, other in pairs])


def spread(rounds: Sequence[float]) -> str:
    """Write the median of rounds; of several, with the least and the most."""
    middle = number(statistics.median(rounds))
    several = f" ({number(min(rounds))} to {number(max(rounds))})"
    return middle + (several if len(rounds) > 1 else "")


def number(value: float) -> str:
    """Write a count as it is, and anything else with three digits that mean something."""
    return format(value if value == int(value) else float(f"{value:.3g}"), ",.15g")


def by_turns(contenders: Mapping[str, Callable[[], Found]], rounds: int) -> dict[str, list[Found]]:
    """Measure one contender after another, round after round, so that all meet the same machine."""
    found: dict[str, list[Found]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            found[name].append(measure())
    return found


def options_of(doc: str | None) -> argparse.ArgumentParser:
    """Make the parser of a benchmark, with the one option that all have."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the records there, too")
    return parser


def tell(records: Iterable[Record], file: Path | None) -> list[Record]:
    """Print each record as soon as it is there, and write all to the file if one is named."""
    told = []
    for record in records:
        print(record, flush=True)
        told.append(record)
    if file:
        file.write_text(json.dumps([record.as_json() for record in told]))
    return told


def in_own_process(module: str, *arguments: str, **environment: str) -> Any:
    """Run a module and read the JSON in the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def processor_of_children() -> float:
    """Give the processor seconds of the processes that were started here and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
