"""Predict every frame of the training data with the network and with its baselines."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.data.frames import as_matrix
from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.model.inference.model_file import open_network
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.stages.steps.predicting import score_by_rules


def rule_baseline(settings: Params) -> pd.DataFrame | None:
    """Score all frames as `score_by_rules`; None where the data lacks an AU of the rules."""
    try:
        return score_by_rules(paths.FRAMES, settings)
    except InputError:  # labels came from people, and the rules need what the data lacks
        return None


def predict_all(
    made: Mapping[str, Any],
    true: Floats,
    train: NDArray[np.bool_],
    rule: pd.DataFrame | None,
    seed: int,
) -> dict[str, Floats]:
    """Predict every row with the network and each baseline; baselines learn from `train` alone.

    The rule is no baseline where it does not know all emotions. Of very many training rows the
    regression learns from a sample that `seed` decides. Where features are calibrated, both stand
    there without that as well.
    """
    from pipeline.evaluation.baselines.logistic_regression import (  # loads slowly
        MOST_ROWS,
        fit_logistic,
    )

    how = read_feature_map(made["feature_map"])
    frames = pq.read_table(paths.FRAMES, columns=columns_for(how))
    features = make_features(frames, how)
    learnt = draw_rows(train, seed, MOST_ROWS)
    if len(learnt) < (total := int(train.sum())):
        print(f"{baselines.LOGISTIC}: fitted to a sample of {len(learnt)} of {total} training rows")
    network = open_network(paths.MODEL)

    def regress(features: NDArray[np.float32]) -> Floats:
        return fit_logistic(features[learnt], true[learnt]).predict(features)

    predicted: dict[str, Floats] = {
        baselines.NETWORK: network(features),
        baselines.CONSTANT: training_mean(true[train], len(true)),
        baselines.LOGISTIC: regress(features),
    }
    if how.population:
        plain = how.of_nobody(as_matrix(frames, how.columns))
        predicted[baselines.UNKNOWN_PEOPLE] = network(plain)
        predicted[baselines.UNCALIBRATED] = regress(plain)
    if rule is not None and set(made["emotions"]) <= set(rule.columns):
        predicted[baselines.RULE] = rule[made["emotions"]].to_numpy()
    return predicted
