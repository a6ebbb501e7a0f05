import contextlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics

from pipeline.errors import InputError
from pipeline.evaluation.resampling.intervals import Interval
from pipeline.report.pages.text import to_markdown
from pipeline.settings import params, paths
from studies.claims.__main__ import run
from studies.claims.asking import (
    MORE,
    PLACE,
    Network,
    against,
    networks_of,
    plan,
    recipe_of,
    tried,
)
from studies.claims.labels import OWN, PEOPLE, labels_of, peoples_truth
from studies.claims.promises import LUCK, from_minimum, mean_step, of_predictions, of_seeds, rise
from studies.claims.verdicts import (
    BESIDE,
    KEPT,
    NOT_KEPT,
    SAME,
    UNTOLD,
    Line,
    decide,
    whole_verdict,
)
from studies.frames import load_whole
from studies.people import Part, fewer
from studies.scores import Scorer
from studies.settings import ClaimsParams, Dealing, Recommendation

ROOTS = Recommendation(
    tried={"features.square_root": True}, against={"features.square_root": False}
)
AS_IT_IS = Recommendation(tried={}, against={})


@pytest.fixture(scope="module")
def study():
    return ClaimsParams(
        folds=Dealing(number=2, given=None, validation=0.25),
        seeds=(1, 2),
        improved="improved",
        baseline="baseline",
        recommendations={"square root": ROOTS, "as it is": AS_IT_IS},
        fewer_people=0.99,  # of three people, three: these networks are trained already
        jobs=1,
    )


@pytest.fixture(scope="module")
def found(study, studied, by_rule):
    with contextlib.chdir(studied):
        return run(study, by_rule)


@pytest.fixture
def scorer(world, settings):
    world()
    return Scorer.of(load_whole(), settings)


def guesses(scorer, seed=0):
    shape = scorer.whole.labels.shape
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def test_every_claim_is_told_against_own_labels_and_peoples_words(found):
    table = found.tables["claims"]
    own, people = (table[table["labels"] == kind] for kind in (OWN, PEOPLE))
    promised = ["higher predictions", "better recall", "steadier training", "no overfitting"]
    assert list(own["claim"].unique()) == [*promised, "square root", "as it is", "more people"]
    assert set(people["claim"]) == {*promised[:2], "square root", "as it is", "more people"}
    assert set(table["verdict"]) <= {KEPT, NOT_KEPT, UNTOLD, SAME, BESIDE}
    gained = table.query("claim in ['as it is', 'more people']")
    assert set(gained["verdict"]) == {SAME}
    assert SAME not in set(table.query("claim == 'square root'")["verdict"])
    page = to_markdown(found.page)
    assert "Promises of `improved`: " in page
    assert "Against people's words" in page
    assert {one.name for one in found.inner} >= {"baseline", "improved", "square root: followed"}


def test_a_gain_is_in_the_metric_by_which_models_are_compared(
    study, studied, settings, monkeypatch
):
    monkeypatch.chdir(studied)
    alone = study.model_copy(update={"recommendations": {}, "baseline": study.improved})
    found = run(alone, settings)
    more = found.tables["claims"].query("claim == 'more people'")
    assert more["number"].tolist() == ["accuracy of clips"]
    assert "People's words are the labels that both recipes learn." in to_markdown(found.page)


@pytest.mark.usefixtures("found")  # its cells
def test_where_no_emotion_means_a_category_the_page_says_so(study, studied, by_rule, monkeypatch):
    monkeypatch.chdir(studied)
    nobody = dict.fromkeys(by_rule.label.rules, "nobody's word")
    monkeypatch.setattr("studies.claims.labels.meant_by", lambda *_: nobody)
    found = run(study, by_rule)
    assert "People's words: none in the data" in to_markdown(found.page)
    assert set(found.tables["claims"]["labels"]) == {OWN}


def test_where_people_gave_no_categories_there_is_nothing_of_theirs(world, by_rule):
    world()
    say(lambda _: None)
    assert peoples_truth(load_whole(labels_of(by_rule)), by_rule) is None


def test_networks_that_claims_compare_differ_in_what_the_claims_say(study, by_rule):
    own = {
        name: Network(recipe_of(by_rule, name), paths.LABELS) for name in ("improved", "baseline")
    }
    half = study.model_copy(update={"fewer_people": 0.5})
    found = networks_of(half, own)
    follows, not_follows = (found[of("square root")].settings for of in (tried, against))
    assert follows.features.square_root
    assert not not_follows.features.square_root
    assert found[tried(MORE)] == found["improved"] == found[tried("as it is")]
    part = Part(("a", "b", "c", "d"), ("v",), ("t",))
    (all_people,), (half_of_them,) = (plan(found[of(MORE)], {7: [part]}) for of in (tried, against))
    assert all_people.part == part
    assert half_of_them.part == fewer(part, 2, 7)


def test_each_recipe_is_judged_by_its_own_labels(world, by_rule):
    world()
    high, low = (
        load_whole(labels_of(recipe_of(by_rule, name))).labels for name in ("improved", "baseline")
    )
    assert (high >= low).all()
    assert np.allclose(np.minimum(high, 0.5), np.minimum(low * 1.75, 0.5))  # 3.5 / 2.0


def say(word_for):
    """Have people say something else of each row."""
    frames = pq.read_table(paths.FRAMES)
    column = frames.column_names.index("emotion")
    words = [word_for(word) for word in frames["emotion"].to_pylist()]
    said = pa.array(words, pa.string()).dictionary_encode()
    pq.write_table(frames.set_column(column, "emotion", [said]), paths.FRAMES)


