"""Predict the rows of a frame table with the trained network and with the labelling rules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.features.frame_features import columns_for, make_features
from pipeline.data.frames import au_columns
from pipeline.data.labels import facs_rules
from pipeline.errors import InputError
from pipeline.evaluation import baselines
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
