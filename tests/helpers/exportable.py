"""A network of the project's own building with two kinds of features, as a stored model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from small_model import COLUMNS, EMOTIONS, calibrating, plain, small_model

from pipeline.data.action_units import value_range
from pipeline.data.features.feature_map import FeatureMap, read_feature_map
from pipeline.prediction.stored_model import StoredModel

HIGHEST = [value_range(name)[1] for name in COLUMNS]


def rooted() -> FeatureMap:
    """Give features that are square roots of action units."""
    return read_feature_map({**plain().lay_out(), "square_root": True})


KINDS = {"plain": plain, "rooted": rooted, "calibrated": calibrating}


def steep(network: Any) -> None:
    """Give a network weights that make its probabilities differ, as training would."""
    random = np.random.default_rng(5)
    for weight in network.weights:
        drawn = random.normal(0, 1, weight.shape)
        weight.assign(abs(drawn) + 0.5 if weight.name in ("gamma", "moving_variance") else drawn)


def save_network(folder: Path, features: FeatureMap, members: int = 1) -> StoredModel:
    """Save a network of the project, of one or several members, with its contract beside it."""
    from pipeline.model.training.members import build_members
    from pipeline.model.training.network import build, standardise
    from pipeline.model.training.saving import save_model

    rows = (np.random.default_rng(2).random((100, 3)) * HIGHEST).astype(np.float32)
    made = features.of_nobody(rows)
    how: dict[str, Any] = {"hidden": (8, 4), "dropout": (0.1, 0.1), "batch_norm": True}
    if members == 1:
        network = build(made, len(EMOTIONS), **how)
    else:
        layer = standardise(made)
        network = build_members(layer, 3, len(EMOTIONS), members=members, **how)[1]
    steep(network)
    save_model(network, folder / "model.keras")
    told = {"feature_map": features.lay_out(), "emotions": EMOTIONS}
    (folder / "contract.json").write_text(json.dumps(told))
    return small_model(features, network=folder / "model.keras")
