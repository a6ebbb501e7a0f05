"""Tuned thresholds against trying every one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from short_forms import tune_thresholds

from pipeline.errors import InputError
from pipeline.evaluation.scoring.thresholds import Choice, Goal, choose

LEVELS = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0])
ROWS = st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=12)


def tuned(true: Any, predicted: Any, default: float = 0.5) -> list[float]:
    columns = (np.asarray(values, dtype=np.float64).reshape(-1, 1) for values in (true, predicted))
    return list(tune_thresholds(*columns, positive_at=0.5, default=default))


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.25, 0.5, 0.9]))
def test_finds_what_trying_every_threshold_finds(
    rows: list[tuple[float, float]], default: float
) -> None:
    true, predicted = zip(*rows, strict=True)
    positives = sum(t >= 0.5 for t in true)
    found = tuned(true, predicted, default)[0]
    if positives in (0, len(rows)):
        assert found == default
        return

    def f1(threshold: float) -> float:
        hits = len([1 for t, p in rows if t >= 0.5 and p >= threshold])
        return 2 * hits / float(positives + len([p for p in predicted if p >= threshold]))

    best = max(map(f1, {*predicted, default}))
    if f1(default) == best:
        assert found == default
    else:
        assert found == max(p for p in predicted if f1(p) == best)


def chosen(true: Any, predicted: Any, goal: Goal) -> Choice:
    columns = (np.asarray(values, dtype=np.float32).reshape(-1, 1) for values in (true, predicted))
    return choose(*columns, positive_at=0.5, default=0.5, goal=goal)[0]


def counts(rows: list[tuple[float, float]], threshold: float) -> tuple[int, int, int]:
    said = [np.float32(p) >= np.float32(threshold) for _, p in rows]
    hits = sum(t >= 0.5 and s for (t, _), s in zip(rows, said, strict=True))
    return hits, sum(said), sum(t >= 0.5 for t, _ in rows)


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.5, 0.7, 1.0]))
def test_recall_is_the_highest_at_the_demanded_precision(
    rows: list[tuple[float, float]], least: float
) -> None:
    found = chosen(*zip(*rows, strict=True), Goal("recall", least_precision=least))
    if counts(rows, 0)[2] in (0, len(rows)):
        assert (found.threshold, "no " in found.note) == (0.5, True)
        return
    reached = [counts(rows, threshold) for threshold in {p for _, p in rows} | {0.5}]
    recalls = [
        hits / positives for hits, said, positives in reached if said and hits >= least * said
    ]
    if not recalls:
        assert found.threshold == 0.5
        assert "no threshold has the highest recall at a precision of at least" in found.note
        return
    hits, said, positives = counts(rows, found.threshold)
    assert hits >= least * said
    assert hits / positives == max(recalls)


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.25, 1.0, 4.0]))
def test_cost_is_the_least_of_every_threshold(rows: list[tuple[float, float]], miss: float) -> None:
    found = chosen(*zip(*rows, strict=True), Goal("cost", miss=miss, false_alarm=1.0))
    if counts(rows, 0)[2] in (0, len(rows)):
        assert found.threshold == 0.5
        return

    def cost(threshold: float) -> float:
        hits, said, positives = counts(rows, threshold)
        return miss * (positives - hits) + said - hits

    assert cost(found.threshold) == min(map(cost, [p for _, p in rows] + [0.5, 1.1]))
    if cost(0.5) == cost(found.threshold):
        assert found.threshold == 0.5


def test_dear_false_alarms_set_the_threshold_above_every_row() -> None:
    found = chosen([0, 1, 1, 0], [0.9, 0.6, 0.6, 0.6], Goal("cost", miss=0.1))
    assert 0.9 < found.threshold < 0.901


def test_goal_names_the_numbers_it_uses() -> None:
    assert Goal("f1").used() == {"goal": "f1"}
    assert Goal("recall", least_precision=0.9).used() == {"goal": "recall", "least_precision": 0.9}
    assert Goal("cost", miss=5).used() == {"goal": "cost", "miss": 5, "false_alarm": 1.0}


def test_tunes_each_emotion_by_itself() -> None:
    true = np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=np.float32)
    predicted = np.array([[0.9, 0.1], [0.8, 0.4], [0.6, 0.3], [0.1, 0.2]], dtype=np.float32)
    found = tune_thresholds(true, predicted, positive_at=0.5, default=0.5)
    assert found.tolist() == predicted[[0, 2], [0, 1]].tolist()


def test_a_tuned_float32_threshold_is_reached_by_its_own_row() -> None:
    predicted = np.array([[0.3], [0.1]], dtype=np.float32)
    found = tune_thresholds([[1.0], [0.0]], predicted, positive_at=0.5, default=0.5)
    assert (predicted >= found.astype(np.float32)).ravel().tolist() == [True, False]


def test_default_stays_where_it_is_as_good() -> None:
    assert tuned([1, 1, 0], [0.9, 0.8, 0.1]) == [0.5]


def test_highest_of_equal_thresholds_wins_over_a_worse_default() -> None:
    # From 0.4 or from 0.2 F1 is 2/3 (one of one, or two of four predicted); from 0.5 it is 0.
    assert tuned([1, 0, 0, 1], [0.4, 0.3, 0.2, 0.2]) == [0.4]


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_keeps_the_default(label: float) -> None:
    assert tuned([label, label], [0.9, 0.1], default=0.3) == [0.3]


def test_order_of_rows_does_not_matter() -> None:
    random = np.random.default_rng(3)
    true, predicted = random.random(200), random.random(200).round(2)
    order = random.permutation(200)
    assert tuned(true, predicted) == tuned(true[order], predicted[order])


def test_refuses_nan() -> None:
    with pytest.raises(InputError, match="predictions: row 1, column 0 is nan"):
        tuned([1, 0], [0.5, np.nan])
