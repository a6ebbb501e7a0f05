"""Logistic regression on soft labels."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.errors import InputError
from pipeline.evaluation.baselines import logistic_regression
from pipeline.evaluation.baselines.logistic_regression import fit_logistic


def test_hard_labels_give_the_plain_regression() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 3))
    hard = (features[:, [0]] + random.normal(size=(200, 1)) > 0).astype(float)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    plain = LogisticRegression(tol=1e-8).fit(scaled, hard[:, 0])
    found = fit_logistic(features, hard).predict(features)
    np.testing.assert_allclose(found[:, 0], plain.predict_proba(scaled)[:, 1], atol=1e-3)


def test_soft_labels_count_by_their_weight() -> None:
    # One value of the feature, so only the intercept is fitted: it must give the mean label.
    soft = np.array([[0.2], [0.7], [0.9]])
    found = fit_logistic(np.zeros((3, 1)), soft).predict(np.zeros((1, 1)))
    assert found[0, 0] == pytest.approx(0.6, abs=1e-4)


def test_recovers_the_probabilities_behind_soft_labels() -> None:
    features = np.random.default_rng(1).normal(size=(5000, 2))
    soft = 1 / (1 + np.exp(-features @ np.array([[1.0, -1.0], [0.5, 0.0]])))
    found = fit_logistic(features, soft).predict(features)
    assert found.shape == (5000, 2)
    np.testing.assert_allclose(found, soft, atol=0.01)


def test_scale_of_features_does_not_matter() -> None:
    random = np.random.default_rng(2)
    features, soft = random.normal(size=(100, 2)), random.random((100, 1))
    scaled = features * [1000, 0.001] + 7
    np.testing.assert_allclose(
        fit_logistic(features, soft).predict(features),
        fit_logistic(scaled, soft).predict(scaled),
        atol=1e-6,
    )


def test_emotions_with_one_label_predict_it() -> None:
    labels = np.array([[0.0, 1.0, 0.3], [0.0, 1.0, 0.3]])
    found = fit_logistic([[1.0], [2.0]], labels).predict([[5.0]])
    assert found[0, :2].tolist() == [0.0, 1.0]
    assert found[0, 2] == pytest.approx(0.3, abs=1e-4)


def test_refuses_nan_and_arrays_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="features: row 0, column 0 is nan"):
        fit_logistic([[np.nan]], [[1.0]])
    with pytest.raises(InputError, match="2 rows of features were given for 1 rows of labels"):
        fit_logistic([[0.0], [1.0]], [[1.0]])
    with pytest.raises(InputError, match="training labels range from 0 to 2"):
        fit_logistic([[0.0], [1.0]], [[0.0], [2.0]])
    with pytest.raises(InputError, match="features have 2 columns; the regression was fitted on 1"):
        fit_logistic([[0.0], [1.0]], [[0.0], [1.0]]).predict([[0.0, 1.0]])


def test_predicts_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    features = random.normal(size=(50, 2)).astype(np.float32)
    model = fit_logistic(features, random.random((50, 2)))
    whole = model.predict(features)
    monkeypatch.setattr(logistic_regression, "_AT_ONCE", 7)
    np.testing.assert_array_equal(model.predict(features), whole)
