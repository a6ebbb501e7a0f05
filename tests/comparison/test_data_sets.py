"""Another data set beside the one of training: what differs is said, and scores have bounds."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from pipeline.comparison import data_sets
from pipeline.evaluation.resampling.bootstrap import Resampling

OURS = {
    "extractor": "OpenFace 2",
    "mode": "video",
    "splits": {"train": {"clips": 2, "frames": 200}, "test": {"clips": 1, "frames": 100}},
}
LEVELS = [
    {"name": "AU06_r", "split": "test", "difference": 1.5, "chance": 1.1, "beyond_chance": True},
    {"name": "AU12_r", "split": "test", "difference": 0.2, "chance": 1.1, "beyond_chance": False},
]


def codes(theirs, drift=()):
    return [found["code"] for found in data_sets.differences(OURS, OURS | theirs, drift)]


def test_a_set_like_the_training_data_differs_in_nothing():
    assert codes({}, LEVELS[1:]) == []


@pytest.mark.parametrize(
    ("theirs", "code"),
    [
        ({"extractor": "py-feat"}, "other_extractor"),
        ({"mode": "image"}, "other_mode"),
        ({"splits": {"test": {"clips": 30, "frames": 30}}}, "other_clip_length"),
    ],
)
def test_what_differs_has_a_code_of_its_own(theirs, code):
    assert codes(theirs) == [code]


def test_what_is_not_known_is_not_called_different():
    assert codes({"mode": "unknown"}) == []


def test_people_with_other_levels_are_named_by_au():
    (found,) = data_sets.differences(OURS, OURS, LEVELS)
    assert found["code"] == "other_levels"
    assert found["number"] == 1
    assert "AU06_r +1.5" in found["message"]
    assert "AU12_r" not in found["message"]


def test_scores_are_those_of_all_rows_with_bounds_over_subjects():
    random = np.random.default_rng(0)
    true = (random.random((120, 2)) < 0.4).astype(float)
    predicted = {"network": 0.2 * true + 0.8 * random.random((120, 2))}
    table = data_sets.score_table(
        true,
        predicted,
        {"network": np.array([0.5, 0.4])},
        ["joy", "grief"],
        np.arange(120) % 6,
        np.arange(120) % 24,
        Resampling(200, 0, 0.9),
        positive_at=0.5,
    )
    assert len(table) == len(data_sets.METRICS) * 3
    joy = table[(table["emotion"] == "joy") & (table["metric"] == "auroc")].iloc[0]
    assert joy["value"] == pytest.approx(roc_auc_score(true[:, 0], predicted["network"][:, 0]))
    assert joy["low"] < joy["value"] < joy["high"]
    macro = data_sets.macro_scores(table)["network"]["f1"]
    assert macro["low"] < macro["value"] < macro["high"]
    flat = data_sets.flat(table, "others", "network")
    assert set(flat) == {f"external/others/{metric}" for metric in data_sets.METRICS}
    assert flat["external/others/f1"] == pytest.approx(macro["value"], abs=1e-6)
    assert data_sets.told(table, "others")[0].startswith("others: network, macro average precision")


def table_of(true, predicted, subject, clip):
    return data_sets.score_table(
        true,
        {"network": predicted},
        {"network": np.full(3, 0.5)},
        ["joy", "grief", "calm"],
        subject,
        clip,
        Resampling(200, 0, 0.9),
        positive_at=0.5,
    )


@pytest.mark.parametrize("frames", [1, 5])
def test_categories_are_named_of_clips_too(frames):
    random = np.random.default_rng(1)
    clip = np.repeat(np.arange(60), frames)
    category = np.arange(60) % 3
    true = np.eye(3)[category[clip]]
    predicted = 0.3 * true + 0.7 * random.random(true.shape)
    table = table_of(true, predicted, clip % 6, clip)
    found = table[table["metric"] == "clip_accuracy"].iloc[0]
    means = np.array([predicted[clip == i].mean(axis=0) for i in range(60)])
    assert found["value"] == pytest.approx(accuracy_score(category, means.argmax(axis=1)))
    assert found["low"] < found["value"] < found["high"]
    of_one = table_of(true, predicted, np.zeros(len(clip), dtype=np.int64), clip)
    assert np.isnan(of_one[of_one["metric"] == "clip_accuracy"].iloc[0]["low"]), "of people"
    assert ("accuracy" in set(table["metric"])) == (frames > 1), "a frame is a clip: said once"
    assert "clip accuracy" in data_sets.told(table, "others")[0]
    assert "external/others/clip_macro_f1" in data_sets.flat(table, "others", "network")


def test_one_subject_has_scores_without_bounds():
    table = data_sets.score_table(
        np.array([[1.0], [0.0]]),
        {"network": np.array([[0.9], [0.2]])},
        {"network": np.array([0.5])},
        ["joy"],
        np.array([0, 0]),
        np.array([0, 1]),
        Resampling(100, 0, 0.95),
        positive_at=0.5,
    )
    assert data_sets.macro_scores(table)["network"]["f1"] == {
        "value": 1,
        "low": None,
        "high": None,
    }
    assert "(- to -)" in data_sets.told(table, "others")[0]
