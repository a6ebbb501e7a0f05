"""Ask a model which action units it leans on, and hold the answer against the FACS prototypes.

Importance is what shuffling one column over the rows costs (Breiman, Machine Learning 45, 2001;
Fisher, Rudin & Dominici, JMLR 20, 2019): the mean rise of an emotion's binary cross-entropy, in
nats. Of columns that say the same, each can stand in for the other, and neither looks important.
Of a model that is too sure of itself on these rows shuffling takes some of that, and the loss can
fall although the ranking suffers (RAVDESS clips, "happy": AU12_c -0.01 nats, and AUROC -0.03).
A response is what the model says while one column runs through its range and the others stay at
their median.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.data.action_units import number, value_range
from pipeline.data.labels.facs_rules import Rules
from pipeline.evaluation.resampling.bootstrap import Groups, Samples, interval
from pipeline.evaluation.scoring.arrays import Floats, checked

Predict: TypeAlias = Callable[[npt.NDArray[np.float32]], Floats]

MOST_ROWS = 20_000  # so many are shuffled: columns * REPEATS predictions each
REPEATS = 5
STEPS = 11  # points of a response curve
_NEAR = 1e-7  # probabilities are kept so far from 0 and 1: a logarithm must end

IMPORTANCE = ["emotion", "column", "au", "importance", "low", "high", "share", "prototype"]
RESPONSE = ["emotion", "column", "au", "value", "predicted"]


@dataclass(frozen=True)
class Asked:
    """A model, and the rows that it is asked about.

    `predict` maps features (rows, columns) to probabilities (rows, emotions); `true` are the
    labels of the same rows, in [0, 1]; `groups` says whose rows they are.
    """

    predict: Predict
    features: npt.NDArray[np.float32]
    columns: Sequence[str]
    true: Floats
    emotions: Sequence[str]
    groups: Groups


def importance(
    asked: Asked, rules: Rules, *, seed: int, confidence: float = 0.95, repeats: int = REPEATS
) -> pd.DataFrame:
    """Measure what shuffling each column over the rows costs, one row an emotion and column.

    Columns: `emotion`, `column`, `au` (its number), `importance` (mean rise of the loss in nats,
    over the rows and the repeats), `low` and `high` (over subjects; NaN where `bootstrap.interval`
    gives none), `share` (of the sum of the emotion's rises above 0; 0 where there is none),
    `prototype` (whether the emotion's rule in `rules` has the AU; null without such a rule).
    Raises `InputError` as `arrays.checked`.
    """
    true, plain = checked(asked.true, asked.predict(asked.features), asked.emotions)
    base = cross_entropy(true, plain)
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(true)) for _ in range(repeats)]
    tables = []
    for column, name in enumerate(asked.columns):
        rise = np.zeros_like(base)
        for order in orders:
            shuffled = asked.features.copy()
            shuffled[:, column] = asked.features[order, column]
            rise += cross_entropy(true, asked.predict(shuffled)) - base
        tables.append(_rises(rise / repeats, name, asked, confidence))
    table = pd.concat(tables, ignore_index=True)
    table["share"] = _share(table)
    table["prototype"] = _prototype(table, rules)
    return _by_emotion(table, asked.emotions)[IMPORTANCE]


def cross_entropy(true: Floats, predicted: Floats) -> npt.NDArray[np.float64]:
    """Give each row's binary cross-entropy against the soft label, in nats: (rows, emotions)."""
    kept = predicted.astype(np.float64).clip(_NEAR, 1 - _NEAR)
    return np.asarray(-(true * np.log(kept) + (1 - true) * np.log1p(-kept)))


def _rises(rise: Floats, column: str, asked: Asked, confidence: float) -> pd.DataFrame:
    samples = _mean_samples(rise, asked)
    bounds = [interval(samples, confidence, emotion) for emotion in asked.emotions]
    return pd.DataFrame(
        {
            "emotion": list(asked.emotions),
            "column": column,
            "au": number(column),
            "importance": samples.point,
            "low": [bound.low for bound in bounds],
            "high": [bound.high for bound in bounds],
        }
    )


def _mean_samples(values: Floats, asked: Asked) -> Samples:
    """Average values (rows, emotions) over all rows and in each resample of subjects."""
    groups = asked.groups
    count = np.bincount(groups.of, minlength=groups.draws.shape[1])
    sums = np.stack([np.bincount(groups.of, column, len(count)) for column in values.T], axis=1)
    drawn = (groups.draws @ sums) / (groups.draws @ count)[:, np.newaxis]
    return Samples(
        metric="importance",
        emotions=tuple(asked.emotions),
        point=drawn[0],
        samples=drawn[1:],
        subjects=groups.subjects,
        seed=groups.seed,
        limits=(-np.inf, np.inf),  # a loss can fall as well, and has no highest value
    )


def _share(table: pd.DataFrame) -> "pd.Series[float]":
    rises = table["importance"].clip(lower=0)
    total = rises.groupby(table["emotion"]).transform("sum")
    return (rises / total.where(total > 0)).fillna(0.0)


def _prototype(table: pd.DataFrame, rules: Rules) -> list[bool | None]:
    pairs = zip(table["emotion"], table["au"], strict=True)
    return [int(au) in rules[emotion] if emotion in rules else None for emotion, au in pairs]


def _by_emotion(table: pd.DataFrame, emotions: Sequence[str]) -> pd.DataFrame:
    place = table["emotion"].map({emotion: i for i, emotion in enumerate(emotions)})
    return table.iloc[np.argsort(place.to_numpy(), kind="stable")].reset_index(drop=True)


def response(asked: Asked) -> pd.DataFrame:
    """Sweep each column through its range (0-5 for intensities), the others at their median.

    Columns: `emotion`, `column`, `au`, `value`, `predicted` (probability); `STEPS` rows for each
    emotion and column.
    """
    middle = np.median(asked.features, axis=0).astype(np.float32)
    tables = []
    for column, name in enumerate(asked.columns):
        values = np.linspace(*value_range(name), STEPS, dtype=np.float32)
        swept = np.tile(middle, (STEPS, 1))
        swept[:, column] = values
        wide = pd.DataFrame(asked.predict(swept), columns=list(asked.emotions))
        wide = wide.assign(column=name, au=number(name), value=values.astype(np.float64))
        tables.append(wide.melt(["column", "au", "value"], None, "emotion", "predicted"))
    table = pd.concat(tables, ignore_index=True).astype({"predicted": np.float64})
    return _by_emotion(table, asked.emotions)[RESPONSE]
