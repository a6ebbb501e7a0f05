"""Predict the rows of a frame table with the trained network and with its baselines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.data.frames import as_matrix, au_columns
from pipeline.data.labels import facs_rules
from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.model.inference.model_file import open_network
from pipeline.settings import paths
from pipeline.settings.schema import Params


def score_by_rules(frames: Path, settings: Params) -> pd.DataFrame:
    """Score all rows by the labelling rules without the valence gate, a column an emotion.

    Raises `InputError` where the data lacks an action unit of the rules.
    """
    rules = settings.label.weights
    needed = facs_rules.rule_columns(rules, au_columns(frames, AU_COLUMNS))
    table = pq.read_table(frames, columns=needed)
    columns = {name: table[name].to_numpy() for name in needed}
    scores = facs_rules.rule_scores(columns, rules, settings.chosen.divisors)
    return pd.DataFrame(scores, columns=list(rules))


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


def check_features(frames: Path, made: Mapping[str, Any], account: Mapping[str, Any]) -> None:
    """Raise `InputError` where the set lacks an AU column that the model takes."""
    present = au_columns(frames, AU_COLUMNS)
    if lacking := [name for name in made["features"] if name not in present]:
        raise InputError(
            f"the model takes {', '.join(lacking)}, which this set, written by "
            f"{account['extractor']}, lacks; it has {', '.join(present)}. Extract it as the "
            "training data was."
        )


def predict_set(frames: Path, made: Mapping[str, Any], settings: Params) -> dict[str, Floats]:
    """Predict the rows of a set by network and, where it knows all emotions, by rule."""
    how = read_feature_map(made["feature_map"])
    features = make_features(pq.read_table(frames, columns=columns_for(how)), how)
    predicted = {baselines.NETWORK: open_network(paths.MODEL)(features)}
    if set(made["emotions"]) <= set(settings.label.rules):
        rule = score_by_rules(frames, settings)
        predicted[baselines.RULE] = rule[made["emotions"]].to_numpy()
    return predicted
