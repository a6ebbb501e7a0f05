"""A model in a folder, as another training starts from it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from exportable import steep

from pipeline.data.features.feature_map import FeatureMap, read_feature_map

AUS = ("AU06_r", "AU12_r", "AU04_r")
EMOTIONS = ("happiness", "sadness")
CHOSEN = {
    "recipes.improved.hidden": [8, 4],
    "recipes.improved.batch_norm": True,
    "features.square_root": False,
    "features.calibrate": "none",
}


def rows_of(columns: Sequence[str], rows: int = 100) -> np.ndarray:
    """Give rows (rows, columns) in which each column has values of its own."""
    drawn = [np.random.default_rng(int(name[2:4])).random(rows) for name in columns]
    return (np.stack(drawn, axis=1) * 5).astype(np.float32)


def save_start(
    folder: Path,
    columns: Sequence[str] = AUS,
    emotions: Sequence[str] = EMOTIONS,
    *,
    members: int = 1,
    batch_norm: bool = True,
    rows: np.ndarray | None = None,
    features: FeatureMap | None = None,
) -> Any:
    """Save a model with its run.json; return what was trained: (rows, members * emotions)."""
    from pipeline.model.training.members import build_members
    from pipeline.model.training.network import build, standardise
    from pipeline.model.training.saving import save_model

    seen = rows_of(columns) if rows is None else rows
    how: dict[str, Any] = {"hidden": (8, 4), "dropout": (0.1, 0.1), "batch_norm": batch_norm}
    if members == 1:
        trained = kept = build(seen, len(emotions), **how)
    else:
        sizes = len(columns), len(emotions)
        trained, kept = build_members(standardise(seen), *sizes, members=members, **how)
    steep(trained)
    save_model(kept, folder / "model.keras")
    features = features or read_feature_map(columns)
    told = {"feature_map": features.lay_out(), "emotions": list(emotions)}
    (folder / "run.json").write_text(json.dumps(told))
    return trained
