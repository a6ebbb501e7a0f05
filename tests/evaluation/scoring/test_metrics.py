"""Metrics against counts by hand, plain-Python oracles and scikit-learn."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import jensenshannon
from short_forms import score
from sklearn import metrics as sk

from pipeline.errors import InputError
from pipeline.evaluation.scoring.emotion_scores import epoch_scores
from pipeline.evaluation.scoring.metrics import MACRO, Scores

EMOTIONS = ["happiness", "anger"]
TRUE = np.array([[0.9, 0.0], [0.5, 0.0], [0.1, 0.0]])
PREDICTED = np.array([[0.8, 0.6], [0.4, 0.1], [0.6, 0.2]])

# Few distinct values, so that ties and undefined numbers are common.
LEVELS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=8))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    arrays = hnp.arrays(np.float64, shape, elements=LEVELS)
    return draw(arrays).astype(dtype), draw(arrays).astype(dtype)


def scored(true: Any, predicted: Any, thresholds: Any = 0.5) -> Scores:
    names = [f"e{i}" for i in range(np.shape(true)[1])]
    return score(true, predicted, names, positive_at=0.5, thresholds=thresholds)


def test_counts_three_rows_by_hand() -> None:
    found = score(TRUE, PREDICTED, EMOTIONS, positive_at=0.5, thresholds=[0.5, 0.3])
    assert found["rows"] == 3
    # happiness: tp, fn, fp; anger: fp, tn, tn
    assert found["overall"] == pytest.approx(
        {
            "binary_accuracy": 3 / 6,
            "precision": 1 / 3,
            "recall": 1 / 2,
            "f1": 2 / 5,
            "exact_match": 0.0,
            "mse": (0.01 + 0.01 + 0.25 + 0.36 + 0.01 + 0.04) / 6,
            "mae": (0.1 + 0.1 + 0.5 + 0.6 + 0.1 + 0.2) / 6,
            "brier": (0.04 + 0.36 + 0.36 + 0.36 + 0.01 + 0.04) / 6,
            "jsd": found["overall"]["jsd"],  # in the next test
        }
    )
    assert found["emotion"]["happiness"] == pytest.approx(
        {
            "binary_accuracy": 1 / 3,
            "precision": 1 / 2,
            "recall": 1 / 2,
            "f1": 1 / 2,
            "auroc": 1 / 2,
            "average_precision": (1 + 2 / 3) / 2,
            "mse": 0.09,
            "mae": 0.7 / 3,
            "positives": 2,
            "threshold": 0.5,
            "brier": (0.04 + 0.36 + 0.36) / 3,
            "ece": (0.2 + 0.6 + 0.6) / 3,  # three bins of one row
            "ccc": 2 * (0.08 / 3) / (0.32 / 3 + 0.08 / 3 + 0.01),
            "jsd": found["emotion"]["happiness"]["jsd"],
        }
    )


@settings(deadline=None)
@given(pairs())
def test_quality_agrees_with_scikit_learn_scipy_and_the_formula(pair: tuple[Any, Any]) -> None:
    found = scored(*pair)
    true, predicted = (array.astype(np.float64) for array in pair)
    for i, numbers in enumerate(found["emotion"].values()):
        t, p = true[:, i], predicted[:, i]
        _same(numbers["brier"], np.mean((p - (pair[0][:, i] >= 0.5)) ** 2))
        distances = [
            jensenshannon([a, 1 - a], [b, 1 - b], base=2) for a, b in zip(t, p, strict=True)
        ]
        assert numbers["jsd"] == pytest.approx(np.mean(np.nan_to_num(distances)), abs=1e-6)
        spread = t.var() + p.var() + (t.mean() - p.mean()) ** 2
        covariance = np.mean((t - t.mean()) * (p - p.mean()))
        _same(numbers["ccc"], 2 * covariance / spread if spread > 1e-9 else np.nan, within=1e-6)
    for metric in ("brier", "jsd"):
        mean = np.mean([numbers[metric] for numbers in found["emotion"].values()])
        assert found["overall"][metric] == pytest.approx(mean)


def test_undefined_numbers_are_none_and_left_out_of_macro_averages() -> None:
    found = score(TRUE, PREDICTED, EMOTIONS, positive_at=0.5, thresholds=[0.5, 0.3])
    anger = found["emotion"]["anger"]
    assert anger["recall"] is None
    assert anger["auroc"] is None
    assert anger["average_precision"] is None
    assert anger["f1"] == 0.0
    assert found["macro"]["auroc"] == found["emotion"]["happiness"]["auroc"]
    assert found["macro"]["f1"] == 0.25
    assert found["emotions_defined"] == {
        "binary_accuracy": 2,
        "precision": 2,
        "recall": 1,
        "f1": 2,
        "auroc": 1,
        "average_precision": 1,
        "ece": 2,
        "ccc": 2,
    }


def test_nothing_labelled_and_nothing_predicted_has_no_f1() -> None:
    found = scored([[0.0]], [[0.0]])
    assert found["emotion"]["e0"]["f1"] is None
    assert found["overall"]["precision"] is None
    assert found["macro"]["f1"] is None
    assert found["emotions_defined"]["f1"] == 0
    assert found["overall"]["binary_accuracy"] == 1.0


def test_all_positive_labels_leave_ranks_undefined() -> None:
    emotion = scored([[1.0], [0.5]], [[0.9], [0.1]])["emotion"]["e0"]
    assert emotion["auroc"] is None
    assert emotion["average_precision"] is None
    assert emotion["recall"] == 0.5


def test_constant_predictions_rank_at_chance() -> None:
    emotion = scored([[1.0], [0.0], [0.0], [0.0]], np.full((4, 1), 0.3))["emotion"]["e0"]
    assert emotion["auroc"] == 0.5
    assert emotion["average_precision"] == 0.25


def test_float32_label_at_the_bound_is_positive() -> None:
    true = np.array([[0.7]], dtype=np.float32)
    found = score(true, true, ["a"], positive_at=0.7, thresholds=0.7)
    assert found["emotion"]["a"]["positives"] == 1
    assert found["emotion"]["a"]["recall"] == 1.0


@settings(deadline=None)
@given(pairs())
def test_agrees_with_scikit_learn(pair: tuple[Any, Any]) -> None:
    true, predicted = pair
    found = scored(true, predicted)
    labels, said = true >= 0.5, predicted >= 0.5
    micro = sk.precision_recall_fscore_support(
        labels.ravel(), said.ravel(), average="binary", zero_division=np.nan
    )
    for metric, expected in zip(("precision", "recall", "f1"), micro[:3], strict=True):
        _same(found["overall"][metric], expected)
    _same(found["overall"]["exact_match"], (labels == said).all(axis=1).mean())
    _same(found["overall"]["mse"], sk.mean_squared_error(true, predicted))
    for i, numbers in enumerate(found["emotion"].values()):
        label, score_ = labels[:, i], predicted[:, i]
        _same(numbers["binary_accuracy"], sk.accuracy_score(label, said[:, i]))
        _same(numbers["mae"], sk.mean_absolute_error(true[:, i], score_))
        both = len(set(label)) == 2
        _same(numbers["auroc"], sk.roc_auc_score(label, score_) if both else np.nan)
        expected = sk.average_precision_score(label, score_) if both else np.nan
        _same(numbers["average_precision"], expected)


@settings(deadline=None)
@given(pairs(), st.lists(LEVELS, min_size=8, max_size=8))
def test_agrees_with_counting_in_plain_python(
    pair: tuple[Any, Any], thresholds: list[float]
) -> None:
    true, predicted = pair
    bounds = thresholds[: true.shape[1]]
    found = scored(true, predicted, bounds)
    for i, numbers in enumerate(found["emotion"].values()):
        cells = [
            (bool(t >= 0.5), bool(p >= np.asarray(bounds[i], p.dtype)))
            for t, p in zip(true[:, i], predicted[:, i], strict=True)
        ]
        tp, fp, fn = (cells.count(kind) for kind in ((True, True), (False, True), (True, False)))
        assert numbers["positives"] == tp + fn
        assert numbers["threshold"] == bounds[i]
        assert numbers["precision"] == (tp / (tp + fp) if tp + fp else None)
        assert numbers["recall"] == (tp / (tp + fn) if tp + fn else None)
        assert numbers["f1"] == (2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None)


@settings(deadline=None)
@given(pairs())
def test_macro_averages_what_is_defined_and_json_takes_it(pair: tuple[Any, Any]) -> None:
    found = scored(*pair)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for metric in MACRO:
        numbers = (emotion[metric] for emotion in found["emotion"].values())
        values = [number for number in numbers if number is not None]
        assert found["emotions_defined"][metric] == len(values)
        _same(found["macro"][metric], float(np.mean(values)) if values else np.nan)


@settings(deadline=None)
@given(pairs())
def test_epoch_scores_are_the_same_numbers_flat(pair: tuple[Any, Any]) -> None:
    found = scored(*pair)
    names = list(found["emotion"])
    flat = epoch_scores(*pair, names, 0.5, 0.5)
    expected = {
        f"val_{metric}/{name}": numbers[metric]
        for metric in ("f1", "auroc", "average_precision", "mae")
        for name, numbers in found["emotion"].items()
    } | {f"val_{m}": found["macro"][m] for m in ("f1", "auroc", "average_precision")}
    maes = [numbers["mae"] for numbers in found["emotion"].values()]
    expected["val_mae"] = float(np.mean([mae for mae in maes if mae is not None]))
    assert flat == {key: value for key, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    ("true", "predicted", "emotions", "message"),
    [
        ([[0.0, np.nan]], [[0.0, 0.0]], EMOTIONS, "true labels: row 0, column 1 is nan"),
        ([[0.0, 0.0]], [[np.inf, 0.0]], EMOTIONS, "predictions: row 0, column 0 is inf"),
        ([[0.0, 0.0]], [[0.0]], EMOTIONS, r"shape \(1, 2\), predictions \(1, 1\)"),
        ([[0.0]], [[0.0]], EMOTIONS, "1 columns were given for 2 emotions"),
        ([0.0, 0.0], [0.0, 0.0], EMOTIONS, r"have the shape \(2,\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), EMOTIONS, r"have the shape \(0, 2\)"),
        ([[0.0, 0.0]], [[3.2, 0.0]], EMOTIONS, "range from 0 to 3.2"),
        ([[0.0, -0.5]], [[0.0, 0.0]], EMOTIONS, "range from -0.5 to 0"),
    ],
)
def test_refuses_arrays_that_do_not_fit(
    true: Any, predicted: Any, emotions: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        score(true, predicted, emotions, positive_at=0.5, thresholds=0.5)
    with pytest.raises(InputError, match=message):
        epoch_scores(true, predicted, emotions, 0.5, 0.5)


def test_takes_whole_numbers_as_labels() -> None:
    assert scored([[1], [0]], [[1], [0]])["emotion"]["e0"]["positives"] == 1


def _same(found: float | None, expected: float, within: float | None = None) -> None:
    if math.isnan(expected):
        assert found is None
    else:
        assert found == pytest.approx(expected, rel=1e-5, abs=within)
