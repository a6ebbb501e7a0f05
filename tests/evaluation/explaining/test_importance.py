"""Models whose workings are known are explained as what they are."""

import dataclasses

import numpy as np
import pytest

from pipeline.evaluation.explaining import importance
from pipeline.evaluation.explaining.disagreements import disagreements
from pipeline.evaluation.explaining.importance import Asked
from pipeline.evaluation.resampling.bootstrap import group

COLUMNS = ["AU04_r", "AU06_r", "AU12_r", "AU15_r"]
EMOTIONS = ["joy", "grief"]
RULES = {"joy": {6: 1.0, 12: 1.0}, "grief": {4: 1.0, 15: 1.0}}


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def model(features):
    """Joy is AU6 alone; grief rises with AU12, which is not its own, and falls with AU15."""
    joy = sigmoid(2 * features[:, 1] - 3)
    grief = sigmoid(1.5 * features[:, 2] - features[:, 3])
    return np.stack([joy, grief], axis=1)


def ask(rows=400, subjects=8, predict=model):
    random = np.random.default_rng(1)
    features = random.uniform(0, 5, (rows, len(COLUMNS))).astype(np.float32)
    subject = np.arange(rows) % subjects
    return Asked(predict, features, COLUMNS, model(features), EMOTIONS, group(subject, 200, 0))


@pytest.fixture(scope="module")
def tables():
    asked = ask()
    return importance.importance(asked, RULES, seed=0), importance.response(asked)


def test_importance_is_what_the_model_leans_on(tables):
    table = tables[0].set_index(["emotion", "column"])
    assert list(tables[0].columns) == importance.IMPORTANCE
    assert len(table) == 8
    assert table.loc[("joy", "AU06_r"), "share"] == pytest.approx(1)
    assert table.loc[("joy", "AU06_r"), "low"] > 0
    for unused in ("AU04_r", "AU12_r", "AU15_r"):
        assert table.loc[("joy", unused), "importance"] == pytest.approx(0, abs=1e-12)
    assert table.loc[("grief", "AU12_r"), "importance"] > table.loc[("grief", "AU15_r"), "low"] > 0
    assert table["prototype"].tolist() == [False, True, True, False, True, False, False, True]


def test_importance_equals_a_loop_over_rows():
    asked = ask(rows=30)
    found = importance.importance(asked, RULES, seed=3, repeats=1)
    order = np.random.default_rng(3).permutation(30)
    shuffled = asked.features.copy()
    shuffled[:, 1] = shuffled[order, 1]
    rises = []
    for true, before, after in zip(asked.true, model(asked.features), model(shuffled), strict=True):
        y, p, q = true[0], before[0], after[0]
        rises.append(y * np.log(p / q) + (1 - y) * np.log((1 - p) / (1 - q)))
    row = found[(found["emotion"] == "joy") & (found["column"] == "AU06_r")].iloc[0]
    assert row["importance"] == pytest.approx(np.mean(rises))


def test_the_same_seed_gives_the_same_table():
    first, again = (importance.importance(ask(), RULES, seed=5) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(importance.importance(ask(), RULES, seed=6))


def test_bounds_hold_the_rise_also_where_it_is_a_fall():
    random = np.random.default_rng(1)
    asked = ask(subjects=4)  # so few that the bounds come from Student's t
    noise = random.random(asked.true.shape).round()  # whatever is shuffled, some losses fall
    table = importance.importance(dataclasses.replace(asked, true=noise), RULES, seed=0)
    assert (table["importance"] < 0).any()
    assert (table["low"] <= table["importance"]).all()
    assert (table["importance"] <= table["high"]).all()


def test_one_subject_leaves_importance_without_bounds():
    table = importance.importance(ask(subjects=1), RULES, seed=0)
    assert table["importance"].notna().all()
    assert table["low"].isna().all()


def test_an_emotion_without_rule_has_no_prototype():
    table = importance.importance(ask(), {"joy": RULES["joy"]}, seed=0)
    assert table.groupby("emotion")["prototype"].count().to_dict() == {"joy": 4, "grief": 0}


def test_response_follows_the_model_from_end_to_end(tables):
    table = tables[1]
    assert list(table.columns) == importance.RESPONSE
    assert len(table) == 2 * 4 * importance.STEPS
    curve = table[(table["emotion"] == "joy") & (table["column"] == "AU06_r")]
    assert curve["value"].tolist() == pytest.approx(list(np.linspace(0, 5, importance.STEPS)))
    assert curve["predicted"].to_numpy() == pytest.approx(sigmoid(2 * curve["value"] - 3))
    flat = table[(table["emotion"] == "joy") & (table["column"] == "AU12_r")]
    assert flat["predicted"].nunique() == 1


def test_presences_are_swept_through_their_own_range():
    asked = ask()
    presences = Asked(
        asked.predict,
        asked.features,
        [name.replace("_r", "_c") for name in COLUMNS],
        asked.true,
        EMOTIONS,
        asked.groups,
    )
    assert importance.response(presences)["value"].max() == 1


def test_disagreements_with_the_prototypes_are_put_in_words(tables):
    found = disagreements(*tables)
    kinds = {(row["emotion"], row["au"]): row["kind"] for row in found.to_dict("records")}
    assert kinds == {
        ("joy", 12): "unused",
        ("grief", 4): "unused",
        ("grief", 12): "foreign",
        ("grief", 15): "falling",
    }
    text = found.set_index("kind").loc["falling", "text"]
    assert text.startswith("grief: the more AU15_r, the less probable, against the prototype (")


def test_a_model_that_follows_the_prototypes_contradicts_nothing():
    def faithful(features):
        joy = sigmoid(features[:, 1] + features[:, 2] - 4)
        return np.stack([joy, sigmoid(features[:, 0] + features[:, 3] - 4)], axis=1)

    asked = ask(predict=faithful)
    asked = Asked(
        faithful, asked.features, COLUMNS, faithful(asked.features), EMOTIONS, asked.groups
    )
    table = importance.importance(asked, RULES, seed=0)
    assert disagreements(table, importance.response(asked)).empty
