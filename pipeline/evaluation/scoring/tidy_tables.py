"""Lay out predictions and scores as tidy frames; an undefined number is NaN there."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.scoring.arrays import checked, reach
from pipeline.evaluation.scoring.confusion import Counts, count
from pipeline.evaluation.scoring.metrics import Scores


def mean_predictions(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    split: str,
    positive_at: float,
) -> pd.DataFrame:
    """Compare what is predicted on average with what is labelled, one row an emotion.

    Columns: `split`, `emotion`, `mean_predicted`, `mean_true`, `difference` (predicted - true),
    `share_predicted_above` and `share_true_above` (shares of rows of at least `positive_at`).
    Arrays are (rows, emotions) in [0, 1]. Raises `InputError` as `arrays.checked`.
    """
    true, predicted = checked(true, predicted, emotions)
    mean_predicted = predicted.mean(axis=0, dtype=np.float64)
    mean_true = true.mean(axis=0, dtype=np.float64)
    return pd.DataFrame(
        {
            "split": split,
            "emotion": list(emotions),
            "mean_predicted": mean_predicted,
            "mean_true": mean_true,
            "difference": mean_predicted - mean_true,
            "share_predicted_above": reach(predicted, positive_at).mean(axis=0),
            "share_true_above": reach(true, positive_at).mean(axis=0),
        }
    )


def confusion(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
) -> pd.DataFrame:
    """Count each emotion's confusion matrix: `emotion`, `tp`, `fp`, `fn`, `tn`.

    Arrays are (rows, emotions) in [0, 1], `thresholds` one number or one an emotion.
    Raises `InputError` as `arrays.checked`.
    """
    true, predicted = checked(true, predicted, emotions)
    cells = count(reach(true, positive_at), reach(predicted, thresholds))
    return pd.DataFrame({"emotion": list(emotions)} | dict(zip(Counts._fields, cells, strict=True)))


def metrics_table(scores: Mapping[str, Scores]) -> pd.DataFrame:
    """List every number of every model: `model`, `scope`, `emotion`, `metric`, `value`.

    `scope` is overall, macro or emotion; `emotion` is null in the first two.
    """
    lines = [
        (model, scope, emotion, metric, value)
        for model, found in scores.items()
        for scope, emotion, numbers in _scopes(found)
        for metric, value in numbers.items()
    ]
    table = pd.DataFrame(lines, columns=["model", "scope", "emotion", "metric", "value"])
    return table.astype({"value": np.float64})


def _scopes(found: Scores) -> list[tuple[str, str | None, dict[str, float | None]]]:
    return [
        ("overall", None, found["overall"]),
        ("macro", None, found["macro"]),
        *(("emotion", name, numbers) for name, numbers in found["emotion"].items()),
    ]
