import numpy as np
import pytest
from sklearn import metrics

from pipeline.errors import InputError
from pipeline.evaluation.resampling.intervals import difference, interval
from studies.cells import Said
from studies.frames import load_whole
from studies.scores import Scorer, best_of, deviation, mean_of, pool


@pytest.fixture
def scorer(world, settings):
    world()
    return Scorer.of(load_whole(), settings)


def guesses(scorer, seed=0):
    random = np.random.default_rng(seed)
    return random.dirichlet(np.ones(3), len(scorer.whole.labels)).astype(np.float32)


def test_scores_are_those_of_scikit_learn(scorer):
    labels, predicted = scorer.whole.labels, guesses(scorer)
    true, named = labels.argmax(1), predicted.argmax(1)
    found = {name: one.point_macro for name, one in scorer.draw(predicted).items()}
    wanted = {
        "clip_accuracy": metrics.accuracy_score(true, named),
        "balanced_accuracy": metrics.balanced_accuracy_score(true, named),
        "macro_f1": metrics.f1_score(true, named, average="macro"),
        "average_precision": metrics.average_precision_score(labels, predicted),
        "auroc": metrics.roc_auc_score(labels, predicted),
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)


def test_a_point_is_that_of_the_rows_it_is_asked_of(scorer):
    rows, predicted = np.arange(6, 18), guesses(scorer)
    true = scorer.whole.labels[rows].argmax(1)
    wanted = metrics.accuracy_score(true, predicted[rows].argmax(1))
    assert scorer.point(predicted[rows], rows, "accuracy") == pytest.approx(wanted)


def test_repetitions_are_averaged_and_drawn(scorer):
    one, other = guesses(scorer, 1), guesses(scorer, 2)
    means, by_seed = scorer.repeated([one, other])
    assert means["accuracy"].point_macro == pytest.approx(np.mean(by_seed["accuracy"]))
    alone, _ = scorer.repeated([one])
    assert np.array_equal(alone["accuracy"].samples, scorer.draw(one)["accuracy"].samples)


def test_a_model_is_level_with_itself_and_better_than_a_worse_one(scorer):
    right = scorer.whole.labels
    good = scorer.repeated([right, right])[0]["accuracy"]
    bad = scorer.repeated([guesses(scorer, 1), guesses(scorer, 2)])[0]["accuracy"]
    assert interval(difference(good, good)).high == 0
    assert interval(difference(good, bad)).low > 0


def test_a_mean_of_repetitions_varies_less_than_one(scorer):
    drawn = [scorer.draw(guesses(scorer, seed))["accuracy"] for seed in range(6)]
    assert mean_of(drawn, 7).samples.std() < np.mean([one.samples.std() for one in drawn])


def test_folds_are_pooled_by_place_and_each_row_once():
    def said(*places):
        rows = np.array(places)
        empty = np.empty((0, 1), np.float32)
        return Said(rows, rows[:, None].astype(np.float32), rows[:0], empty, {})

    assert pool([said(2, 0), said(1, 3)], 4).ravel().tolist() == [0, 1, 2, 3]
    with pytest.raises(InputError, match="3 of 4 rows were asked about once"):
        pool([said(2, 0), said(1, 2)], 4)


def test_undefined_scores_are_never_best():
    assert best_of({"a": float("nan"), "b": 0.1, "c": 0.1}) == "b"
    assert np.isnan(deviation([0.5]))
