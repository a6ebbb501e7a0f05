"""Trace ROC, precision-recall and reliability curves as small tables, ready to plot.

Emotions without positives or without negatives have no ROC or precision-recall curve and no
rows. Curves are thinned to at most `MOST_POINTS`, evenly along their length.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.scoring.arrays import Bools, Floats, checked, reach

MOST_POINTS = 200
BINS = 10

Curve: TypeAlias = Callable[[Bools, Floats], tuple[Floats, Floats]]


def roc_points(
    true: npt.ArrayLike, predicted: npt.ArrayLike, emotions: Sequence[str], positive_at: float
) -> pd.DataFrame:
    """Return `emotion`, `false_positive_rate` and `true_positive_rate`, each rate in [0, 1].

    Arrays are (rows, emotions) in [0, 1]. Raises `InputError` as `arrays.checked`.
    """
    columns = ("false_positive_rate", "true_positive_rate")
    return _trace(_roc, columns, true, predicted, emotions, positive_at)


def precision_recall_points(
    true: npt.ArrayLike, predicted: npt.ArrayLike, emotions: Sequence[str], positive_at: float
) -> pd.DataFrame:
    """Return `emotion`, `recall` (falling) and `precision`, both in [0, 1].

    Arrays are (rows, emotions) in [0, 1]. Raises `InputError` as `arrays.checked`.
    """
    columns = ("recall", "precision")
    return _trace(_precision_recall, columns, true, predicted, emotions, positive_at)


def reliability_points(
    true: npt.ArrayLike, predicted: npt.ArrayLike, emotions: Sequence[str]
) -> pd.DataFrame:
    """Return the mean label against the mean probability in `BINS` equal bins of probability.

    One row for each bin that has rows: `emotion`, `mean_predicted`, `mean_true`, `rows`.
    Soft labels count as they are. Raises `InputError` as `arrays.checked`.
    """
    true, predicted = checked(true, predicted, emotions)
    tables = [
        _reliability(true[:, i], predicted[:, i]).assign(emotion=name)
        for i, name in enumerate(emotions)
    ]
    order = ["emotion", "mean_predicted", "mean_true", "rows"]
    return pd.concat(tables, ignore_index=True)[order]


def _reliability(true: Floats, predicted: Floats) -> pd.DataFrame:
    filled, where, rows = np.unique(
        np.clip((predicted * BINS).astype(np.int64), 0, BINS - 1),
        return_inverse=True,
        return_counts=True,
    )
    sums = {
        "mean_predicted": np.bincount(where, weights=predicted, minlength=len(filled)),
        "mean_true": np.bincount(where, weights=true, minlength=len(filled)),
    }
    return pd.DataFrame({name: total / rows for name, total in sums.items()} | {"rows": rows})


def _trace(
    curve: Curve,
    columns: tuple[str, str],
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    positive_at: float,
) -> pd.DataFrame:
    true, predicted = checked(true, predicted, emotions)
    positive = reach(true, positive_at)
    tables = [pd.DataFrame({"emotion": [], columns[0]: [], columns[1]: []})]
    for i, name in enumerate(emotions):
        if positive[:, i].any() and not positive[:, i].all():
            x, y = _thin(*curve(positive[:, i], predicted[:, i]))
            tables.append(pd.DataFrame({"emotion": name, columns[0]: x, columns[1]: y}))
    # The empty table gives the columns where no emotion has a curve.
    return pd.concat(tables[1:] or tables, ignore_index=True)


def _roc(positive: Bools, predicted: Floats) -> tuple[Floats, Floats]:
    from sklearn.metrics import roc_curve  # loads slowly

    false_positive_rate, true_positive_rate, _ = roc_curve(positive, predicted)
    return false_positive_rate, true_positive_rate


def _precision_recall(positive: Bools, predicted: Floats) -> tuple[Floats, Floats]:
    from sklearn.metrics import precision_recall_curve  # loads slowly

    precision, recall, _ = precision_recall_curve(positive, predicted)
    return recall, precision


def _thin(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    if len(x) <= MOST_POINTS:
        return x, y
    walked = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    kept = np.searchsorted(walked, np.linspace(0, walked[-1], MOST_POINTS))
    # Both ends stay whatever rounding does to the last step.
    kept = np.unique(np.concatenate([[0], kept[1:-1], [len(x) - 1]]))
    return x[kept], y[kept]
