"""Hold one evaluation's rows and every model's predictions, and score them split by split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.scoring import tidy_tables
from pipeline.evaluation.scoring.arrays import Bools, Floats
from pipeline.evaluation.scoring.metrics import Scores, score_each
from pipeline.evaluation.scoring.thresholds import Choice, Goal, choose

AllScores = dict[str, dict[str, dict[str, Scores]]]


@dataclass(frozen=True)
class Bounds:
    """From which label a row is a positive, and from which probability it is predicted one.

    `threshold` holds until it is tuned for the `goal`.
    """

    positive_at: float
    threshold: float
    goal: Goal = field(default_factory=Goal)


@dataclass(frozen=True)
class Case:
    """Labels and predictions (rows, emotions) of all splits; `choices` has one per emotion."""

    emotions: Sequence[str]
    split: npt.NDArray[np.str_]
    true: Floats
    predicted: Mapping[str, Floats]
    choices: Mapping[str, Sequence[Choice]]
    bounds: Bounds

    @cached_property
    def thresholds(self) -> dict[str, npt.NDArray[np.float64]]:
        """Each model's tuned thresholds, one per emotion."""
        return {
            model: np.array([choice.threshold for choice in chosen])
            for model, chosen in self.choices.items()
        }

    def rows(self, split: str) -> Bools:
        """Mark the rows of a split."""
        return np.equal(self.split, split)


def build_case(
    emotions: Sequence[str],
    split: npt.NDArray[np.str_],
    true: Floats,
    predicted: Mapping[str, Floats],
    bounds: Bounds,
) -> Case:
    """Tune each model's own thresholds on the validation rows (`val`), never on test."""
    val = split == "val"
    choices = {
        model: choose(
            true[val],
            rows[val],
            positive_at=bounds.positive_at,
            default=bounds.threshold,
            goal=bounds.goal,
        )
        for model, rows in predicted.items()
    }
    return Case(emotions, split, true, predicted, choices, bounds)


def score_all(case: Case) -> AllScores:
    """Score every model: by split, then at the `fixed` or the `tuned` thresholds, then by model."""
    scores: AllScores = {}
    for split in ("val", "test"):
        rows = case.rows(split)
        true = case.true[rows]
        found = {
            model: score_each(
                true,
                predicted[rows],
                case.emotions,
                positive_at=case.bounds.positive_at,
                thresholds={"fixed": case.bounds.threshold, "tuned": case.thresholds[model]},
            )
            for model, predicted in case.predicted.items()
        }
        scores[split] = {
            kind: {model: both[kind] for model, both in found.items()}
            for kind in ("fixed", "tuned")
        }
    return scores


def tuned_thresholds(case: Case) -> dict[str, Any]:
    """Lay out the thresholds, what they are for and what they were tuned on, to go with a model.

    `notes` names the emotions for which the default stays, with the reason.
    """
    return {
        **case.bounds.goal.used(),
        "tuned_on": "val",
        "rows": int(case.rows("val").sum()),
        "positive_at": case.bounds.positive_at,
        "default": case.bounds.threshold,
        "thresholds": {
            model: dict(zip(case.emotions, (c.threshold for c in chosen), strict=True))
            for model, chosen in case.choices.items()
        },
        "notes": {
            model: {e: c.note for e, c in zip(case.emotions, chosen, strict=True) if c.note}
            for model, chosen in case.choices.items()
        },
    }


def mean_table(case: Case) -> pd.DataFrame:
    """Compare the network's mean prediction with the mean label, per split and emotion."""
    network = case.predicted[NETWORK]
    parts = [
        tidy_tables.mean_predictions(
            case.true[rows], network[rows], case.emotions, split, case.bounds.positive_at
        )
        for split in ("train", "val", "test")
        for rows in [case.rows(split)]
    ]
    return pd.concat(parts, ignore_index=True)
