"""Run cases: damage a recording, read its folder, account for every row."""

import random
import tempfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.soak.fuzz.mutations import MUTATIONS
from benchmarks.soak.fuzz.recordings import lines_below_header, recordings
from pipeline.data.action_units import value_range
from pipeline.data.quarantine import Reject
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.plan import Source
from pipeline.data.reading.rows.contract import check
from pipeline.errors import InputError

NAMING = Naming(r"(?P<subject>[^_-]+)[_-].*", {})
MIN_CONFIDENCE = 0.5


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
                again = f"python -m benchmarks.soak.fuzz --seed {seed} --first {number} --cases 1"
                raise AssertionError(f"case {number}: {error!r}; again: {again}") from error
    return outcomes
