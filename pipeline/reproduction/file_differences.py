"""Say by how much two files of one name differ: numbers, pixels, lines, else bytes."""

import csv
import difflib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

Leaves = dict[str, Any]


def difference(recorded: Path, replayed: Path) -> str:
    """Describe the difference of two files, "" where they are the same."""
    if recorded.read_bytes() == replayed.read_bytes():
        return ""
    measure = MEASURES.get(recorded.suffix, _lines)
    try:
        return measure(recorded, replayed)
    except (ValueError, SyntaxError, yaml.YAMLError, csv.Error):  # it is not what its name says
        sizes = f"{recorded.stat().st_size} and {replayed.stat().st_size}"
        return f"other content: {sizes} bytes"


def close(one: float, other: float) -> bool:
    """Tell whether two numbers are the same, to the last bit; nothing is like nothing."""
    return one == other or (math.isnan(one) and math.isnan(other))


def _json(recorded: Path, replayed: Path) -> str:
    return _leaves(*(dict(_flat(json.loads(p.read_text("utf-8")))) for p in (recorded, replayed)))


def _yaml(recorded: Path, replayed: Path) -> str:
    return _leaves(
        *(dict(_flat(yaml.safe_load(p.read_text("utf-8")))) for p in (recorded, replayed))
    )


def _csv(recorded: Path, replayed: Path) -> str:
    return _leaves(*(dict(_cells(path)) for path in (recorded, replayed)))


def _leaves(one: Leaves, other: Leaves) -> str:
    """Count the values that differ, and name the largest difference of two numbers."""
    names = dict.fromkeys([*one, *other])
    unlike = [name for name in names if one.get(name) != other.get(name)]
    sizes = {name: _distance(one.get(name), other.get(name)) for name in unlike}
    numbers = {name: size for name, size in sizes.items() if size is not None}
    if not unlike:
        return "the same values, written in another way"
    largest = max(numbers, key=lambda name: numbers[name], default=unlike[0])
    values = f"{one.get(largest, 'nothing')} then, {other.get(largest, 'nothing')} now"
    return f"{len(unlike)} of {len(names)} values, most at {largest}: {values}"


def _distance(one: Any, other: Any) -> float | None:
    try:
        return abs(float(one) - float(other))
    except (TypeError, ValueError):
        return None


def _flat(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict | list):
        pairs = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in pairs:
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, content


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            yield from ((f"{column} in row {number}", str(text)) for column, text in row.items())


def _pixels(recorded: Path, replayed: Path) -> str:
    from matplotlib.image import imread

    one, other = imread(recorded), imread(replayed)
    if one.shape != other.shape:
        return f"{one.shape[1]} x {one.shape[0]} then, {other.shape[1]} x {other.shape[0]} now"
    unlike = (one != other).any(axis=-1)
    # Other versions of the drawing library sign the same picture in another way.
    return f"{int(unlike.sum())} of {unlike.size} pixels" if unlike.any() else ""


def _lines(recorded: Path, replayed: Path) -> str:
    one, other = (path.read_text("utf-8").splitlines() for path in (recorded, replayed))
    changes = list(difflib.unified_diff(one, other, lineterm="", n=0))[2:]
    told = [line for line in changes if line.startswith(("-", "+"))]
    return f"{len(told)} lines, first {told[0]!r}" if told else "other line ends"


MEASURES: dict[str, Callable[[Path, Path], str]] = {
    ".json": _json,
    ".yaml": _yaml,
    ".csv": _csv,
    ".png": _pixels,
}
