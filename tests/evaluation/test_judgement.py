"""A case judged as a whole: what metrics.json, thresholds.json and the run get."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.evaluation.all_models import Bounds, Case, build_case, score_all, tuned_thresholds
from pipeline.evaluation.baselines import CONSTANT, NETWORK, RULE
from pipeline.evaluation.judgement import judge, network_by_group
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.evaluation.scoring.thresholds import Goal

EMOTIONS = ["happiness", "anger", "fear"]
SUBJECT = np.arange(80) // 8
World = Callable[..., tuple[Floats, dict[str, Floats]]]


@pytest.fixture
def make(world: World) -> Callable[[Goal], Case]:
    def make_case(goal: Goal) -> Case:
        true, models = world(3)
        true[SUBJECT < 5, 2] *= 0.4  # nobody of validation shows fear
        split = np.where(SUBJECT < 5, "val", "test")
        return build_case(EMOTIONS, split, true, models, Bounds(0.5, 0.5, goal))

    return make_case


def test_thresholds_reach_the_goal_on_validation_and_say_where_they_do_not(make) -> None:
    case = make(Goal("recall", least_precision=0.9))
    kept = tuned_thresholds(case)
    assert (kept["goal"], kept["least_precision"], kept["tuned_on"]) == ("recall", 0.9, "val")
    assert kept["rows"] == 40
    assert kept["notes"][NETWORK] == {"fear": "no positive row to tune on: the default stays"}
    assert kept["thresholds"][NETWORK]["fear"] == 0.5
    scores = score_all(case)
    for name in EMOTIONS[:2]:
        found = scores["val"]["tuned"][NETWORK]["emotion"][name]
        assert found["precision"] >= 0.9
        assert found["threshold"] == kept["thresholds"][NETWORK][name]
        test = scores["test"]["tuned"][NETWORK]["emotion"][name]
        assert test["threshold"] == kept["thresholds"][NETWORK][name]
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


def test_goal_changes_thresholds_and_not_ranks(make) -> None:
    plain, dear = (
        score_all(make(goal))["test"]["tuned"][NETWORK]
        for goal in (Goal("f1"), Goal("cost", miss=50.0, false_alarm=1.0))
    )
    happiness = [found["emotion"]["happiness"] for found in (plain, dear)]
    assert happiness[1]["threshold"] < happiness[0]["threshold"]
    assert happiness[1]["recall"] >= happiness[0]["recall"]
    assert plain["macro"]["auroc"] == dear["macro"]["auroc"]


def test_judgement_tells_people_json_and_the_run_the_same(make) -> None:
    found = judge(make(Goal("f1")), SUBJECT, Resampling(300, 7, 0.9))
    assert found.verdict[-1].endswith(
        "Thresholds were tuned on validation for the best F1, but for fear (no positive row to "
        "tune on: the default stays)."
    )
    metrics, flat = found.metrics(), found.of_test()
    assert metrics["tuned_for"] == {"goal": "f1"}
    assert metrics["intervals"]["subjects"] == 5
    assert metrics["test"]["tuned"] == found.tuned
    assert flat["test/f1/anger"] == found.tuned[NETWORK]["emotion"]["anger"]["f1"]
    low = metrics["intervals"][NETWORK]["average_precision"]["macro"]["low"]
    assert low == pytest.approx(flat["test/average_precision_low"], abs=1e-6)
    assert set(found.tables()) == {"scores", "intervals"}


def test_groups_are_those_of_the_test_rows(make) -> None:
    table = network_by_group(make(Goal("f1")), SUBJECT, [f"S{i}" for i in range(10)], "subject")
    assert sorted(set(table["subject"])) == [f"S{i}" for i in range(5, 10)]


def test_constant_and_rule_have_thresholds_of_their_own(make) -> None:
    thresholds = make(Goal("f1")).thresholds
    assert len({tuple(thresholds[model]) for model in (NETWORK, CONSTANT, RULE)}) == 3
