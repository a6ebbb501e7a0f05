"""Measure what tracking costs: beside an epoch, and beside a whole training without it.

Run as `python -m benchmarks.speed.tracking`. 100,000 frames, ten epochs. The same training runs
with a run that is recorded in MLflow, and with one that forgets all; start-up is in both.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Record, by_turns, in_own_process, options_of, ratio, tell

if TYPE_CHECKING:
    from pipeline.model.training.fit import OnEpoch, Trained
    from pipeline.tracking.run import Run

MODEL, FEATURES = "model.keras", 12
EMOTIONS = ("happiness", "anger", "sadness", "guilt", "fear", "anxiety")
Array = NDArray[np.float32]


def train(*, tracked: bool, frames: int, epochs: int) -> dict[str, float]:
    """Train as the stage does, from its imports to the end of its run; return seconds."""
    begin = time.perf_counter()
    logging: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if tracked:
            from pipeline.tracking.open_runs import training_run

            with training_run("benchmark", "r", {"seed": 1}, {}) as run:
                trained = fit_drawn(frames, epochs, folder, partial(log_epoch, run, logging))
                log_model(run, folder, trained.best_epoch)
        else:
            fit_drawn(frames, epochs, folder, lambda *_: None)
    return {"seconds": time.perf_counter() - begin, "logging": sum(logging) / epochs}


def fit_drawn(frames: int, epochs: int, folder: Path, log: "OnEpoch") -> "Trained":
    """Train on so many drawn frames, and save the model in the folder."""
    from pipeline.evaluation.scoring.emotion_scores import epoch_scores
    from pipeline.model.training.fit import Data, Settings, fit
    from pipeline.model.training.saving import save_model

    settings = Settings(
        seed=1,
        hidden=(256, 128, 64),
        dropout=(0.4, 0.3, 0.2),
        batch_norm=True,
        weights=[1.0] * len(EMOTIONS),
        weight_mode="emotion",
        learning_rate=0.001,
        batch_size=256,
        epochs=epochs,
        early_stopping_patience=None,
        lr_patience=None,
        lr_factor=0.5,
        lr_lowest=1e-6,
    )
    score = partial(epoch_scores, emotions=EMOTIONS, positive_at=0.5, threshold=0.5)
    trained = fit(Data(draw(frames, 1), draw(frames // 5, 2)), settings, score, log, folder)
    save_model(trained.model, folder / MODEL)
    return trained


def draw(frames: int, seed: int) -> tuple[Array, Array]:
    """Draw action units (frames, 12) and labels (frames, 6)."""
    random = np.random.default_rng(seed)
    features = (random.random((frames, FEATURES)) * 5).astype(np.float32)
    return features, (random.random((frames, len(EMOTIONS))) < 0.3).astype(np.float32)


def log_epoch(
    run: "Run", taken: list[float], measured: dict[str, float], kept: dict[str, float]
) -> None:
    """Log an epoch as the stage does, and add the seconds that it takes."""
    from pipeline.evaluation.scoring.metric_names import of_epoch

    begin = time.perf_counter()
    run.log_metrics(of_epoch(measured, kept), int(measured["epoch"]))
    taken.append(time.perf_counter() - begin)


def log_model(run: "Run", folder: Path, epoch: int) -> None:
    """Log the saved model with an example."""
    import pandas as pd

    from pipeline.data.action_units import INTENSITIES
    from pipeline.data.features.feature_map import read_feature_map

    names = list(INTENSITIES[:FEATURES])
    example = pd.DataFrame(draw(5, 1)[0], columns=names)
    run.log_model(folder / MODEL, read_feature_map(names), EMOTIONS, example, epoch)


def measure(folder: str, tracked: str, sizes: Sequence[str]) -> dict[str, float]:
    """Train in a process of its own, with a store in the folder."""
    module = "benchmarks.speed.tracking"
    found: dict[str, float] = in_own_process(module, "--train", tracked, *sizes, DVC_ROOT=folder)
    return found


def compare(frames: int, epochs: int, rounds: int) -> Iterator[Record]:
    """Train with and without tracking, by turns."""
    sizes = (f"--frames={frames}", f"--epochs={epochs}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        # A database is migrated once in its life, which takes some seconds.
        measure(folder, "tracked", ("--frames=100", "--epochs=1"))
        names = ("tracked", "untracked")
        runs = by_turns({name: partial(measure, folder, name, sizes) for name in names}, rounds)
    seconds = {name: [one["seconds"] for one in found] for name, found in runs.items()}
    logging = [one["logging"] for one in runs["tracked"]]
    case = f"{frames:,} frames, {epochs} epochs"
    for name in names:
        yield Record(case, name, "s", seconds[name])
    yield ratio(case, "tracked / untracked", seconds["tracked"], seconds["untracked"])
    yield Record(case, "logging an epoch", "ms", [one * 1000 for one in logging])
    epoch = [one / epochs for one in seconds["untracked"]]
    yield ratio(case, "logging / epoch", logging, epoch)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--train", choices=("tracked", "untracked"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        sizes = {"frames": options.frames, "epochs": options.epochs}
        print(json.dumps(train(tracked=options.train == "tracked", **sizes)))
        return
    tell(compare(options.frames, options.epochs, options.rounds), options.json)


if __name__ == "__main__":
    main()
