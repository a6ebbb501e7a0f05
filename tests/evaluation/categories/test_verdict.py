"""How well categories are named, in words; and the metric by which models are compared."""

import numpy as np
import pytest

from pipeline.evaluation.all_models import Bounds, build_case
from pipeline.evaluation.baselines import CONSTANT, LOGISTIC, NETWORK
from pipeline.evaluation.categories.judgement import METRICS, judge_categories
from pipeline.evaluation.categories.verdict import category_headline, named_right
from pipeline.evaluation.judgement import Judgement, judge
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.run_metrics import of_labels
from pipeline.evaluation.scoring.metric_names import MOST

NAMES = [f"c{i}" for i in range(8)]
PEOPLE, CLIPS_EACH, LENGTH = 16, 10, 4
SUBJECT, CLIP, _ = (i.ravel() for i in np.indices((PEOPLE, CLIPS_EACH, LENGTH)))
RESAMPLING = Resampling(200, 7, 0.95)


def judged(network: float, primary: str = "average_precision", others: int = 0) -> Judgement:
    """Judge a network that knows so much of 8 categories, beside a regression that knows 0.3."""
    random = np.random.default_rng(0)
    category = random.integers(0, 8, (PEOPLE, CLIPS_EACH))[SUBJECT, CLIP]
    true = np.eye(8)[category]
    skills = {NETWORK: network, LOGISTIC: 0.3} | {f"other {i}": 0.2 for i in range(others)}
    predicted = {
        model: random.random(true.shape) * (1 - skill) + skill * true
        for model, skill in skills.items()
    }
    predicted[CONSTANT] = np.full(true.shape, 1 / 8)
    case = build_case(
        NAMES, np.where(SUBJECT < 8, "val", "test"), true, predicted, Bounds(0.5, 0.5)
    )
    names = [str(i) for i in range(PEOPLE)]
    found = judge_categories(case, SUBJECT, CLIP, names, RESAMPLING)
    return judge(case, SUBJECT, RESAMPLING, found, primary)


def test_says_accuracy_guessing_and_every_baseline():
    found = judged(0.1).categories
    assert found
    said = named_right(found)
    assert said.startswith("Of 8 categories: accuracy of clips 0.")
    assert "guessing evenly 0.125" in said
    assert f"it is worse than {LOGISTIC}" in said
    assert f"it beats {CONSTANT}" in said


@pytest.mark.parametrize(
    ("skill", "said"),
    [(0.9, "Better than every baseline"), (0.1, f"Worse than {LOGISTIC}")],
)
def test_headline_is_of_the_metric_that_is_asked_for(skill, said):
    found = judged(skill, "accuracy")
    assert found.categories
    assert found.headline.startswith(f"{said}: accuracy of frames ")
    assert found.headline == category_headline(found.categories, "accuracy")
    assert found.verdict[0] == named_right(found.categories, "accuracy")


def test_other_metrics_of_emotions_lead_where_asked_for():
    plain, by_auroc = judged(0.3), judged(0.3, "auroc")
    assert by_auroc.certainty.primary == "auroc"
    own = by_auroc.tuned[NETWORK]["macro"]["auroc"]
    assert f"the network ({own:.3f})" in " ".join(by_auroc.verdict)
    assert by_auroc.headline != plain.headline
    assert set(by_auroc.for_dvc(0.5)["gain"]) == {"AUROC", "low"}
    assert "auroc" in by_auroc.metrics()["intervals"]["gain"][LOGISTIC]


@pytest.mark.parametrize("others", [0, 1, 3])
def test_a_run_with_categories_has_at_most_sixty_numbers(others):
    import pandas as pd

    found = judged(0.5, others=others)
    labels = pd.DataFrame({"split": "all", "emotion": NAMES, "mean": 0.125})
    numbers = (
        found.of_training()
        | found.of_validation()
        | found.of_test()
        | of_labels(labels, found.others)
    )
    assert len(numbers) + 11 <= MOST  # training has recorded eleven others
    assert {f"test/{metric}" for metric in METRICS} < set(numbers)
    assert {"val/accuracy", "val/clip_accuracy"} < set(numbers)
    assert numbers["test/clip_accuracy_low"] <= numbers["test/clip_accuracy"]


def test_dvc_shows_the_accuracy_of_clips():
    found = judged(0.5)
    shown = found.for_dvc(0.5)
    assert shown["test"]["ACC"] == pytest.approx(found.of_test()["test/clip_accuracy"], abs=1e-6)
    assert shown["val"]["ACC"] == pytest.approx(
        found.of_validation()["val/clip_accuracy"], abs=1e-6
    )
    assert sum(map(len, shown.values())) == 12
