"""Each rule of the gate on three people of two frames: one with the emotion, one without."""

import dataclasses
import math

import numpy as np
import pytest

from pipeline.comparison.paired import Pair, Side, find, measure
from pipeline.errors import InputError
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.promotion.gate import (
    Demands,
    calibration_holds,
    emotions_hold,
    gain,
    judge,
    judge_first,
    warnings_hold,
)

JOY = np.array([1.0, 0.0] * 3)
RIGHT = np.array([1.0, 0.0] * 3)
WRONG = 1 - RIGHT
SAME = np.full(6, 0.5)
MIXED = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])  # wrong for the third person alone
SUBJECTS = ["A", "A", "B", "B", "C", "C"]
DEMANDS = Demands(
    metric="average_precision",
    margin=0.0,
    tolerance=0.02,
    calibration=0.05,
    blocking=["dead_au"],
    resampling=Resampling(resamples=200, seed=1, confidence=0.95),
)


def changes(champion, challenger, subjects=SUBJECTS):
    """Measure two models of the emotions joy (first column) and fear (second, if given)."""
    old, new = (np.atleast_2d(np.stack(side, axis=1)) for side in (champion, challenger))
    columns = old.shape[1]
    bounds = np.full(columns, 0.5)
    pair = Pair(
        subject=subjects,
        clip=np.arange(len(JOY)),
        emotions=["joy", "fear"][:columns],
        true=np.stack([JOY] * columns, axis=1),
        first=Side(old, bounds),
        second=Side(new, bounds),
        positive_at=0.5,
    )
    return measure(pair, DEMANDS.metrics, DEMANDS.resampling)


def demands(**other):
    return Demands(**vars(DEMANDS) | other)


def test_a_certain_gain_is_promoted():
    found = changes([SAME], [RIGHT])
    assert find(found, "average_precision").change.low == pytest.approx(0.5)
    verdict = judge(found, [], DEMANDS)
    assert verdict.outcome == "promoted"
    assert verdict.broken == []


def test_a_gain_below_the_margin_is_kept():
    found = changes([SAME], [RIGHT])
    assert gain(found, demands(margin=0.49)).holds
    verdict = judge(found, [], demands(margin=0.5))
    assert verdict.outcome == "kept"
    assert verdict.broken == ["gain"]


def test_no_change_at_all_is_kept():
    assert judge(changes([RIGHT], [RIGHT]), [], DEMANDS).outcome == "kept"


def test_a_gain_that_hangs_on_one_person_is_kept():
    found = changes([MIXED], [RIGHT])
    assert find(found, "average_precision").change.point > 0
    rule = gain(found, DEMANDS)
    assert not rule.holds
    assert "NOT certainly more" in rule.says
    assert judge(found, [], DEMANDS).outcome == "kept"


def test_one_person_alone_is_never_certain():
    found = changes([SAME], [RIGHT], subjects=["A"] * 6)
    assert math.isnan(find(found, "average_precision").change.low)
    verdict = judge(found, [], DEMANDS)
    assert verdict.outcome == "kept"
    assert "no interval: one subject" in verdict.rules[0].says


def test_an_emotion_that_certainly_falls_is_refused_by_name_for_all_the_gain_of_another():
    found = changes([WRONG, RIGHT], [RIGHT, SAME])
    rule = emotions_hold(found, demands(tolerance=0.3))
    assert not rule.holds
    assert "fear" in rule.says
    assert "joy" not in rule.says
    assert gain(found, DEMANDS).holds is False
    verdict = judge(changes([WRONG, RIGHT], [RIGHT, MIXED]), [], DEMANDS)
    assert "emotion_falls" not in verdict.broken, "what one person did is not certain"
    assert judge(found, [], DEMANDS).outcome == "refused"
    assert emotions_hold(found, demands(tolerance=0.6)).holds


def test_worse_calibration_is_refused_though_the_ranks_are_better():
    found = changes([SAME], [np.array([0.02, 0.01] * 3)])
    assert gain(found, DEMANDS).holds
    assert not calibration_holds(found, DEMANDS).holds
    assert judge(found, [], DEMANDS).outcome == "refused"
    assert calibration_holds(found, demands(calibration=0.5)).holds


def test_a_new_blocking_warning_is_refused():
    found = changes([SAME], [RIGHT])
    rule = warnings_hold({}, {"dead_au": 2}, DEMANDS)
    assert not rule.holds
    assert "dead_au" in rule.says
    assert judge(found, [rule], DEMANDS).outcome == "refused"


