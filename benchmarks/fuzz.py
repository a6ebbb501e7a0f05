"""Mutate real recordings and see that no traceback reaches anybody and no row disappears.

Run as `python -m benchmarks.fuzz --cases 10000`. Each case puts a mutated file beside two sound
ones, plans, reads and checks the folder, and compares what came out with a count of lines of
its own. Where recordings are not at hand, generated ones serve.
"""

import argparse
import gzip
import random
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.openface_files import write_folder
from pipeline.data.action_units import value_range
from pipeline.data.quarantine import Reject
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.plan import Source
from pipeline.data.reading.rows.contract import check
from pipeline.errors import InputError

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMING = Naming(r"(?P<subject>[^_-]+)[_-].*", {})
MAX_LINES = 40  # of each recording: enough to break, quick to read
MIN_CONFIDENCE = 0.5

Mutation = Callable[[bytes, random.Random], bytes]


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    what = rng.choice(
        [b"\0", b"\n", b"\r", b'"', b",", b";", b"\t", b"\xff", "\u2028é".encode(), b" "]
    )
    return data[:at] + what * rng.randint(1, 3) + data[at:]


def cut(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data)) for _ in "ab")
    return data[:start] + data[stop:]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data)) for _ in "ab")
    return data[:stop] + data[start:]


