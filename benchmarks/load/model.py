"""Make a model of the default recipe's shape, with weights that were drawn, not trained."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.data.action_units import OPENFACE_COLUMNS, value_range
from pipeline.data.features.feature_map import FeatureMap, fit_feature_map

HIDDEN, DROPOUT = (256, 128, 64), (0.4, 0.3, 0.2)
EMOTIONS = ("happiness", "anger", "sadness", "guilt", "fear", "anxiety")
EXPERIMENT = "au-emotion"


def draw_frames(rows: int, columns: Sequence[str], seed: int = 0) -> np.ndarray:
    """Draw AUs (rows, columns) with two decimals, half of them 0."""
    random = np.random.default_rng(seed)
    high = np.array([value_range(name)[1] for name in columns])
    values = random.random((rows, len(columns))) * high
    values[random.random(values.shape) < 0.5] = 0
    found = np.where(high == 1, values > 0, values).round(2)
    return np.asarray(found, dtype=np.float32)


def features_for(columns: Sequence[str], *, calibrate: bool) -> FeatureMap:
    """Learn square roots, and people's levels where asked for, from 20 people of 10 clips."""
    subject, clip, _ = (index.ravel() for index in np.indices((20, 10, 5)))
    values = draw_frames(len(subject), columns)
    return fit_feature_map(
        tuple(columns), values, subject, clip, square_root=True, calibrate=calibrate, shrink_clips=5
    )


def save_model(
    folder: Path, columns: Sequence[str] = OPENFACE_COLUMNS, *, calibrate: bool = False
) -> Path:
    """Save `model.keras`, with the contract.json and thresholds.json that it needs beside it."""
    from pipeline.model.training import saving
    from pipeline.model.training.network import build, drawn_from

    features = features_for(columns, calibrate=calibrate)
    rows = features.of_nobody(draw_frames(1000, columns))
    with drawn_from(1):
        network = build(rows, len(EMOTIONS), hidden=HIDDEN, dropout=DROPOUT, batch_norm=True)
    path = folder / "model.keras"
    saving.save_model(network, path)
    told = {"feature_map": features.lay_out(), "emotions": EMOTIONS}
    (folder / "contract.json").write_text(json.dumps(told))
    tuned = {"thresholds": {"network": dict.fromkeys(EMOTIONS, 0.5)}}
    (folder / "thresholds.json").write_text(json.dumps(tuned))
    return path


def log_model(folder: Path, *, calibrate: bool = False) -> str:
    """Save a model and log it with a run of the store in use; give its address."""
    import pandas as pd

    from pipeline.tracking.open_runs import training_run
    from pipeline.tracking.outbox.courier import open_store
    from pipeline.tracking.store.logged_model import model_of

    path = save_model(folder, calibrate=calibrate)
    features = features_for(OPENFACE_COLUMNS, calibrate=calibrate)
    example = pd.DataFrame(draw_frames(5, OPENFACE_COLUMNS), columns=list(OPENFACE_COLUMNS))
    with training_run(EXPERIMENT, "drawn", {}, {}) as run:
        run.log_model(path, features, EMOTIONS, example, step=1)
        run.log_thresholds(path.with_name("thresholds.json"))
    client, _ = open_store(EXPERIMENT)
    assert run.id is not None
    return f"models:/{model_of(client, run.id)}"