def test_peoples_words_judge_the_emotions_that_mean_one(world, by_rule, settings):
    labels = world()
    say(lambda word: "Happy" if word == "joy" else "bored")
    one = params.with_values(by_rule, {"evaluate.human_names": {"joy": "happy"}}, PLACE)
    truth = peoples_truth(load_whole(labels_of(one)), one)
    assert np.array_equal(truth.scorer.whole.labels, labels[:, [1]])
    assert np.array_equal(truth.of(labels), labels[:, [1]])
    assert peoples_truth(load_whole(), settings) is None  # theirs are learned


def test_numbers_of_predictions_are_those_of_scikit_learn(scorer):
    pooled = [guesses(scorer, seed) for seed in (1, 2)]
    found = {k.key: v.point_macro for k, v in of_predictions(pooled, scorer).items()}
    true = scorer.whole.labels >= 0.5

    def mean(score):
        return np.mean([score(true, one >= 0.5, average="micro") for one in pooled])

    assert found["recall"] == pytest.approx(mean(metrics.recall_score))
    assert found["precision"] == pytest.approx(mean(metrics.precision_score))
    shares = [(one >= 0.5).mean() / true.mean() for one in pooled]
    assert found["predicted_over_labelled"] == pytest.approx(np.mean(shares))


def test_variance_between_seeds_is_nothing_of_the_same_and_all_of_chance(scorer):
    one = guesses(scorer)
    assert of_seeds([one, one, one], scorer)[LUCK].point_macro == 0
    chance = [guesses(scorer, seed) for seed in range(8)]
    assert of_seeds(chance, scorer)[LUCK].point_macro == pytest.approx(100, abs=10)


def test_steps_and_rise_of_a_course_of_training():
    losses = np.array([3.0, 2.0, 2.5, 2.2])
    assert mean_step(losses) == pytest.approx(100 * (1.0 + 0.5 + 0.3) / 3 / 2.0)
    assert rise(losses) == pytest.approx(10)
    assert mean_step(from_minimum(losses)) == pytest.approx(100 * (0.5 + 0.3) / 2 / 2.0)
    assert np.isnan(mean_step(from_minimum(losses[:2])))
    assert rise(losses[:2]) == 0


def test_a_verdict_follows_from_the_interval(scorer):
    bad, good = (
        scorer.repeated([guesses(scorer, 1), guesses(scorer, 2)])[0]["accuracy"],
        scorer.repeated([scorer.whole.labels, scorer.whole.labels])[0]["accuracy"],
    )
    also_bad = scorer.repeated([guesses(scorer, 3), guesses(scorer, 4)])[0]["accuracy"]
    assert decide(bad, good, 1, 0.95)[1] == KEPT
    assert decide(bad, good, -1, 0.95)[1] == NOT_KEPT
    assert decide(good, bad, 1, 0.95)[1] == NOT_KEPT
    assert decide(bad, also_bad, 1, 0.95)[1] == UNTOLD
    assert decide(bad, bad, 1, 0.95)[1] == SAME
    assert decide(bad, good, 0, 0.95)[1] == BESIDE


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([KEPT, BESIDE], KEPT),
        ([KEPT, KEPT], KEPT),
        ([KEPT, UNTOLD], UNTOLD),
        ([KEPT, NOT_KEPT], NOT_KEPT),
        ([SAME, SAME], SAME),
    ],
)
def test_a_promise_of_two_numbers_is_kept_where_both_are(verdicts, whole):
    none = Interval(0, 0, 0)
    lines = [Line("c", OWN, "k", "n", none, none, none, one) for one in verdicts]
    assert whole_verdict(lines) == whole


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({"seeds": (7,)}, r"seeds is \[7\]; two or more"),
        ({"seeds": (7, 7)}, r"seeds is \[7, 7\]; two or more"),
        ({"baseline": "basline"}, "recipe is 'basline'; allowed are"),
        ({"folds": Dealing(number=9, given=None, validation=0.2)}, "there are 8 people"),
    ],
)
def test_what_cannot_be_asked_is_one_line(study, world, by_rule, update, told):
    world()
    with pytest.raises(InputError, match=told):
        run(study.model_copy(update=update), by_rule)


@pytest.mark.parametrize("key", ["label.gate", "recipe", "recipe.divisors", "evaluate.seed"])
def test_a_recommendation_changes_the_network_and_no_labels(study, world, by_rule, key):
    world()
    wrong = Recommendation(tried={key: "none"}, against={})
    asked = study.model_copy(update={"recommendations": {"other labels": wrong}})
    with pytest.raises(InputError, match=f"recommendations.other labels sets {key}"):
        run(asked, by_rule)


def test_the_name_of_the_built_in_recommendation_is_not_given_again(study, world, by_rule):
    world()
    asked = study.model_copy(update={"recommendations": {"square root": ROOTS, MORE: ROOTS}})
    with pytest.raises(InputError, match="recommendations has 'more people', the name of"):
        run(asked, by_rule)


def test_a_metric_that_labels_do_not_have_is_one_line(study, world, by_rule):
    world()
    odd = params.with_values(by_rule, {"evaluate.primary": "f1"}, PLACE)
    with pytest.raises(
        InputError, match=r"evaluate.primary is 'f1'; these labels can be scored by"
    ):
        run(study, odd)


def test_the_parameters_that_ship_are_read():
    study = params.load_as(ClaimsParams, PLACE)
    assert len(study.seeds) > 1
    assert "calibration" in study.recommendations
