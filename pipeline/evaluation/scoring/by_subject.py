"""Score each subject or clip by itself, in one pass over the rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.errors import InputError
from pipeline.evaluation.scoring import ranking, sum_scores
from pipeline.evaluation.scoring.arrays import Ints, checked, reach

# Beyond so many groups a table is no longer read by anybody, and too large for a browser.
MOST_GROUPS = 20_000


def scores_by_group(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    of: Ints,
    names: Sequence[str],
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
    kind: str,
) -> pd.DataFrame:
    """Score predictions (rows, emotions) of each group; `of` gives each row's place in `names`.

    One row a group and emotion, groups as in `names`, those without rows left out: `<kind>`,
    `emotion`, `rows`, `positives`, `mean_true`, `mean_predicted`, then each of
    `ranking.METRICS` and `sum_scores.METRICS` but for `ece` (a group has too few rows for bins);
    NaN where a number is undefined. `kind` is what a group is (subject, clip). Raises
    `InputError` as `arrays.checked`, and where `of` has another number of rows.
    """
    true, predicted = checked(true, predicted, emotions)
    if len(of) != len(true):
        raise InputError(
            f"{len(of)} {kind} codes were given for {len(true)} rows; give one for each row."
        )
    bounds = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), len(emotions))
    rows = np.bincount(of, minlength=len(names))
    parts = []
    for i, emotion in enumerate(emotions):
        t, p = true[:, i], predicted[:, i]
        each = sum_scores.Rows(t, p, reach(t, positive_at), reach(p, float(bounds[i])))
        numbers = _means(each, of, rows) | ranking.by_group(each.positive, p, of, len(names))
        for metric in sum_scores.METRICS:
            if metric != "ece":
                numbers[metric] = sum_scores.by_group(metric, each, of, len(names))
        parts.append(pd.DataFrame({kind: names, "emotion": emotion, "rows": rows} | numbers))
    # Emotion after emotion becomes group after group.
    order = np.arange(len(names) * len(emotions)).reshape(len(emotions), -1).T.ravel()
    table = pd.concat(parts, ignore_index=True).iloc[order]
    return table[table["rows"] > 0].reset_index(drop=True)


def _means(each: sum_scores.Rows, of: Ints, rows: Ints) -> dict[str, npt.NDArray[Any]]:
    size = np.maximum(rows, 1)
    return {
        "positives": np.bincount(of[each.positive], minlength=len(rows)),
        "mean_true": np.bincount(of, weights=each.true, minlength=len(rows)) / size,
        "mean_predicted": np.bincount(of, weights=each.predicted, minlength=len(rows)) / size,
    }
