"""Hold one evaluation's rows and every model's predictions, and score them split by split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation import tables
from pipeline.evaluation.arrays import Bools, Floats
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.metrics import Scores, score
from pipeline.evaluation.thresholds import tune_thresholds

AllScores = dict[str, dict[str, dict[str, Scores]]]


@dataclass(frozen=True)
class Bounds:
    """From which label a row is a positive, and from which probability it is predicted one."""

    positive_at: float
    threshold: float


@dataclass(frozen=True)
class Case:
    """Labels and predictions (rows, emotions) of all splits; `thresholds` one per emotion."""

    emotions: Sequence[str]
    split: npt.NDArray[np.str_]
    true: Floats
    predicted: Mapping[str, Floats]
    thresholds: Mapping[str, npt.NDArray[np.float64]]
    bounds: Bounds

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
    thresholds = {
        model: tune_thresholds(
            true[val], rows[val], positive_at=bounds.positive_at, default=bounds.threshold
        )
        for model, rows in predicted.items()
    }
    return Case(emotions, split, true, predicted, thresholds, bounds)


def score_all(case: Case) -> AllScores:
    """Score every model: by split, then at the `fixed` or the `tuned` thresholds, then by model."""
    scores: AllScores = {}
    for split in ("val", "test"):
        scores[split] = {
            "fixed": {model: _score(case, split, model, tuned=False) for model in case.predicted},
            "tuned": {model: _score(case, split, model, tuned=True) for model in case.predicted},
        }
    return scores


def _score(case: Case, split: str, model: str, *, tuned: bool) -> Scores:
    rows = case.rows(split)
    fixed = np.full(len(case.emotions), case.bounds.threshold)
    return score(
        case.true[rows],
        case.predicted[model][rows],
        case.emotions,
        positive_at=case.bounds.positive_at,
        thresholds=case.thresholds[model] if tuned else fixed,
    )


def mean_table(case: Case) -> pd.DataFrame:
    """Compare the network's mean prediction with the mean label, per split and emotion."""
    network = case.predicted[NETWORK]
    parts = [
        tables.mean_predictions(
            case.true[rows], network[rows], case.emotions, split, case.bounds.positive_at
        )
        for split in ("train", "val", "test")
        for rows in [case.rows(split)]
    ]
    return pd.concat(parts, ignore_index=True)


def flat_scores(scores: AllScores) -> dict[str, float]:
    """Name the test numbers for a chart list: `test/f1/anger`, `test/auroc/macro`.

    Thresholds are the tuned ones. Of the network's numbers at the fixed threshold, and of the
    baselines, only those over all emotions are named (`test_fixed/...`, `test_constant/...`);
    the tables have the rest.
    """
    tuned, fixed = scores["test"]["tuned"], scores["test"]["fixed"]
    named = {"test" if model == NETWORK else _place(model): tuned[model] for model in tuned}
    named["test_fixed"] = fixed[NETWORK]
    flat: dict[str, float] = {}
    for place, found in named.items():
        table = tables.metrics_table({place: found}).dropna(subset=["value"])
        for row in table.to_dict("records"):
            if row["scope"] != "emotion":
                flat[f"{place}/{row['metric']}/{row['scope']}"] = row["value"]
            elif place == "test":
                flat[f"{place}/{row['metric']}/{row['emotion']}"] = row["value"]
    return flat


def _place(model: str) -> str:
    return f"test_{model.replace(' ', '_')}"