def test_a_warning_that_the_champion_had_or_that_does_not_block_is_said_only():
    assert warnings_hold({"dead_au": 1}, {"dead_au": 2}, DEMANDS).holds
    rule = warnings_hold({}, {"single_clip_subject": 3}, DEMANDS)
    assert rule.holds
    assert "single_clip_subject" in rule.says


def test_a_first_champion_may_have_warnings_but_no_leaky_split():
    assert warnings_hold(None, {"dead_au": 1}, DEMANDS).holds
    says = warnings_hold(None, {"dead_au": 1}, DEMANDS).says
    assert says == "data warnings: dead_au; none of them blocks a first champion"
    assert "promote.blocking" not in warnings_hold(None, {"leaky_split": 1}, DEMANDS).says
    assert "promote.blocking" in warnings_hold({}, {"dead_au": 1}, DEMANDS).says
    assert not warnings_hold(None, {"leaky_split": 1}, DEMANDS).holds
    assert not warnings_hold({"leaky_split": 1}, {"leaky_split": 1}, DEMANDS).holds


def test_a_first_champion_must_certainly_beat_the_constant():
    assert judge_first(changes([SAME], [RIGHT]), [], DEMANDS).outcome == "promoted"
    luck = changes([SAME], [MIXED])
    assert find(luck, "average_precision").change.point > 0
    assert judge_first(luck, [], DEMANDS).outcome == "refused", "it depends on one person"
    verdict = judge_first(changes([SAME], [WRONG]), [], DEMANDS)
    assert verdict.outcome == "refused"
    assert verdict.broken == ["beats_constant"]


@pytest.mark.parametrize("metric", ["average_precision", "auroc"])
@pytest.mark.parametrize("low", [-0.01, float("nan")], ids=["unsure", "unknown"])
def test_a_first_champion_needs_both_for_chance_beats_a_constant_in_precision(metric, low):
    found = changes([SAME], [RIGHT])
    assert judge_first(found, [], DEMANDS).outcome == "promoted"
    place = next(i for i, c in enumerate(found) if (c.metric, c.emotion) == (metric, None))
    unsure = dataclasses.replace(found[place].change, low=low)
    found[place] = dataclasses.replace(found[place], change=unsure)
    assert judge_first(found, [], DEMANDS).broken == ["beats_constant"]


def test_an_emotion_of_which_nothing_can_be_told_is_named():
    found = changes([SAME], [RIGHT], subjects=["A"] * 6)
    assert "nothing can be told of joy" in emotions_hold(found, DEMANDS).says


NAMED = np.eye(3)[np.arange(120) % 3]
CLIPS, PERSONS = np.arange(120) // 3 % 4, np.arange(120) // 12


def named(skill, metric, clips=CLIPS):
    """Measure a guess against a model that knows so much of three categories."""
    random = np.random.default_rng(0)
    bounds = np.full(3, 0.5)
    sides = [Side(random.random(NAMED.shape) * (1 - s) + s * NAMED, bounds) for s in (0, skill)]
    pair = Pair(PERSONS, clips, ["a", "b", "c"], NAMED, *sides, 0.5)
    return measure(pair, demands(metric=metric).metrics, DEMANDS.resampling)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_categories_decide_where_they_are_asked_for(metric):
    asked = demands(metric=metric)
    found = find(named(0.6, metric), metric)
    assert found.second > found.first + 0.2
    assert judge(named(0.6, metric), [], asked).outcome == "promoted"
    assert judge(named(0.0, metric), [], asked).outcome == "kept"


def test_accuracy_of_one_category_is_its_recall():
    changes = named(0.6, "accuracy")
    recall = named(0.6, "balanced_accuracy")
    for category in "abc":
        one = find(changes, "accuracy", category)
        other = find(recall, "balanced_accuracy", category)
        assert (one.first, one.second) == (other.first, other.second)


def test_clips_of_several_categories_cannot_decide():
    with pytest.raises(InputError, match="none of the clips has one category"):
        named(0.6, "clip_accuracy")


def test_clips_decide_by_the_mean_of_their_frames():
    clips = np.arange(120) % 3 + 3 * (np.arange(120) // 60)
    found = named(0.2, "clip_accuracy", clips)
    assert find(found, "clip_accuracy").second > find(found, "clip_accuracy").first
