"""Make features of the rows of a frame table."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.frames import as_matrix, codes_of

KEYS = ("subject", "clip")  # by which people and their clips are known


def columns_for(features: FeatureMap) -> list[str]:
    """List the columns of the frame table from which features are made."""
    return [*(KEYS if features.population else ()), *features.columns]


def make_features(frames: pa.Table, features: FeatureMap) -> NDArray[np.float32]:
    """Make the features (rows, columns) of a table that has all rows of its people."""
    values = as_matrix(frames, features.columns)
    if features.population is None:
        return features.of_nobody(values)
    people, clips = (codes_of(frames[name])[0] for name in KEYS)
    return features(values, people, clips)
