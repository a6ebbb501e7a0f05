"""Compare a run with its replay: outputs of DVC, metrics step by step, artifacts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.reproduction.file_differences import close, difference
from pipeline.tracking.store.recorded_runs import Recorded, Steps

# What differs between two runs of the same code on the same data, by how its name begins.
LEFT_OUT = {
    "outputs/train/run.json": "holds the ids of run and model, new in each run",
    "evaluation/report.html": "names its run; outputs/evaluate/report.html is it without that",
    "provenance/": "holds the hash of outputs/train/run.json and the patch as it was applied",
    "promotion/": "is the gate's verdict, which no replay asks for",
    "external/": "scores other data sets, which are not brought",
    "outputs/external/": "comes from other data sets, which are not brought",
    "system/": "measures the load of the machine",
}
IDENTICAL = "identical"


@dataclass(frozen=True)
class Compared:
    """What became of one output, metric or artifact: `identical`, or by how much it differs."""

    kind: str
    name: str
    result: str

    @property
    def same(self) -> bool:
        return self.result == IDENTICAL


def compare(
    recorded: Recorded, replayed: Recorded, then: Mapping[str, str], now: Mapping[str, str]
) -> list[Compared]:
    """Compare all that the recorded run has; `then` and `now` hold md5 by path of outputs."""
    outputs = {name: _hashes(then[name], now.get(name)) for name in sorted(then)}
    metrics = {
        name: _steps(steps, replayed.metrics.get(name, {}))
        for name, steps in recorded.metrics.items()
    }
    files = {name: _files(path, replayed.files.get(name)) for name, path in recorded.files.items()}
    return [
        Compared(kind, name, result)
        for kind, results in (("output", outputs), ("metric", metrics), ("artifact", files))
        for name, result in results.items()
        if reason(name) is None
    ]


def reason(name: str) -> str | None:
    """Say why a name is left out of the comparison; None where it is not."""
    return next((why for start, why in LEFT_OUT.items() if name.startswith(start)), None)


def made_by(lock: Path) -> dict[str, str]:
    """Read the md5 of all that stages made or read from a dvc.lock.

    What a stage of another dvc.yaml made, such as the demo data, is there as a dependency.
    """
    stages: dict[str, Any] = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"]
    kinds = ("deps", "outs")
    files = [file for stage in stages.values() for kind in kinds for file in stage.get(kind, [])]
    return {file["path"]: file["md5"] for file in files if "md5" in file}


def notes(recorded: Recorded, replayed: Recorded, outputs: Iterable[str]) -> Iterator[str]:
    """Say what was left out and why, and what the replay alone has."""
    names = {*recorded.metrics, *recorded.files, *outputs}
    for start, why in LEFT_OUT.items():
        if any(name.startswith(start) for name in names):
            yield f"left out {start}: {why}"
    more = {*replayed.metrics, *replayed.files} - names
    if new := sorted(name for name in more if reason(name) is None):
        yield f"only in the replay: {', '.join(new)}"


def summary(results: list[Compared]) -> str:
    """Sum up: how many are identical, or which are not."""
    words = {"metric": "metrics", "artifact": "artifacts", "output": "DVC outputs"}
    if all(item.same for item in results):
        counts = (f"{_count(results, kind)} {word}" for kind, word in words.items())
        return f"{IDENTICAL}: {', '.join(counts)}"
    parts = []
    for kind, word in words.items():
        unlike = [item.name for item in results if item.kind == kind and not item.same]
        named = f" ({', '.join(unlike)})" if unlike else ""
        parts.append(f"{len(unlike)} of {_count(results, kind)} {word}{named}")
    return f"different: {', '.join(parts)}"


def _count(results: list[Compared], kind: str) -> int:
    return sum(item.kind == kind for item in results)


def _hashes(then: str, now: str | None) -> str:
    return IDENTICAL if then == now else f"different: md5 {then} then, {now or 'nothing'} now"


def _steps(then: Steps, now: Steps) -> str:
    unlike = [
        step
        for step in sorted({*then, *now})
        if step not in then or step not in now or not close(then[step], now[step])
    ]
    if not unlike:
        return IDENTICAL
    both = [step for step in unlike if step in then and step in now]
    worst = max(both, key=lambda step: abs(then[step] - now[step]), default=unlike[0])
    values = f"{then.get(worst, 'nothing')} then, {now.get(worst, 'nothing')} now"
    by = f" (by {now[worst] - then[worst]:.3g})" if both else ""
    return f"different at {len(unlike)} of {len({*then, *now})} steps, at {worst}: {values}{by}"


def _files(then: Path, now: Path | None) -> str:
    if now is None:
        return "different: the replay has none"
    told = difference(then, now)
    return f"different: {told}" if told else IDENTICAL
