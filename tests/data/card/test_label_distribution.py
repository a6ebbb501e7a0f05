import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.action_units import SPLITS
from pipeline.data.card.counting.histogram import Histogram
from pipeline.data.card.label_distribution import Distribution
from pipeline.data.frames import find_runs


def runs_of(subjects, splits):
    columns = {"subject": subjects, "split": splits}
    table = pa.table({name: pa.array(words) for name, words in columns.items()})
    for name in columns:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].dictionary_encode())
    return find_runs(table, clips=False)


def distribution_of(labels, subjects, splits, emotions="abc"):
    counted = Distribution(list(emotions)[: len(labels[0])])
    counted.add(np.array(labels, dtype=np.float32), runs_of(subjects, splits))
    return counted


def codes(counted):
    return [found["code"] for found in counted.warnings()]


def test_counts_per_split_and_finds_identical_emotions():
    labels = [[0.2, 0.2, 0], [0.5, 0.5, 1], [0.1, 0.1, 0]]
    counted = distribution_of(labels, ["S1", "S1", "S2"], ["train", "train", "test"])
    rows = {(row["split"], row["emotion"]): row for row in counted.rows()}
    assert rows["train", "a"]["above_0_1"] == 2
    assert rows["train", "a"]["at_least_0_5"] == 1
    assert rows["test", "a"]["above_0_1"] == 0
    assert rows["val", "a"]["q50"] is None
    assert rows["all", "c"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    messages = [w["message"] for w in counted.warnings() if w["code"] == "identical_labels"]
    assert len(messages) == 1
    assert messages[0].startswith("a and b")


def test_batches_count_as_the_whole():
    random = np.random.default_rng(0)
    labels = random.random((60, 3)).astype(np.float32)
    subjects = np.sort(random.choice(["S1", "S2", "S3", "S4"], 60)).tolist()
    split = {"S1": "train", "S2": "train", "S3": "val", "S4": "test"}
    splits = [split[subject] for subject in subjects]
    whole = distribution_of(labels, subjects, splits)
    parts = Distribution(["a", "b", "c"])
    for rows in (slice(0, 7), slice(7, 41), slice(41, 60)):
        parts.add(labels[rows], runs_of(subjects[rows], splits[rows]))
    assert parts.rows() == whole.rows()
    assert parts.correlations() == whole.correlations()
    assert parts.drift() == whole.drift()
    (first, *_) = whole.correlations()
    assert first["correlation"] == pytest.approx(
        np.corrcoef(labels[:, 0], labels[:, 1])[0, 1], abs=1e-4
    )


def test_emotions_that_are_nearly_one_are_named():
    ramp = np.linspace(0, 1, 50)
    labels = np.stack([ramp, ramp**1.1, ramp[::-1]], axis=1)
    counted = distribution_of(labels, ["S1"] * 50, ["train"] * 50)
    (found,) = [w for w in counted.warnings() if w["code"] == "correlated_labels"]
    assert "(correlation): a and b 0.99" in found["message"]
    assert found["number"] == 1


def test_a_label_that_never_varies_correlates_with_nothing():
    counted = distribution_of([[0.3, 0.9], [0.3, 0.1]], ["S1", "S1"], ["train", "train"])
    assert counted.correlations()[0]["correlation"] is None


def test_lopsided_labels_are_named_with_their_ratio():
    labels = [[1, 0]] * 60 + [[0, 1]] * 3
    counted = distribution_of(labels, ["S1"] * 63, ["train"] * 63)
    (found,) = [w for w in counted.warnings() if w["code"] == "imbalanced_labels"]
    assert found["number"] == 20
    assert "imbalanced_labels" not in codes(
        distribution_of(labels[3:], ["S1"] * 60, ["train"] * 60)
    )


@pytest.mark.parametrize("split", range(3))
def test_quantiles_are_those_of_the_values_to_half_a_step(split):
    values = np.random.default_rng(split).gamma(1, 1, 5000).clip(0, 5).astype(np.float32)
    counted = Histogram([(0.0, 5.0)])
    for part in np.array_split(values, 3):
        counted.add(0, part, np.full(len(part), split, dtype=np.int32))
    found = counted.quantiles(0, slice(split, split + 1))
    expected = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
    assert list(found.values()) == pytest.approx(expected, abs=0.0251)
    assert list(found) == ["q05", "q25", "q50", "q75", "q95"]
    for other in set(range(len(SPLITS))) - {split}:
        assert set(counted.quantiles(0, slice(other, other + 1)).values()) == {None}
