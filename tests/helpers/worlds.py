"""A small test split with a network and three baselines of known quality."""

from collections.abc import Callable

import numpy as np
import pytest
from short_forms import score

from pipeline.evaluation import baselines
from pipeline.evaluation.all_models import Bounds, build_case, score_all
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.certainty import Certainty, measure
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.evaluation.scoring.metrics import Scores


@pytest.fixture
def world() -> Callable[..., tuple[Floats, dict[str, Floats]]]:
    """Make true labels and predictions; each noise is that model's distance from the truth."""

    def make(
        emotions: int, network: float = 0.2, rule: float = 0.4, rare: int | None = None
    ) -> tuple[Floats, dict[str, Floats]]:
        random = np.random.default_rng(emotions)
        true = random.random((80, emotions))
        if rare is not None:
            true[:, rare] *= 0.4

        def near(noise: float) -> Floats:
            return np.clip(true + random.normal(0, noise, true.shape), 0, 1)

        return true, {
            baselines.NETWORK: near(network),
            baselines.RULE: near(rule),
            baselines.LOGISTIC: near(1.0),
            baselines.CONSTANT: training_mean(true, len(true)),
        }

    return make


@pytest.fixture
def scored(
    world: Callable[..., tuple[Floats, dict[str, Floats]]],
) -> Callable[..., dict[str, Scores]]:
    """Score every model of a `world` at the threshold 0.5."""

    def make(emotions: list[str], **noise: float) -> dict[str, Scores]:
        true, models = world(len(emotions), **noise)
        return {
            model: score(true, predicted, emotions, positive_at=0.5, thresholds=0.5)
            for model, predicted in models.items()
        }

    return make


@pytest.fixture
def judged(
    world: Callable[..., tuple[Floats, dict[str, Floats]]],
) -> Callable[..., tuple[dict[str, Scores], Certainty]]:
    """Score the test rows of a `world`, of so many subjects, and measure how certain that is."""

    def make(
        emotions: list[str], subjects: int = 10, **noise: float
    ) -> tuple[dict[str, Scores], Certainty]:
        true, models = world(len(emotions), **noise)
        split = np.tile(["val", "test"], len(true))
        true = np.repeat(true, 2, axis=0)
        models = {name: np.repeat(rows, 2, axis=0) for name, rows in models.items()}
        case = build_case(emotions, split, true, models, Bounds(0.5, 0.5))
        subject = np.arange(len(true)) * subjects // len(true)
        return score_all(case)["test"]["tuned"], measure(case, subject, Resampling(400, 7, 0.95))

    return make
