"""Score each emotion by itself, as training does after every epoch and evaluation at the end.

Conventions and undefined numbers: see `metrics`. What only an evaluation asks for stands there, so
that a change of it trains no model anew.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring import ranking
from pipeline.evaluation.scoring.arrays import Bools, Floats, checked, reach
from pipeline.evaluation.scoring.confusion import count, ratios

Numbers: TypeAlias = dict[str, float | None]

EPOCH = ("f1", "auroc", "average_precision", "mae")


def epoch_scores(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    positive_at: float,
    threshold: float,
) -> dict[str, float]:
    """Score the validation split after an epoch, flat: `val_f1`, `val_f1/anger`, ...

    The metrics are those of `EPOCH`; undefined ones are left out. Raises `InputError` as `checked`.
    """
    true, predicted = checked(true, predicted, emotions)
    positive, predicted_positive = reach(true, positive_at), reach(predicted, threshold)
    emotion = with_ratios(errors(true, predicted, positive, emotions), positive, predicted_positive)
    flat = {f"val_{metric}": mean(emotion, metric) for metric in EPOCH}
    for name, numbers in emotion.items():
        flat |= {f"val_{metric}/{name}": numbers[metric] for metric in EPOCH}
    return {key: value for key, value in flat.items() if value is not None}


def errors(
    true: Floats, predicted: Floats, positive: Bools, emotions: Sequence[str]
) -> dict[str, Numbers]:
    """Score what no threshold changes: ranks, squared and absolute errors, number of positives."""
    gap = predicted - true
    mse = (gap**2).mean(axis=0, dtype=np.float64)
    mae = np.abs(gap).mean(axis=0, dtype=np.float64)
    return {
        name: _ranks(positive[:, i], predicted[:, i])
        | {"mse": float(mse[i]), "mae": float(mae[i]), "positives": int(positive[:, i].sum())}
        for i, name in enumerate(emotions)
    }


def with_ratios(
    free: Mapping[str, Numbers], positive: Bools, predicted_positive: Bools
) -> dict[str, Numbers]:
    """Add what follows from the confusion matrix to what no threshold changes."""
    cells = np.stack(count(positive, predicted_positive), axis=1)
    pairs = zip(cells, free.items(), strict=True)
    return {name: ratios(*map(int, row)) | numbers for row, (name, numbers) in pairs}


def _ranks(positive: Bools, predicted: Floats) -> Numbers:
    found = ranking.by_group(positive, predicted, np.zeros(len(positive), dtype=np.int64), 1)
    return {metric: or_none(float(value[0])) for metric, value in found.items()}


def or_none(value: float) -> float | None:
    """Give None for a number that is not defined."""
    return value if np.isfinite(value) else None


def defined(emotion: Mapping[str, Numbers], metric: str) -> list[float]:
    """List the emotions' numbers where they are defined."""
    found = (numbers[metric] for numbers in emotion.values())
    return [value for value in found if value is not None]


def mean(emotion: Mapping[str, Numbers], metric: str) -> float | None:
    """Average over the emotions where the number is defined."""
    values = defined(emotion, metric)
    return float(np.mean(values)) if values else None
