"""A small set of frames and labels, as prepare and label leave them, and quick settings."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from throwaway import PARAMS

from pipeline.settings import paths

EMOTIONS = ("anger", "joy", "sadness")
QUICK = {
    "label.source": "human",
    "evaluate.primary": "clip_accuracy",
    "evaluate.resamples": 100,
    "recipe.hidden": [4],
    "recipe.dropout": [0.1],
    "recipe.batch_norm": False,
    "recipe.epochs": 1,
}


def write_world(folder: Path, people: int = 8, shown: float = 3.0, seed: int = 0) -> np.ndarray:
    """Write people of six clips each; an emotion shows in its action unit as much as `shown`.

    Return the labels (rows, emotions).
    """
    shutil.copy(PARAMS, folder)
    random = np.random.default_rng(seed)
    clips = np.arange(people * 6)
    category = random.permutation(np.tile(np.arange(3), people * 2))
    labels = np.eye(3, dtype=np.float32)[category]
    aus = np.clip(random.random((len(clips), 3)) + shown * labels, 0, 5).astype(np.float32)
    names = [f"p{clip // 6:02}" for clip in clips]
    columns: dict[str, Any] = {"subject": names, "clip": [f"c{clip}" for clip in clips]}
    columns |= dict(zip(("AU04_r", "AU12_r", "AU15_r"), aus.T, strict=True))
    columns |= {"valence_class": ["M"] * len(clips), "valence": np.zeros(len(clips))}
    columns |= {"emotion": np.array(EMOTIONS)[category], "split": ["train"] * len(clips)}
    keys = ("subject", "clip", "valence_class", "emotion", "split")
    words = {name: pa.array(columns[name]).dictionary_encode() for name in keys}
    tables = {
        paths.FRAMES: pa.table(columns | words),
        paths.LABELS: pa.table(list(labels.T), names=list(EMOTIONS)),
    }
    for path, table in tables.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / path)
    return np.asarray(labels)
