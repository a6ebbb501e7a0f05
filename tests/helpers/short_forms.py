"""Ask for one thing where the product measures several at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.resampling.bootstrap import RESAMPLES, group, samples_of
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring.metrics import Scores, score_each
from pipeline.evaluation.scoring.thresholds import Goal, choose


def score(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    emotions: Sequence[str],
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
) -> Scores:
    """Score predictions (rows, emotions) at one set of thresholds."""
    return score_each(
        true, predicted, emotions, positive_at=positive_at, thresholds={"": thresholds}
    )[""]


def metric_samples(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    subject: npt.ArrayLike,
    emotions: Sequence[str],
    metric: str,
    *,
    positive_at: float,
    thresholds: npt.ArrayLike,
    resamples: int = RESAMPLES,
    seed: int,
) -> Samples:
    """Give the samples of one metric; `subject` names each row's person."""
    groups = group(subject, resamples, seed)
    return samples_of(
        true, predicted, groups, emotions, [metric], positive_at=positive_at, thresholds=thresholds
    )[metric]


def tune_thresholds(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    positive_at: float,
    default: float,
    goal: Goal | None = None,
) -> npt.NDArray[np.float64]:
    """Return the threshold of each of `choose`."""
    chosen = choose(true, predicted, positive_at=positive_at, default=default, goal=goal or Goal())
    return np.array([choice.threshold for choice in chosen], dtype=np.float64)
