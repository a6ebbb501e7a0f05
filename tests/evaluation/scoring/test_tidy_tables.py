"""Tables of predictions, counts and scores; the audit of the rule; curves."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from short_forms import score
from sklearn.metrics import auc, roc_auc_score

from pipeline.errors import InputError
from pipeline.evaluation.explaining.rule_audit import rule_audit
from pipeline.evaluation.scoring import tidy_tables
from pipeline.report.figures import curve_points

EMOTIONS = ["happiness", "anger"]
TRUE = np.array([[0.9, 0.0], [0.5, 0.0], [0.1, 0.3]], dtype=np.float32)
PREDICTED = np.array([[0.8, 0.6], [0.4, 0.1], [0.6, 0.2]], dtype=np.float32)


def test_mean_predictions_of_three_rows() -> None:
    found = tidy_tables.mean_predictions(TRUE, PREDICTED, EMOTIONS, "test", 0.5)
    expected = pd.DataFrame(
        {
            "split": ["test", "test"],
            "emotion": EMOTIONS,
            "mean_predicted": [0.6, 0.3],
            "mean_true": [0.5, 0.1],
            "difference": [0.1, 0.2],
            "share_predicted_above": [2 / 3, 1 / 3],
            "share_true_above": [2 / 3, 0.0],
        }
    )
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


def test_confusion_counts_three_rows() -> None:
    found = tidy_tables.confusion(TRUE, PREDICTED, EMOTIONS, positive_at=0.5, thresholds=[0.5, 0.2])
    assert found.to_dict("records") == [
        {"emotion": "happiness", "tp": 1, "fp": 1, "fn": 1, "tn": 0},
        {"emotion": "anger", "tp": 0, "fp": 2, "fn": 0, "tn": 1},
    ]


def test_metrics_table_lists_every_number_once() -> None:
    found = score(TRUE, PREDICTED, EMOTIONS, positive_at=0.5, thresholds=0.5)
    table = tidy_tables.metrics_table({"network": found, "constant": found})
    assert not table.duplicated(["model", "scope", "emotion", "metric"]).any()
    one = table[(table["model"] == "constant") & (table["emotion"] == "anger")]
    values = dict(zip(one["metric"], one["value"], strict=True))
    assert np.isnan(values.pop("auroc"))
    expected = {key: n for key, n in found["emotion"]["anger"].items() if n is not None}
    assert {key: value for key, value in values.items() if not np.isnan(value)} == expected
    macro = table[(table["model"] == "network") & (table["scope"] == "macro")]
    assert macro["emotion"].isna().all()
    assert set(macro["metric"]) == set(found["macro"])


CATEGORIES = st.sampled_from(["happy", "sad", "calm", None])


@settings(deadline=None)
@given(st.lists(st.tuples(CATEGORIES, st.sampled_from([0.0, 0.2, 0.9])), min_size=1, max_size=15))
def test_audit_agrees_with_scikit_learn(rows: list[tuple[str | None, float]]) -> None:
    human = pd.Series([row[0] for row in rows], dtype="str")
    rules = pd.DataFrame({"joy": [row[1] for row in rows], "none": 0.0})
    found = rule_audit(rules, human)
    named = human.dropna()
    assert list(zip(found["emotion"], found["category"], strict=True)) == list(
        itertools.product(["joy", "none"], sorted(set(named)))
    )
    for line in found.to_dict("records"):
        positive = named == line["category"]
        assert (line["positives"], line["rows"]) == (positive.sum(), len(named))
        if positive.all():
            assert np.isnan(line["auroc"])
        else:
            expected = roc_auc_score(positive, rules.loc[named.index, line["emotion"]])
            assert line["auroc"] == pytest.approx(expected)


def test_audit_refuses_other_rows_and_nan() -> None:
    rules = pd.DataFrame({"joy": [0.1, 0.2]})
    with pytest.raises(InputError, match="different indexes"):
        rule_audit(rules, pd.Series(["a", "b"], index=[5, 6]))
    with pytest.raises(InputError, match="rule scores: row 1, column 0 is nan"):
        rule_audit(pd.DataFrame({"joy": [0.1, np.nan]}), pd.Series(["a", "b"]))


def test_roc_points_enclose_the_auroc_after_thinning() -> None:
    random = np.random.default_rng(0)
    true = random.random((5000, 1))
    predicted = np.clip(true * 0.5 + random.random((5000, 1)) * 0.5, 0, 1)
    points = curve_points.roc_points(true, predicted, ["joy"], 0.5)
    assert 50 < len(points) <= curve_points.MOST_POINTS
    assert points.iloc[[0, -1], 1:].to_numpy().tolist() == [[0, 0], [1, 1]]
    area = auc(points["false_positive_rate"], points["true_positive_rate"])
    assert area == pytest.approx(roc_auc_score(true[:, 0] >= 0.5, predicted[:, 0]), abs=2e-3)


def test_precision_recall_points_run_from_full_recall_to_none() -> None:
    random = np.random.default_rng(1)
    true, predicted = random.random((3000, 1)), random.random((3000, 1))
    points = curve_points.precision_recall_points(true, predicted, ["joy"], 0.5)
    assert len(points) <= curve_points.MOST_POINTS
    assert points["recall"].is_monotonic_decreasing
    assert points["precision"].iloc[0] == pytest.approx((true >= 0.5).mean())
    assert points.iloc[-1][["recall", "precision"]].tolist() == [0, 1]


def test_short_curves_keep_every_point() -> None:
    points = curve_points.roc_points([[1.0], [0.0], [1.0]], [[0.9], [0.5], [0.1]], ["joy"], 0.5)
    assert points.to_numpy()[:, 1:].tolist() == [[0, 0], [0, 0.5], [1, 0.5], [1, 1]]


def test_emotions_with_one_class_have_no_curve() -> None:
    for trace in (curve_points.roc_points, curve_points.precision_recall_points):
        assert set(trace(TRUE, PREDICTED, EMOTIONS, 0.5)["emotion"]) == {"happiness"}
        none = trace(np.zeros((2, 2)), np.zeros((2, 2)), EMOTIONS, 0.5)
        assert none.empty
        assert none.shape[1] == 3


def test_reliability_averages_within_bins() -> None:
    points = curve_points.reliability_points(
        [[0.0], [1.0], [0.5], [1.0]], [[0.02], [0.08], [0.55], [1.0]], ["joy"]
    )
    expected = pd.DataFrame(
        {
            "emotion": "joy",
            "mean_predicted": [0.05, 0.55, 1.0],
            "mean_true": [0.5, 0.5, 1.0],
            "rows": [2, 1, 1],
        }
    )
    pd.testing.assert_frame_equal(points, expected)
