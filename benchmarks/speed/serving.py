"""Load the service with clients, then with malformed bodies; nothing may fail, nor memory grow.

Run as `python -m benchmarks.speed.serving`. `python -m pipeline serve` answers on a free port of
this machine for a model of the default recipe's shape, whose weights were drawn. Clients send a row
as JSON, a second of video as CSV and ten as Parquet in turn; each answer is held to what the model
gives in this process. Exit code 1 where one is wrong, or a malformed body is not refused in a line.
"""

import argparse
import asyncio
import io
import json
import os
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.load import clients
from benchmarks.load.bodies import CSV, JSON, PARQUET, Body, Malformed, as_csv, as_json, make
from benchmarks.load.clients import Check, crowd, one_by_one, problem
from benchmarks.load.model import EMOTIONS, draw_frames, log_model
from pipeline.data.action_units import OPENFACE_COLUMNS

MOST_MB = 1  # that a body may hold
TOLERANCE = 1e-5
COLUMNS = list(OPENFACE_COLUMNS)


def sound_bodies(address: str) -> list[tuple[Body, Check]]:
    """Make bodies, and tell for each whether an answer is right."""
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(address)
    found = []
    for rows, kind in ((1, JSON), (30, CSV), (300, PARQUET)):
        frames = pd.DataFrame(draw_frames(rows, COLUMNS, seed=rows), columns=COLUMNS)
        expected = model.predict(frames)[list(EMOTIONS)].to_numpy()
        found.append((make(f"{rows} rows", written(frames, kind), kind), held_to(expected)))
    return found


def written(frames: pd.DataFrame, kind: str) -> str | bytes:
    """Write frames as a body of a kind."""
    if kind == PARQUET:
        file = io.BytesIO()
        frames.to_parquet(file)
        return file.getvalue()
    rows = frames.to_numpy(float).round(2).tolist()
    return as_csv(COLUMNS, rows) if kind == CSV else as_json(COLUMNS, rows)


def held_to(expected: np.ndarray) -> Check:
    """Give a function that tells whether an answer holds these probabilities."""

    def is_right(text: bytes) -> bool:
        given = json.loads(text)["predictions"]
        found = np.array([[row[name] for name in EMOTIONS] for row in given])
        return found.shape == expected.shape and bool(np.abs(found - expected).max() <= TOLERANCE)

    return is_right


def load(
    address: str, pid: int, sound: list[tuple[Body, Check]], options: argparse.Namespace
) -> int:
    """Let the clients ask; print what they met and give the number of errors."""
    asyncio.run(crowd(address, min(options.clients, 10), 1, sound))  # the first calls allocate
    before, used = clients.resident(pid), clients.processor(pid)
    asked = asyncio.run(crowd(address, options.clients, options.seconds, sound))
    if not asked.seconds:
        raise SystemExit(f"no request was answered: {asked.errors[:3]}")
    middle, late = np.quantile(asked.seconds, [0.5, 0.99]) * 1000
    rate = len(asked.seconds) / options.seconds
    each = (clients.processor(pid) - used) / len(asked.seconds) * 1000
    print(
        f"{options.clients} clients for {options.seconds:g} s: {len(asked.seconds):,} right "
        f"answers ({rate:.0f} a second, {each:.1f} ms of processor time each), "
        f"{len(asked.errors)} errors; p50 {middle:.0f} ms, p99 {late:.0f} ms; memory "
        f"{before:.0f} MB at the start, {clients.resident(pid):.0f} MB at the end",
        flush=True,
    )
    print(*asked.errors[:5], sep="\n", end="\n" * bool(asked.errors))
    return len(asked.errors)


def refuse(address: str, pid: int, number: int) -> int:
    """Send malformed bodies; print what came back and give how many were not refused well."""
    rows = draw_frames(3, COLUMNS).astype(float).round(2).tolist()
    drawn = Malformed(COLUMNS, rows, MOST_MB * 1_000_000).draw(number)
    found = asyncio.run(one_by_one(address, drawn))
    bad = [told for told in map(problem, found) if told]
    statuses = sorted(Counter(one.status for one in found).items())
    counts = ", ".join(f"{status}: {times}" for status, times in statuses)
    print(
        f"{number} malformed bodies of {len({a.what for a in found})} kinds: status {counts}; "
        f"{len(bad)} not refused in a line; memory {clients.resident(pid):.0f} MB"
    )
    print(*bad[:5], sep="\n", end="\n" * bool(bad))
    return len(bad)


def measure(folder: Path, options: argparse.Namespace) -> int:
    """Log a model with the store in use, serve it and ask; give how many answers were wrong."""
    address = log_model(folder)
    sound = sound_bodies(address)
    with clients.started([address, "--port=0", f"--most-mb={MOST_MB}"], ROOT) as (at, pid):
        wrong = load(at, pid, sound, options)
        wrong += refuse(at, pid, options.bodies)
        return wrong + len(asyncio.run(crowd(at, 1, 1, sound)).errors)  # it still answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bodies", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["DVC_ROOT"] = name  # a store of its own
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        wrong = measure(Path(name), options)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
