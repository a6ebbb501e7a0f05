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
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.load import clients
from benchmarks.load.bodies import CSV, JSON, PARQUET, Body, Malformed, as_csv, as_json, make
from benchmarks.load.clients import Check, crowd, one_by_one, problem
from benchmarks.load.model import EMOTIONS, draw_frames, log_model
from benchmarks.measuring import Record, options_of, tell
from pipeline.data.action_units import OPENFACE_COLUMNS

MOST_MB = 1  # that a body may hold
TOLERANCE = 1e-5
WRONG = "wrong or none"
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
) -> Iterator[Record]:
    """Let the clients ask; record what they met, and print some errors."""
    asyncio.run(crowd(address, min(options.clients, 10), 1, sound))  # the first calls allocate
    before, used = clients.resident(pid), clients.processor(pid)
    asked = asyncio.run(crowd(address, options.clients, options.seconds, sound))
    if not asked.seconds:
        raise SystemExit(f"no request was answered: {asked.errors[:3]}")
    print(*asked.errors[:5], sep="\n", end="\n" * bool(asked.errors))
    middle, late = np.quantile(asked.seconds, [0.5, 0.99]) * 1000
    answers = len(asked.seconds)
    found = {
        ("right answers", ""): answers,
        (WRONG, ""): len(asked.errors),
        ("right answers a second", ""): answers / options.seconds,
        ("processor time each", "ms"): (clients.processor(pid) - used) / answers * 1000,
        ("p50", "ms"): middle,
        ("p99", "ms"): late,
        ("memory before", "MB"): before,
        ("memory after", "MB"): clients.resident(pid),
    }
    case = f"{options.clients} clients for {options.seconds:g} s"
    return (Record(case, *names, [float(value)]) for names, value in found.items())


def refuse(address: str, pid: int, number: int) -> Iterator[Record]:
    """Send malformed bodies; record how many were refused in a line, and print some others."""
    rows = draw_frames(3, COLUMNS).astype(float).round(2).tolist()
    before = clients.resident(pid)
    drawn = Malformed(COLUMNS, rows, MOST_MB * 1_000_000).draw(number)
    found = asyncio.run(one_by_one(address, drawn))
    bad = [told for told in map(problem, found) if told]
    print(*bad[:5], sep="\n", end="\n" * bool(bad))
    case = f"{number} malformed bodies of {len({one.what for one in found})} kinds"
    yield Record(case, "refused in a line", "", [number - len(bad)])
    yield Record(case, WRONG, "", [len(bad)])
    yield Record(case, "memory before", "MB", [before])
    yield Record(case, "memory after", "MB", [clients.resident(pid)])


def measured(folder: Path, options: argparse.Namespace) -> Iterator[Record]:
    """Log a model with the store in use, serve it and ask."""
    address = log_model(folder)
    sound = sound_bodies(address)
    with clients.started([address, "--port=0", f"--most-mb={MOST_MB}"], ROOT) as (at, pid):
        yield from load(at, pid, sound, options)
        yield from refuse(at, pid, options.bodies)
        still = asyncio.run(crowd(at, 1, 1, sound))
        yield Record("a client after that", WRONG, "", [len(still.errors)])


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bodies", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["DVC_ROOT"] = name  # a store of its own
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        told = tell(measured(Path(name), options), options.json)
    raise SystemExit(any(sum(one.rounds) for one in told if one.measure == WRONG))


if __name__ == "__main__":
    main()