def on_lines(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Mutation:
    """Turn a change of a file's lines into a change of its bytes."""
    return lambda data, rng: b"\n".join(change(data.split(b"\n"), rng))


def swap_lines(lines: list[bytes], rng: random.Random) -> list[bytes]:
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def double_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return [*lines[:at], lines[at], *lines[at:]]


def drop_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def blank_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return [*lines[:at], rng.choice([b"", b"   ", b"\t"]), *lines[at:]]


def _separator(line: bytes) -> bytes:
    return max((b",", b";"), key=line.count)


WORDS = [
    b"",
    b"nan",
    b"inf",
    b"-inf",
    b"9.9",
    b"-3",
    b"1e308",
    b"1e999",
    b"x",
    b"1_0",
    b'"',
    b"0,5",
    b'"1"',
    b"  2 ",
    b"\xc3\xa9",
    b"0x1p3",
    b"True",
    b"1e",
    b"--1",
]


def change_cell(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    between = _separator(lines[0])
    cells = lines[at].split(between)
    cells[rng.randrange(len(cells))] = rng.choice(WORDS)
    lines[at] = between.join(cells)
    return lines


def change_count_of_cells(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    between = _separator(lines[0])
    cells = lines[at].split(between)
    lines[at] = between.join(cells[:-1] if rng.random() < 0.5 else [*cells, b"1"])
    return lines


def change_column(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """Drop, double, move or rename a column in every line."""
    between = _separator(lines[0])
    rows = [line.split(between) for line in lines]
    a, b = (rng.randrange(len(rows[0])) for _ in "ab")
    kind = rng.choice(["drop", "double", "move", "rename"])
    for i, row in enumerate(rows):
        if len(row) <= max(a, b):
            continue
        if kind == "drop":
            del row[a]
        elif kind == "double":
            row.insert(b, row[a])
        elif kind == "move":
            row[a], row[b] = row[b], row[a]
        elif i == 0:
            row[a] = rng.choice([b"AU99_r", b"", b"frame", b"AU03_r", b"AU06", b"clip"])
    return [between.join(row) for row in rows]


def in_names(change: Callable[[bytes], bytes]) -> Mutation:
    """Turn a change of a column name into one of a file's bytes."""

    def mutate(data: bytes, _rng: random.Random) -> bytes:
        first, *rest = data.split(b"\n")
        between = _separator(first)
        names = between.join(change(name) for name in first.split(between))
        return b"\n".join([names, *rest])

    return mutate


def in_column(word: bytes, change: Callable[[int, bytes], bytes]) -> Mutation:
    """Turn a change of each cell of the columns named so into one of a file's bytes."""

    def mutate(lines: list[bytes], _rng: random.Random) -> list[bytes]:
        between = _separator(lines[0])
        places = [i for i, name in enumerate(lines[0].split(between)) if name.strip() == word]
        for number, line in enumerate(lines[1:], start=1):
            cells = line.split(between)
            for place in places:
                if place < len(cells):
                    cells[place] = change(number, cells[place])
            lines[number] = between.join(cells)
        return lines

    return on_lines(mutate)


def second_face(lines: list[bytes], _rng: random.Random) -> list[bytes]:
    """Write each row twice, the second time with other values."""
    return [lines[0], *(row for line in lines[1:] for row in (line, line.replace(b"0.", b"1.")))]


def quote_commas(data: bytes, _rng: random.Random) -> bytes:
    return re.sub(rb"(?<![\w.])(\d+)\.(\d+)(?![\w.])", rb'"\1,\2"', data)


def narrow_text(data: bytes) -> bytes:
    """Undo gzip and UTF-16, in a way of this file's own. Raises what the standard library does."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode()
    halves = [data[first:256:2] for first in (0, 1)]
    zeros = [half.count(0) / max(1, len(data[:256]) / 2) for half in halves]
    if max(zeros) >= 0.9 and min(zeros) == 0:
        form = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return data.decode(form, "replace").encode()
    return data


MUTATIONS: dict[str, Mutation] = {
    "flip": flip,
    "insert": insert,
    "cut": cut,
    "truncate": truncate,
    "repeat": repeat,
    "swap lines": on_lines(swap_lines),
    "double line": on_lines(double_line),
    "drop line": on_lines(drop_line),
    "blank line": on_lines(blank_line),
    "cell": on_lines(change_cell),
    "number of cells": on_lines(change_count_of_cells),
    "column": on_lines(change_column),
    "Windows": lambda data, _: data.replace(b"\n", b"\r\n"),
    "old Mac": lambda data, _: data.replace(b"\n", b"\r"),
    "UTF-16": lambda data, _: data.decode("utf-8", "replace").encode("utf-16"),
    "UTF-16, large end": lambda data, _: data.decode("utf-8", "replace").encode("utf-16-be"),
    "gzip": lambda data, _: gzip.compress(data, mtime=0),
    "gzip, cut off": lambda data, rng: gzip.compress(data, mtime=0)[: -rng.randint(1, 40)],
    "tabs": lambda data, _: data.replace(b",", b"\t"),
    "bars": lambda data, _: data.replace(b",", b"|"),
    "quoted decimal commas": quote_commas,
    "names of R": in_names(lambda name: b'"X.' + name.strip() + b'"'),
    "lower case": in_names(bytes.lower),
    "no zero": in_names(lambda name: name.replace(b"AU0", b"AU")),
    "no suffix": in_names(lambda name: name.replace(b"_r", b"")),
    "second face": on_lines(second_face),
    "frame never moves": in_column(b"frame", lambda *_: b"1"),
    "frame empty": in_column(b"frame", lambda *_: b""),
    "frame begins anew": in_column(b"frame", lambda number, _: b"%d" % (number % 7)),
    "success in words": in_column(b"success", lambda number, _: b"True" if number % 3 else b"F"),
    "endless confidence": in_column(b"confidence", lambda *_: b"inf"),
    "byte order mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "semicolons": lambda data, _: data.replace(b",", b";"),
    "decimal commas": lambda data, _: data.replace(b",", b";").replace(b".", b","),
}


def recordings(scratch: Path) -> dict[str, list[dict[str, bytes]]]:
    """Give, per layout, clips as files by name: generated ones, and real ones where they are.

    Generated ones name faces, and the real ones, but for two, do not.
    """
    found: dict[str, list[dict[str, bytes]]] = {"openface": [], "expression": []}
    if REAL.is_dir():
        for path in sorted((REAL / "expression/AUs").iterdir())[:12]:
            other = path.name.replace("_aus", "_valences")
            files = {
                f"AUs/{path.name}": path,
                f"Valences/{other}": REAL / "expression/Valences" / other,
            }
            found["expression"].append({name: _head(file) for name, file in files.items()})
        paths = sorted((REAL / "ravdess/frames").iterdir())[:12]
        found["openface"] = [{path.name: _head(path)} for path in paths]
        video = REAL / "formats/openface_video_blanks.csv"
        found["openface"] += [{f"{s}_video.csv": _head(video)} for s in "AB"]
    write_folder(scratch / "generated", 2, 12)
    found["openface"] += [{p.name: _head(p)} for p in sorted((scratch / "generated").iterdir())]
    return {layout: clips for layout, clips in found.items() if clips}


def _head(path: Path) -> bytes:
    return b"\n".join(path.read_bytes().split(b"\n")[:MAX_LINES])


def lines_below_header(data: bytes) -> int:
    """Count rows in a way of this file's own: lines that are not blank, but for the first."""
    data = narrow_text(data).removeprefix(b"\xef\xbb\xbf")
    lines = re.split(rb"\r\n|\n|\r", data)
    return max(0, sum(1 for line in lines if line.strip()) - 1)


def read_folder(folder: Path, layout: str) -> tuple[Counter[str], list[Reject], int]:
    """Plan, read and check; return kept frames per clip, rejects and rows read."""
    plan = PLANNERS[layout](Source(folder, NAMING, "main", folder))
    kept: Counter[str] = Counter()
    rejects, read = list(plan.rejects), sum(reject.rows for reject in plan.rejects)
    for job in plan.jobs:
        checked = check(job(), plan.aus, MIN_CONFIDENCE)
        rejects += checked.rejects
        read += checked.rows_read
        kept.update(checked.frames["clip"].to_pylist())
        for name in plan.aus:
            values = checked.frames[name].to_numpy()
            low, high = value_range(name)
            assert np.isfinite(values).all(), f"{name} holds what is no number"
            assert ((values >= low) & (values <= high)).all(), f"{name} is out of range"
    return kept, rejects, read


def account_for(files: dict[str, bytes], kept: Counter[str], rejects: Sequence[Reject]) -> None:
    """Hold every file's rows to the lines that it has.

    A pair's images count once, as the AU file's; of its valence file only those count that no
    image asked for. A first line that was destroyed is still taken for the header.
    """
    aside: Counter[str] = Counter()
    for reject in rejects:
        aside[reject.file] += reject.rows
    for name, data in files.items():
        if name.startswith("Valences/"):
            continue
        clip = Path(name).name.removesuffix("_aus.csv").removesuffix(".csv")
        own = next((count for file, count in aside.items() if file.endswith(f"/{name}")), 0)
        try:
            lines = lines_below_header(data)
        except (OSError, EOFError, zlib.error):  # compressed and damaged: as far as it went
            assert kept[clip] == 0
            continue
        assert kept[clip] + own == lines, f"{name}: {lines} lines, {kept[clip]} kept, {own} aside"


def run_case(
    number: int, seed: int, clips: dict[str, list[dict[str, bytes]]], scratch: Path
) -> str:
    """Run one case; return its outcome. Raises AssertionError, or whatever broke."""
    rng = random.Random(f"{seed}/{number}")
    layout = rng.choice(sorted(clips))
    chosen = rng.sample(clips[layout], 3)
    files = {name: data for clip in chosen for name, data in clip.items()}
    victim = rng.choice(sorted(chosen[0]))
    for _ in range(rng.choice([1, 1, 2, 3])):
        mutation = rng.choice(sorted(MUTATIONS))
        files[victim] = MUTATIONS[mutation](files[victim] or b"\n", rng)
    folder = scratch / str(number)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    try:
        kept, rejects, read = read_folder(folder, layout)
    except InputError as error:
        return f"refused: {str(error).split(': ', 1)[-1][:40]}"
    assert read == sum(kept.values()) + sum(reject.rows for reject in rejects)
    account_for(files, kept, rejects)
    return ", ".join(sorted({reject.reason for reject in rejects})) or "all kept"


def fuzz(cases: int, seed: int, first: int = 0) -> Counter[str]:
    """Run cases; return how often each outcome came. Raises AssertionError at the first fault."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        clips = recordings(scratch)
        for number in range(first, first + cases):
            try:
                outcomes[run_case(number, seed, clips, scratch)] += 1
            except Exception as error:
                again = f"python -m benchmarks.fuzz --seed {seed} --first {number} --cases 1"
                raise AssertionError(f"case {number}: {error!r}; again: {again}") from error
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    outcomes = fuzz(options.cases, options.seed, options.first)
    for outcome, count in outcomes.most_common():
        print(f"{count:6d}  {outcome}")
    print(f"{outcomes.total()} cases, no traceback, every row accounted for")


if __name__ == "__main__":
    main()
