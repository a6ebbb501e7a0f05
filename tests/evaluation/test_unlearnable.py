"""What no model can learn is named from labels and rules, before any score."""

import numpy as np
import pytest

from pipeline.data.labels.bounds import LEARNED_FROM
from pipeline.evaluation.unlearnable import Limit, Rules, find_limits, limits_line

RULES = {
    "happiness": {6: 1.0, 12: 1.0},
    "sadness": {1: 1.0, 4: 1.0, 15: 1.0},
    "fear": {1: 1.0, 4: 2.0},
    "guilt": {4: 0.5},
}
ROWS = 2 * LEARNED_FROM
TRAIN = np.arange(ROWS) < ROWS
PLENTY = np.random.default_rng(1).random((ROWS, 4)) / 2 + 0.5


def limits(true: np.ndarray = PLENTY, **found: object) -> list[Limit]:
    options = {"rules": None, "train": TRAIN} | found
    return find_limits(true, options["train"], list(RULES), 0.5, options["rules"])  # type: ignore[arg-type]


def test_finds_nothing_where_nothing_is_wrong() -> None:
    assert limits(rules=Rules(RULES, ())) == []
    assert limits_line([]) == []


def test_names_rules_of_which_nothing_moves() -> None:
    (found,) = limits(rules=Rules(RULES, {6, 12}))
    assert found.emotions == ("happiness",)
    assert "always 0" in found.why


def test_names_rules_that_come_down_to_the_same() -> None:
    (found,) = limits(rules=Rules(RULES, {1, 15}))
    assert found.emotions == ("sadness", "fear", "guilt")
    assert "only AU04 moves" in found.why


def test_tells_rules_apart_whose_weights_differ() -> None:
    assert limits(rules=Rules(RULES, {15})) == []
    (found,) = limits(rules=Rules(RULES | {"fear": {1: 3.0, 4: 3.0}}, {15}))
    assert found.emotions == ("sadness", "fear")
    assert "only AU01 and AU04 move" in found.why


def test_rules_say_nothing_where_people_made_the_labels() -> None:
    assert limits(rules=None) == []


def test_names_identical_labels() -> None:
    true = PLENTY.copy()
    true[:, 2] = true[:, 1]
    (found,) = limits(true)
    assert found.emotions == ("sadness", "fear")
    assert found.why == "identical labels on every row"


@pytest.mark.parametrize(("positives", "told"), [(LEARNED_FROM, False), (3, True)])
def test_names_too_few_positives_in_training_alone(positives: int, told: bool) -> None:
    true = np.vstack([PLENTY, PLENTY])
    true[positives:ROWS, 3] = 0.4
    found = limits(true, train=np.arange(2 * ROWS) < ROWS)
    assert [limit.emotions for limit in found] == ([("guilt",)] if told else [])


def test_sums_up_in_one_line() -> None:
    (line,) = limits_line([Limit(("a", "b"), "why so", "Do."), Limit(("c",), "and so", "Do.")])
    assert line.endswith("whatever the scores say: a and b (why so); c (and so).")
