"""A model of three action units and two emotions, in the place of a trained one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.data.features.feature_map import FeatureMap, fit_feature_map, read_feature_map
from pipeline.data.frames import word_type
from pipeline.data.quarantine import REASONS
from pipeline.prediction.stored_model import StoredModel

COLUMNS = ("AU06_r", "AU12_r", "AU06_c")
EMOTIONS = ("happiness", "sadness")


def linear(features: np.ndarray) -> np.ndarray:
    """Stand for a network: happiness rises with AU12, sadness falls with it."""
    share = np.clip(features[:, 1:2] / 5, 0, 1)
    return np.hstack([share, 1 - share]).astype(np.float32)


def calibrating() -> FeatureMap:
    """Give features that take people's own levels out, learned from six people of eight clips."""
    random = np.random.default_rng(3)
    subject, clip = (index.ravel() for index in np.indices((6, 8)))
    values = random.random((48, 3)) * [4, 3, 1]
    how: dict[str, Any] = {"square_root": True, "calibrate": True, "shrink_clips": 5.0}
    return fit_feature_map(COLUMNS, values, subject, clip, **how)


def plain() -> FeatureMap:
    """Give features that are the action units as they are."""
    return read_feature_map(COLUMNS)


def small_model(features: FeatureMap | None = None, **options: Any) -> StoredModel:
    """Give a model whose network does not exist."""
    given = {
        "name": "the small model",
        "network": Path("model.keras"),
        "features": features or plain(),
        "emotions": EMOTIONS,
        "thresholds": {"happiness": 0.4, "sadness": 0.7},
        "profile": None,
    }
    return StoredModel(**{**given, **options})


def frames_of(people: Sequence[str], clips: int, frames: int, seed: int = 0) -> pa.Table:
    """Make frames of so many clips a person, in the order of a frame table."""
    random = np.random.default_rng(seed)
    subject, clip, frame = (i.ravel() for i in np.indices((len(people), clips, frames)))
    subjects = [people[i] for i in subject]
    keys = [subjects, [f"{people[s]}_{c}" for s, c in zip(subject, clip, strict=True)]]
    values = random.random((len(subject), len(COLUMNS))) * [5, 5, 1]
    columns = dict(zip(COLUMNS, values.astype(np.float32).T, strict=True))
    words = [pa.array(column).cast(word_type()) for column in keys]
    return pa.table({"subject": words[0], "clip": words[1], "frame": frame + 1, **columns})


def account(read: int, kept: int) -> dict[str, Any]:
    """Give what reading would tell of it, all that is lost for one reason."""
    lost = read - kept
    assert "out_of_range" in REASONS
    return {
        "files": 1,
        "files_quarantined": 0,
        "rows_read": read,
        "rows_kept": kept,
        "rows_quarantined": lost,
        "quarantined_by_reason": {"out_of_range": lost} if lost else {},
        "notes": ["a note"],
        "warnings": [],
    }
