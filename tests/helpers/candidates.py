"""Record runs as the stages do, with predictions of one's own in the place of a training's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.data.features.feature_map import read_feature_map
from pipeline.evaluation.prediction_file import write_predictions
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.run import Run

EXPERIMENT = "au-emotion"
EMOTIONS = ("happiness", "sadness")
FEATURES = ("AU12_r", "AU15_r")
PEOPLE = ("T1", "T2", "T3", "T4", "T5", "T6")  # of the test split
FRAMES = 8  # a person


def labels(people: Sequence[str] = PEOPLE) -> np.ndarray:
    """Give labels (rows, emotions): each person shows each emotion in half of the frames."""
    one = np.array([[frame % 2, frame // 2 % 2] for frame in range(FRAMES)], dtype=np.float32)
    return np.tile(one, (len(people), 1))


def keys(people: Sequence[str] = PEOPLE) -> pa.Table:
    """Name the rows of these people."""
    subject = np.repeat(people, FRAMES)
    frame = np.tile(np.arange(FRAMES), len(people))
    return pa.table({"subject": subject, "clip": subject, "frame": frame})


def guesses(skill: Sequence[float], seed: int = 0, people: Sequence[str] = PEOPLE) -> np.ndarray:
    """Predict with a skill in [0, 1] an emotion: 1 is right everywhere, 0 chance."""
    true = labels(people)
    noise = np.random.default_rng(seed).random(true.shape)
    mixed = np.array(skill) * true + (1 - np.array(skill)) * noise
    return np.asarray(mixed, dtype=np.float32)


def log_candidate(
    run: Run,
    folder: Path,
    predicted: np.ndarray,
    *,
    people: Sequence[str] = PEOPLE,
    true: np.ndarray | None = None,
    table: pa.Table | None = None,
    trained_on: Sequence[str] = ("S1", "S2"),
    started_from: Sequence[str] = (),
    warnings: Mapping[str, float] | None = None,
    network: Path | None = None,
    features: Sequence[str] = FEATURES,
    emotions: Sequence[str] = EMOTIONS,
) -> None:
    """Log to a run what the gate reads of it."""
    true = labels(people) if true is None else true
    path = folder / "test_predictions.parquet"
    bounds = {"thresholds": 0.5, "positive_at": 0.5}
    write_predictions(path, table or keys(people), emotions, true, predicted, **bounds)
    run.log_file(path, "evaluation")
    found = [{"code": c, "number": n, "message": c} for c, n in (warnings or {}).items()]
    run.log_dict({"warnings": found}, "data/warnings.json")
    split = {"train": list(trained_on), "val": [], "test": sorted(set(people))}
    started = {"start": list(started_from)} if started_from else {}
    run.log_dict({**split, **started}, "data/subjects.json")
    # Below the network's threshold, at which the constant would find nothing.
    means = pd.DataFrame({"split": "train", "emotion": emotions, "mean": 0.4})
    run.log_table(means, "labels/distribution")
    if network is None:
        network = folder / "model.keras"
        network.write_bytes(predicted.tobytes())  # the registry asks that it is there, no more
    example = pd.DataFrame(0.0, [0], list(features))
    run.log_model(network, read_feature_map(features), emotions, example, 0)
    run.set_tags({"mlflow.note.content": "It beats every baseline."})


def make_candidate(folder: Path, predicted: np.ndarray, **options: Any) -> str:
    """Record a run of a model that predicts this; return the run's key."""
    folder.mkdir(parents=True, exist_ok=True)
    with training_run(EXPERIMENT, "train", {}, {}) as run:
        log_candidate(run, folder, predicted, **options)
    return run.key
