"""The bootstrap over subjects against resampling rows one by one and scoring each resample."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from short_forms import metric_samples
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from pipeline.errors import InputError
from pipeline.evaluation.resampling import bootstrap
from pipeline.evaluation.resampling.bootstrap import (
    Interval,
    Samples,
    difference,
    draw_subjects,
    interval,
)
from pipeline.evaluation.scoring import ranking, sum_scores

EMOTIONS = ("joy", "fear")
SETTINGS = {"positive_at": 0.5, "thresholds": [0.4, 0.6]}


def world(rows: int = 90, subjects: int = 6, seed: int = 1, decimals: int = 1):
    random = np.random.default_rng(seed)
    true = random.random((rows, 2)).round(2)
    predicted = np.clip(true + random.normal(0, 0.4, true.shape), 0, 1).round(decimals)
    return true, predicted, np.array([f"S{i:05d}" for i in random.integers(0, subjects, rows)])


def plain_ccc(true, predicted):
    gap = (true.mean() - predicted.mean()) ** 2
    covariance = np.mean((true - true.mean()) * (predicted - predicted.mean()))
    return 2 * covariance / (true.var() + predicted.var() + gap)


def plain_jsd(true, predicted):
    pairs = zip(true, predicted, strict=True)
    return np.mean([jensenshannon([t, 1 - t], [p, 1 - p], base=2) for t, p in pairs])


ORACLES = {
    "f1": lambda t, p, y, s: f1_score(y, s),
    "precision": lambda t, p, y, s: precision_score(y, s),
    "recall": lambda t, p, y, s: recall_score(y, s),
    "binary_accuracy": lambda t, p, y, s: accuracy_score(y, s),
    "auroc": lambda t, p, y, s: roc_auc_score(y, p),
    "average_precision": lambda t, p, y, s: average_precision_score(y, p),
    "mse": lambda t, p, y, s: np.mean((t - p) ** 2),
    "mae": lambda t, p, y, s: np.mean(np.abs(t - p)),
    "brier": lambda t, p, y, s: brier_score_loss(y, p),
    "ccc": lambda t, p, y, s: plain_ccc(t, p),
    "jsd": lambda t, p, y, s: plain_jsd(t, p),
}


def test_every_metric_but_ece_has_an_oracle() -> None:
    assert set(bootstrap.METRICS) - {"ece"} == set(ORACLES)


@pytest.mark.parametrize("metric", ORACLES)
def test_equals_scoring_the_rows_of_each_resample(metric: str) -> None:
    true, predicted, subject = world()
    found = metric_samples(
        true, predicted, subject, EMOTIONS, metric, **SETTINGS, resamples=20, seed=3
    )
    names = np.unique(subject)
    draws = draw_subjects(len(names), 20, 3)
    resamples = [np.arange(len(true))]
    for counts in draws:
        drawn = np.repeat(names, counts)
        resamples.append(np.concatenate([np.flatnonzero(subject == name) for name in drawn]))
    for i, rows in enumerate(resamples):
        for e, threshold in enumerate(SETTINGS["thresholds"]):
            t, p = true[rows, e], predicted[rows, e]
            expected = ORACLES[metric](t, p, t >= 0.5, p >= threshold)
            got = found.point[e] if i == 0 else found.samples[i - 1, e]
            assert got == pytest.approx(expected, abs=1e-9), (i, e)


def test_calibration_error_against_a_loop_over_bins() -> None:
    true, _, subject = world()
    predicted = np.random.default_rng(8).random(true.shape)
    found = metric_samples(
        true, predicted, subject, EMOTIONS, "ece", **SETTINGS, resamples=2, seed=3
    )
    for e in range(2):
        p, y = predicted[:, e], true[:, e] >= 0.5
        bins = sum_scores.bins_of(p)
        assert np.bincount(bins).tolist() == [9] * 10
        expected = 0.0
        for k in np.unique(bins):
            inside = bins == k
            expected += inside.mean() * abs(p[inside].mean() - y[inside].mean())
        assert found.point[e] == pytest.approx(expected)


def test_equal_probabilities_share_a_bin() -> None:
    assert len(np.unique(sum_scores.bins_of(np.full(50, 0.3, dtype=np.float32)))) == 1


def test_many_distinct_scores_stay_within_the_stated_error(monkeypatch) -> None:
    monkeypatch.setattr(ranking, "QUANTILES", 64)
    random = np.random.default_rng(5)
    rows = 20_000
    positive = random.random(rows) < 0.1
    # A third of all scores are ties, with negatives crowded just above them.
    scores = np.clip(random.normal(0.3 + 0.2 * positive, 0.2), 0, 1)
    scores[: rows // 3] = 0.5
    scores[rows // 3 : rows // 2][~positive[rows // 3 : rows // 2]] = 0.5001
    of = random.integers(0, 5, rows)
    found = ranking.rank_scores(positive, scores, of, np.ones((1, 5)))
    assert len(ranking._levels(scores[positive])[0]) <= 128
    assert abs(found["auroc"][0] - roc_auc_score(positive, scores)) < 1 / 128
    exact = average_precision_score(positive, scores)
    assert 0 < abs(found["average_precision"][0] - exact) < 2 / 64
    smooth = random.normal(0.3 + 0.2 * positive, 0.2)  # what falls together counts half, no less
    found = ranking.rank_scores(positive, smooth, of, np.ones((1, 5)))
    assert abs(found["auroc"][0] - roc_auc_score(positive, smooth)) < 1e-3


def test_draws_are_of_subjects_and_the_same_for_a_seed() -> None:
    draws = draw_subjects(7, 100, 4)
    assert draws.shape == (100, 7)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws == draw_subjects(7, 100, 4)).all()
    assert (draws != draw_subjects(7, 100, 5)).any()


def samples(seed: int = 3, metric: str = "average_precision", **other) -> Samples:
    true, predicted, subject = world(**other)
    return metric_samples(
        true, predicted, subject, EMOTIONS, metric, **SETTINGS, resamples=50, seed=seed
    )


def test_order_of_rows_and_names_of_subjects_do_not_matter() -> None:
    true, predicted, subject = world()
    order = np.random.default_rng(2).permutation(len(true))
    codes = np.unique(subject[order], return_inverse=True)[1] + 40
    again = metric_samples(
        *(true[order], predicted[order], codes, EMOTIONS, "auroc"),
        **SETTINGS,
        resamples=50,
        seed=3,
    )
    np.testing.assert_array_equal(again.samples, samples(metric="auroc").samples)


def test_difference_is_paired() -> None:
    same = difference(samples(), samples())
    assert (same.samples == 0).all()
    assert interval(same) == Interval(0, 0, 0)
    assert interval(samples()).low < interval(samples()).high


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 4}, "seed of the samples are 3 and 4"),
        ({"metric": "auroc"}, "metric of the samples"),
        ({"subjects": 5}, "subjects of the samples are 6 and 5"),
    ],
)
def test_refuses_to_subtract_what_is_not_paired(other, named) -> None:
    with pytest.raises(InputError, match=named):
        difference(samples(), samples(**other))


def test_macro_averages_the_same_emotions_in_every_resample() -> None:
    nan = np.nan
    point, drawn = np.array([0.5, 0.7, nan]), np.array([[0.4, 0.8, nan], [0.6, nan, 0.1]])
    found = Samples("auroc", ("a", "b", "c"), point, drawn, 9, 0)
    assert found.point_macro == pytest.approx(0.6)
    np.testing.assert_allclose(found.samples_macro, [0.6, nan])


def test_one_subject_has_no_interval() -> None:
    found = interval(samples(subjects=1))
    assert np.isfinite(found.point)
    assert np.isnan([found.low, found.high]).all()
    assert "one subject" in found.reason


def test_positives_of_one_subject_have_no_interval() -> None:
    true, predicted, _ = world()
    subject = np.arange(90) // 15
    true[:, 0] = np.where(subject == 2, true[:, 0], 0)
    found = metric_samples(true, predicted, subject, EMOTIONS, "auroc", **SETTINGS, seed=3)
    assert "too few subjects" in interval(found, emotion="joy").reason
    assert "too few subjects" in interval(found).reason
    assert not interval(found, emotion="fear").reason


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_leaves_ranks_undefined(label: float) -> None:
    _, predicted, subject = world()
    true = np.full_like(predicted, label)
    found = metric_samples(
        true, predicted, subject, EMOTIONS, "average_precision", **SETTINGS, resamples=9, seed=3
    )
    assert np.isnan(found.point).all()
    assert np.isnan(found.samples).all()
    assert "undefined on these rows" in interval(found).reason


def test_constant_predictions_rank_as_chance() -> None:
    true, predicted, subject = world()
    flat = np.full_like(predicted, 0.3)
    given = flat, subject, EMOTIONS
    auroc = metric_samples(true, *given, "auroc", **SETTINGS, seed=3)
    assert (auroc.samples == 0.5).all()
    share = metric_samples(true, *given, "average_precision", **SETTINGS, seed=3)
    np.testing.assert_allclose(share.point, (true >= 0.5).mean(axis=0))
    concordance = metric_samples(true, *given, "ccc", **SETTINGS, seed=3)
    np.testing.assert_allclose(concordance.samples, 0, atol=1e-12)


def test_few_subjects_widen_the_interval() -> None:
    drawn = np.linspace(0, 1, 10_001)[:, None]
    wide, narrow = (
        interval(Samples("f1", ("a",), np.array([0.5]), drawn, subjects, 0))
        for subjects in (5, 10_000)
    )
    assert interval(Samples("f1", ("a",), np.array([0.5]), drawn, 4, 0)) == Interval(0.5, 0, 1)
    drawn = 0.5 + 0.01 * drawn
    few = interval(Samples("f1", ("a",), np.array([0.5]), drawn, 3, 0))
    # t_2(.975) = 4.3027, and the spread of an even distribution is 1/√12.
    assert few.high - 0.5 == pytest.approx(4.3027 * np.sqrt(3 / 2) * 0.01 / np.sqrt(12), rel=1e-3)
    assert narrow.low == pytest.approx(0.025, abs=1e-4)
    assert wide.low == pytest.approx(0.000955, abs=1e-4)  # Φ(-√(5/4) t_4(.975)) = Φ(-3.104)


def test_more_subjects_than_groups_keep_their_spread(monkeypatch) -> None:
    whole = samples(rows=4000, subjects=1500, metric="f1")
    monkeypatch.setattr(bootstrap, "MOST_GROUPS", 300)
    dealt = samples(rows=4000, subjects=1500, metric="f1")
    assert dealt.subjects == whole.subjects
    np.testing.assert_array_equal(dealt.point, whole.point)
    assert dealt.samples.std(axis=0) == pytest.approx(whole.samples.std(axis=0), rel=0.4)


def test_refuses_nan_other_lengths_and_unknown_metrics() -> None:
    true, predicted, subject = world()
    with pytest.raises(InputError, match="89 subjects were given for 90 rows"):
        metric_samples(true, predicted, subject[1:], EMOTIONS, "f1", **SETTINGS, seed=1)
    with pytest.raises(InputError, match="'f2' is unknown; allowed are auroc"):
        metric_samples(true, predicted, subject, EMOTIONS, "f2", **SETTINGS, seed=1)
    predicted[4, 1] = np.nan
    with pytest.raises(InputError, match="predictions: row 4, column 1 is nan"):
        metric_samples(true, predicted, subject, EMOTIONS, "f1", **SETTINGS, seed=1)
