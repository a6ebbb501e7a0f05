import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.card import profile
from pipeline.data.card.profile import BINS, Profile, ProfileCounter
from pipeline.data.features.feature_map import read_feature_map
from pipeline.errors import InputError

ITEMS = ["AU06_r", "predicted/happiness"]


def words(*names: str) -> pa.DictionaryArray:
    return pa.array(names, pa.string()).dictionary_encode()


def counted(*batches: tuple[tuple[str, ...], list[list[float]]]) -> Profile:
    counter = ProfileCounter(ITEMS)
    for names, values in batches:
        counter.add(words(*names), np.array(values, dtype=np.float32).reshape(-1, 2))
    return counter.profile()


def test_counts_exact_zeros_apart_and_ends_bins_at_hundredths_of_the_range():
    found = counted((("a",) * 5, [[0, 0], [0.01, 1], [0.05, 0.01], [0.06, 0.011], [5, 0.15]]))
    assert np.flatnonzero(found.counts[0, 0]).tolist() == [0, 1, 2, BINS]
    assert found.counts[0, 0, 1] == 2
    assert np.flatnonzero(found.counts[0, 1]).tolist() == [0, 1, 2, 15, BINS]
    assert found.frames == 5


def test_gives_the_same_whatever_the_batches_and_their_dictionaries():
    rows = [[1, 0.1], [2, 0.2], [3, 0.3]]
    once = counted((("b", "a", "b"), rows))
    twice = counted((("b",), rows[:1]), ((), []), (("a", "b"), rows[1:]))
    assert once.counts.shape == (2, 2, BINS + 1)
    assert once.counts.sum(axis=2)[:, 0].tolist() == [1, 2]  # a, then b
    np.testing.assert_array_equal(once.counts, twice.counts)


def test_a_file_gives_back_what_was_written_and_names_nobody(tmp_path):
    found = counted((("Jane", "Joan", "Jane"), [[1, 0.1], [2, 0.2], [0, 0]]))
    for name in ("one", "two"):
        profile.write(found, tmp_path / name)
    again = profile.read(tmp_path / "one")
    assert again.items == tuple(ITEMS)
    np.testing.assert_array_equal(again.counts, found.counts)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert b"Jane" not in (tmp_path / "one").read_bytes()


def test_says_how_to_get_a_profile_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"none\.parquet is not there\. Run `dvc repro train`"):
        profile.read(tmp_path / "none.parquet")


def test_counts_features_and_what_is_predicted_from_them():
    table = pa.table({"subject": words("a", "b"), "AU12_r": pa.array([0.0, 5.0], pa.float32())})
    features = read_feature_map(["AU12_r"])
    found = profile.of_model([table], features, ["happiness"], lambda rows: 1 - rows / 5)
    assert found.items == ("AU12_r", "predicted/happiness")
    assert found.counts.argmax(axis=2).tolist() == [[0, BINS], [BINS, 0]]
