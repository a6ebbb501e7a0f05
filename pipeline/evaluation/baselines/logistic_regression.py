"""Logistic regression, one an emotion, as a yardstick for the network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.errors import InputError
from pipeline.evaluation.scoring.arrays import Floats, finite, probabilities

# Training rows that the regression is fitted to: a few dozen coefficients gain nothing from more,
# and a copy of all would not fit in memory.
MOST_ROWS = 200_000
_AT_ONCE = 1 << 16  # rows predicted at once


@dataclass(frozen=True)
class Logistic:
    """One logistic regression an emotion on standardised features.

    An emotion whose training labels are all 0 or all 1 has that number instead.
    """

    models: tuple[Any, ...]
    columns: int

    def predict(self, features: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Predict probabilities (rows, emotions) in [0, 1] from features (rows, columns).

        Raises `InputError` for values that are not finite or another number of columns.
        """
        values = finite("features", features)
        if values.shape[1] != self.columns:
            raise InputError(
                f"features have {values.shape[1]} columns; the regression was fitted on "
                f"{self.columns}. Pass the same columns in the same order."
            )
        predicted = np.empty((len(values), len(self.models)), dtype=np.float32)
        for start in range(0, len(values), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            for i, model in enumerate(self.models):
                predicted[rows, i] = _predict(model, values[rows].astype(np.float64, copy=False))
        return predicted


def fit_logistic(features: npt.ArrayLike, true: npt.ArrayLike) -> Logistic:
    """Fit features (rows, columns) to soft labels (rows, emotions) in [0, 1].

    Each row enters once as a positive with the weight y and once as a negative with 1 - y, which
    gives the cross-entropy against the soft label exactly. The penalty is scikit-learn's default
    (L2, C = 1). Raises `InputError` for values that are not finite, labels outside [0, 1] or
    arrays of different lengths.
    """
    values = finite("features", features).astype(np.float64, copy=False)
    labels = probabilities("training labels", true).astype(np.float64, copy=False).clip(0, 1)
    if len(values) != len(labels):
        raise InputError(
            f"{len(values)} rows of features were given for {len(labels)} rows of labels; "
            "pass one row of each a frame."
        )
    scaler = StandardScaler().fit(values)
    scaled = scaler.transform(values)
    models = tuple(_fit(scaler, scaled, label) for label in labels.T)
    return Logistic(models, values.shape[1])


def _fit(scaler: Any, scaled: Floats, label: Floats) -> Any:
    # Rows without weight change nothing, so hard labels do not double the work.
    positive, negative = label > 0, label < 1
    if not positive.any() or not negative.any():
        return float(label[0])
    rows = np.concatenate([scaled[positive], scaled[negative]])
    target = np.repeat([1, 0], [positive.sum(), negative.sum()])
    weight = np.concatenate([label[positive], 1 - label[negative]])
    regression = LogisticRegression(max_iter=1000).fit(rows, target, sample_weight=weight)
    return make_pipeline(scaler, regression)


def _predict(model: Any, values: Floats) -> npt.NDArray[np.float64]:
    if isinstance(model, float):
        return np.full(len(values), model)
    return np.asarray(model.predict_proba(values)[:, 1], dtype=np.float64)
