"""Measure what tracking costs: beside an epoch, and beside a whole training without it.

Run as `python -m benchmarks.speed.tracking`. 100,000 frames, ten epochs. The same training runs
with a run that is recorded in MLflow, and with one that forgets all; start-up is in both.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import ROOT

EMOTIONS = ("happiness", "anger", "sadness", "guilt", "fear", "anxiety")


def train(*, tracked: bool, frames: int, epochs: int) -> dict[str, float]:
    """Train as the stage does, from its imports to the end of its run; return seconds."""
    begin = time.perf_counter()
    from functools import partial

    from pipeline.data.action_units import INTENSITIES
    from pipeline.data.features.feature_map import read_feature_map
    from pipeline.evaluation.scoring.emotion_scores import epoch_scores
    from pipeline.evaluation.scoring.metric_names import of_epoch
    from pipeline.model.training.fit import Data, Settings, fit
    from pipeline.model.training.saving import save_model
    from pipeline.tracking.open_runs import training_run

    rng = np.random.default_rng(1)
    validation = frames // 5
    features = (rng.random((frames + validation, 12)) * 5).astype(np.float32)
    labels = (rng.random((len(features), len(EMOTIONS))) < 0.3).astype(np.float32)
    data = Data(
        (features[validation:], labels[validation:]), (features[:validation], labels[:validation])
    )
    settings = Settings(
        seed=1,
        hidden=(256, 128, 64),
        dropout=(0.3, 0.3, 0.2),
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
    logging: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.keras"
        if tracked:
            import pandas as pd

            with training_run("benchmark", "r", {"seed": 1}, {}) as run:

                def log_epoch(measured: dict[str, float], kept: dict[str, float]) -> None:
                    start = time.perf_counter()
                    run.log_metrics(of_epoch(measured, kept), int(measured["epoch"]))
                    logging.append(time.perf_counter() - start)

                trained = fit(data, settings, score, log_epoch, Path(folder))
                save_model(trained.model, model)
                names = list(INTENSITIES[: features.shape[1]])
                example = pd.DataFrame(features[:5], columns=names)
                run.log_model(model, read_feature_map(names), EMOTIONS, example, trained.best_epoch)
        else:
            trained = fit(data, settings, score, lambda *_: None, Path(folder))
            save_model(trained.model, model)
    return {"seconds": time.perf_counter() - begin, "logging": sum(logging) / epochs}


def python(folder: str, *arguments: str) -> str:
    """Run Python in a folder that holds the store; return what it prints."""
    own = os.environ | {"PYTHONPATH": str(ROOT), "DVC_ROOT": folder}
    own.pop("MLFLOW_TRACKING_URI", None)
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=own, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def measure(folder: str, tracked: str, frames: int, epochs: int) -> dict[str, float]:
    """Train in a process of its own."""
    sizes = ("--frames", str(frames), "--epochs", str(epochs))
    output = python(folder, "-m", "benchmarks.speed.tracking", "--train", tracked, *sizes)
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--train", choices=("tracked", "untracked"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = {"frames": options.frames, "epochs": options.epochs}
    if options.train:
        print(json.dumps(train(tracked=options.train == "tracked", **sizes)))
        return
    with tempfile.TemporaryDirectory() as folder:
        # A database is migrated once in its life, which takes some seconds.
        python(
            folder,
            "-c",
            "from pipeline.tracking.store.connection import connect; connect('benchmark')",
        )
        names = ("tracked", "untracked")
        found = [
            {name: measure(folder, name, **sizes) for name in names} for _ in range(options.rounds)
        ]
    with_it, without = (
        min(one[name]["seconds"] for one in found) for name in ("tracked", "untracked")
    )
    logging = min(one["tracked"]["logging"] for one in found)
    epoch = without / options.epochs
    print(
        f"{options.frames} frames, {options.epochs} epochs: {with_it:.1f} s with tracking, "
        f"{without:.1f} s without"
    )
    print(f"with / without: {with_it / without:.3f}")
    print(f"logging an epoch: {logging * 1000:.2f} ms, {logging / epoch:.2%} of an epoch")


if __name__ == "__main__":
    main()
