"""Build the network that an export holds: from action units to probabilities, features inside."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from pipeline.data.features.feature_map import FeatureMap, Population
from pipeline.model.training.saving import load_model
from pipeline.prediction.exporting.contract import (
    AUS,
    OWN_CLIPS,
    OWN_MEAN,
    OWN_VARIANCE,
    PROBABILITIES,
)
from pipeline.prediction.stored_model import StoredModel

_LEAST = 1e-30  # keeps a division that is not chosen from being one by zero


def whole_network(model: StoredModel) -> keras.Model:
    """Put `FeatureMap` in front of the network; inputs and outputs by the names of the contract."""
    features = model.features
    width = len(features.columns)
    inputs = {AUS: keras.Input((width,), name=AUS)}
    if features.population:
        inputs |= {name: keras.Input((width,), name=name) for name in (OWN_MEAN, OWN_VARIANCE)}
        inputs[OWN_CLIPS] = keras.Input((1,), name=OWN_CLIPS)
    probabilities = load_model(model.network)(_made(features, inputs))
    whole = keras.Model(inputs, {PROBABILITIES: probabilities}, name="au_emotion_export")
    whole(inputs)  # Keras exports to ONNX only what was called
    return whole


def _made(features: FeatureMap, inputs: Mapping[str, Any]) -> Any:
    """Make features as `FeatureMap` does, of tensors."""
    values = ops.sqrt(inputs[AUS]) if features.square_root else inputs[AUS]
    if features.population is None:
        return values
    return _calibrated(values, inputs, features.population, features.shrink_clips)


def _calibrated(
    values: Any, own: Mapping[str, Any], people: Population, shrink_clips: float
) -> Any:
    """Give each person the mean and spread of the training people: see `feature_map.calibrated`."""
    clips = own[OWN_CLIPS]
    share = clips / ops.maximum(clips + np.float32(shrink_clips), _LEAST)
    average, spread = (part.astype(np.float32) for part in (people.mean, people.variance))
    mean = share * own[OWN_MEAN] + (1 - share) * average
    variance = share * own[OWN_VARIANCE] + (1 - share) * spread
    ratio = ops.where(variance > 0, ops.divide(spread, ops.maximum(variance, _LEAST)), 1.0)
    return (values - mean) * ops.sqrt(ratio) + average
