"""Each person's own level and spread are taken out, as far as the person is known."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.card.level_warnings import level_warnings, own_spread
from pipeline.data.features.feature_map import (
    UNKNOWN,
    FeatureMap,
    fit_feature_map,
    own_levels,
    read_feature_map,
)

COLUMNS = ("AU06_r", "AU12_r", "AU45_r")
PEOPLE, CLIPS, FRAMES = 8, 30, 4


def recordings(people=PEOPLE, clips=CLIPS, frames=FRAMES, seed=0, offset=1.0, spread=0.5):
    """Give AUs, subject and clip codes: each person has a level and a spread of his own."""
    random = np.random.default_rng(seed)
    shape = people, clips, frames, len(COLUMNS)
    level = offset * random.random((people, 1, 1, len(COLUMNS)))
    width = 0.2 + spread * random.random((people, 1, 1, len(COLUMNS)))
    values = level + width * (random.random((people, clips, 1, 3)) + 0.1 * random.random(shape))
    subject, clip, _ = np.indices(shape[:3])
    return values.reshape(-1, 3).astype(np.float32), subject.ravel(), clip.ravel()


def fitted(rows, *, square_root=False, calibrate=True, shrink_clips=5.0):
    return fit_feature_map(
        COLUMNS, *rows, square_root=square_root, calibrate=calibrate, shrink_clips=shrink_clips
    )


def test_without_calibration_features_are_the_columns_or_their_roots():
    values, subject, clip = recordings()
    plain = fitted((values, subject, clip), calibrate=False)
    rooted = fitted((values, subject, clip), calibrate=False, square_root=True)
    np.testing.assert_array_equal(plain(values, subject, clip), values)
    np.testing.assert_array_equal(rooted(values, subject, clip), np.sqrt(values))


def test_levels_count_clips_alike_however_long_they_are():
    values = np.array([[0.0], [4.0], [4.0], [4.0]], dtype=np.float32)
    levels = own_levels(values, np.zeros(4, int), np.array([0, 1, 1, 1]))
    assert levels.clips.tolist() == [2]
    assert levels.mean.tolist() == [[2.0]]
    assert levels.variance.tolist() == [[4.0]]
    assert levels.between.tolist() == [[8.0]]


def test_equal_names_of_clips_of_two_people_are_two_clips():
    values = np.array([[0.0], [2.0], [4.0]], dtype=np.float32)
    levels = own_levels(values, np.array([0, 0, 1]), np.array([0, 1, 0]))
    assert levels.clips.tolist() == [2, 1]
    assert levels.mean.ravel().tolist() == [1.0, 4.0]


def test_person_with_many_clips_is_brought_to_the_training_people():
    train, new = recordings(), recordings(people=1, clips=5000, frames=1, seed=9, offset=3.0)
    features = fitted(train)
    found = features(*new)
    np.testing.assert_allclose(found.mean(axis=0), features.population.mean, atol=0.01)
    np.testing.assert_allclose(found.var(axis=0), features.population.variance, rtol=0.01)


def test_shrinking_adds_so_many_clips_of_the_training_people():
    train = recordings()
    features = fitted(train, shrink_clips=6.0)
    people = features.population
    values = np.array([[3.0, 3.0, 3.0], [5.0, 5.0, 5.0]], dtype=np.float32)
    mean = (2 * 4.0 + 6 * people.mean) / 8
    spread = np.sqrt((2 * 1.0 + 6 * people.variance) / 8)
    expected = people.mean + (values - mean) * np.sqrt(people.variance) / spread
    found = features(values, np.zeros(2, int), np.arange(2))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_unknown_person_stays_as_he_is():
    features = fitted(recordings())
    values, subject, clip = recordings(seed=3)
    found = features(values, np.full_like(subject, UNKNOWN), clip)
    np.testing.assert_allclose(found, values, atol=1e-6)


def test_unknown_person_tells_nothing_of_others():
    features = fitted(recordings())
    values, subject, clip = recordings(seed=3)
    mixed = np.where(subject == 0, UNKNOWN, subject)
    alone = subject > 0
    np.testing.assert_array_equal(
        features(values, mixed, clip)[alone], features(values[alone], subject[alone], clip[alone])
    )


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=20, deadline=None)
def test_order_of_rows_and_numbering_of_people_do_not_matter(random, square_root):
    features = fitted(recordings(), square_root=square_root)
    values, subject, clip = recordings(seed=3)
    order = np.array(random.sample(range(len(values)), len(values)))
    names = np.array(random.sample(range(20), PEOPLE))
    found = features(values[order], names[subject[order]], clip[order])
    np.testing.assert_allclose(found, features(values, subject, clip)[order], atol=1e-5)


@given(
    st.floats(0, 2),
    st.floats(0.25, 2),
    st.integers(0, 2),
)
@settings(max_examples=30, deadline=None)
def test_level_and_spread_of_a_known_person_do_not_matter(level, spread, column):
    features = fitted(recordings(), shrink_clips=0.001)
    values, subject, clip = recordings(seed=3)
    changed = values.copy()
    changed[:, column] = level + spread * changed[:, column]
    found = features(changed, subject, clip)
    # What little of the training people is mixed in remains.
    np.testing.assert_allclose(found, features(values, subject, clip), atol=0.005)


def test_calibration_keeps_the_order_of_a_persons_rows():
    features = fitted(recordings(), square_root=True)
    values, subject, clip = recordings(people=1, seed=3)
    found = features(values, subject, clip)
    assert (np.argsort(found[:, 0]) == np.argsort(values[:, 0], kind="stable")).all()


def test_what_never_moves_stays_finite():
    values, subject, clip = recordings()
    still = values.copy()
    still[:, 1] = 0.0
    features = fitted((still, subject, clip))
    assert features(still, subject, clip)[:, 1].tolist() == [0.0] * len(still)
    # Nothing was learned from it, so what it does now says nothing either.
    assert np.ptp(features(values, subject, clip)[:, 1]) == 0.0


def test_one_row_a_person_is_near_to_no_calibration():
    values = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    rows = values, np.arange(50), np.zeros(50, int)
    features = fitted(rows)
    found = features(*rows)
    assert np.isfinite(found).all()
    correlation = [np.corrcoef(found[:, i], values[:, i])[0, 1] for i in range(3)]
    assert min(correlation) > 0.999


def test_no_rows_give_no_features():
    features = fitted(recordings())
    nobody = np.empty(0, int)
    assert features(np.empty((0, 3), np.float32), nobody, nobody).shape == (0, 3)


@pytest.mark.parametrize("calibrate", [True, False])
def test_features_survive_json(calibrate):
    rows = recordings()
    features = fitted(rows, square_root=True, calibrate=calibrate)
    again = read_feature_map(json.loads(json.dumps(features.lay_out())))
    assert isinstance(again, FeatureMap)
    assert again.columns == COLUMNS
    np.testing.assert_array_equal(again(*rows), features(*rows))


def test_module_runs_where_only_numpy_is():
    code = (
        "import runpy, sys; runpy.run_path('pipeline/data/features/feature_map.py');"
        "print([m for m in ('pandas', 'pyarrow', 'tensorflow', 'pipeline') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def warned(features, rows):
    names = [f"s{i}" for i in range(rows[1].max() + 1)]
    levels = features.levels(*rows)
    found = level_warnings(levels, names, features.population, features.shrink_clips)
    return {item["code"]: item for item in found}


def test_people_with_many_varied_clips_give_no_warning():
    assert warned(fitted(recordings()), recordings(seed=3)) == {}


def test_few_clips_warn_with_the_lowest_number():
    values, subject, clip = recordings(seed=3)
    kept = (subject > 1) | (clip < 2 + subject)
    found = warned(fitted(recordings()), (values[kept], subject[kept], clip[kept]))
    assert list(found) == ["few_own_clips"]
    assert found["few_own_clips"]["number"] == 2
    assert "2 people" in found["few_own_clips"]["message"]
    assert "s0 2, s1 3" in found["few_own_clips"]["message"]


def test_clips_that_hardly_differ_warn_with_the_lowest_spread():
    values, subject, clip = recordings(seed=3)
    mine = subject == 4
    values[mine] = values[mine].mean(axis=0) + 0.2 * (values[mine] - values[mine].mean(axis=0))
    features = fitted(recordings())
    found = warned(features, (values, subject, clip))
    assert list(found) == ["one_sided_clips"]
    spread = own_spread(features.levels(values, subject, clip), features.population)
    assert found["one_sided_clips"]["number"] == round(spread[4], 2) == round(spread.min(), 2)
    assert "1 people" in found["one_sided_clips"]["message"]


def test_one_clip_says_nothing_of_its_spread():
    rows = recordings(clips=1)
    features = fitted(rows, shrink_clips=1.0)
    assert warned(features, rows) == {}
