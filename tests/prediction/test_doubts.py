"""New people are compared with those of training, and calibrated ones counted."""

import numpy as np
import pyarrow as pa
from small_model import COLUMNS, EMOTIONS, calibrating, frames_of, linear, small_model

from pipeline.data.card import profile
from pipeline.data.card.level_warnings import warn_of_people
from pipeline.data.features.frame_features import make_features
from pipeline.data.frames import RowGroupWriter
from pipeline.drift.shift_test import DriftBounds
from pipeline.prediction import doubts
from pipeline.prediction.batches import Batch
from pipeline.prediction.doubts import NewProfile, OwnLevels, drift_line

BOUNDS = DriftBounds(level=0.01, psi=0.2, permutations=200, seed=7)


def batch(table: pa.Table, features=None) -> Batch:
    model = small_model(features)
    return Batch(table, linear(make_features(table, model.features)))


def counted(people: int, seed: int = 0, scale: float = 1.0) -> profile.Profile:
    table = frames_of([f"P{i:02}" for i in range(people)], 2, 20, seed)
    for place, name in enumerate(COLUMNS[:2], start=3):
        moved = pa.array(table[name].to_numpy() * np.float32(scale))
        table = table.set_column(place, name, moved)
    new = NewProfile(small_model())
    new.add(batch(table))
    return new.profile()


def test_the_profile_is_what_drift_counts():
    table = frames_of(["A", "B", "C"], 2, 4)
    new = NewProfile(small_model())
    new.add(batch(table.slice(0, 8)))
    new.add(batch(table.slice(8)))
    expected = profile.of_model([table], small_model().features, EMOTIONS, linear)
    assert new.profile().items == expected.items
    np.testing.assert_array_equal(new.profile().counts, expected.counts)


def test_only_so_many_people_are_counted(monkeypatch):
    monkeypatch.setattr(doubts, "MOST_PEOPLE", 3)
    new = NewProfile(small_model())
    for people in (["A", "B"], ["C", "D"], ["E"]):
        new.add(batch(frames_of(people, 1, 4)))
    assert new.profile().counts.shape[0] == 3
    assert new.profile().frames == 12


def test_says_in_one_line_whether_people_are_unlike_those_of_training():
    training = counted(12)
    model = small_model(profile=training)
    assert drift_line(model, counted(8, seed=1), BOUNDS).startswith("No drift")
    line = drift_line(model, counted(8, seed=1, scale=0.3), BOUNDS)
    assert line.startswith("Drift: the people are unlike those of training")
    assert "AU " in line
    assert "\n" not in line
    assert "2 of training" in drift_line(small_model(profile=counted(2)), counted(8), BOUNDS)
    assert "has no profile" in drift_line(small_model(), training, BOUNDS)


def test_calibrated_people_are_warned_of_as_the_pipeline_does(tmp_path):
    features = calibrating()
    table = pa.concat_tables([frames_of(["A"], 2, 4), frames_of(["B"], 9, 4)]).unify_dictionaries()
    levels = OwnLevels(small_model(features))
    for rows in (table.slice(0, 8), table.slice(8)):
        levels.add(batch(rows, features))
    with RowGroupWriter(tmp_path / "frames.parquet", table.schema) as writer:
        writer.write(table)
    expected = warn_of_people(tmp_path / "frames.parquet", features)
    assert [item["code"] for item in expected][:1] == ["few_own_clips"]
    assert levels.warnings() == expected
    assert OwnLevels(small_model()).warnings() == []
