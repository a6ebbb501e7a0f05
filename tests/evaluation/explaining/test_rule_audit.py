"""The rules against human labels: intervals, the AUs that decide, rules to adopt instead."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from short_forms import metric_samples

from pipeline.data.action_units import INTENSITIES, intensity
from pipeline.data.labels import facs_rules
from pipeline.evaluation.explaining import rule_audit, rule_fitting
from pipeline.evaluation.explaining.rule_fitting import FittedRule, People
from pipeline.evaluation.resampling.bootstrap import group
from pipeline.settings import params
from pipeline.stages.steps.labelling import facs_labeller

MEANT = {"joy": "happy", "grief": "sad"}
RULES = {"joy": {6: 1.0, 12: 1.0}, "grief": {4: 1.0, 15: 1.0}}


def people(seed=0, rows=300, subjects=10):
    """Joyful people raise AU12 alone; sad ones AU1 twice as much as AU4, and lower AU15."""
    random = np.random.default_rng(seed)
    human = random.choice(["happy", "sad", "calm"], rows)
    values = random.uniform(0, 1, (rows, len(INTENSITIES)))
    table = pd.DataFrame(values, columns=list(INTENSITIES))
    table[intensity(12)] += 2 * (human == "happy")
    table[intensity(1)] += 1.0 * (human == "sad")
    table[intensity(4)] += 0.5 * (human == "sad")
    table[intensity(15)] += 1.0 * (human != "sad")
    return People(table, human, np.array([f"S{i % subjects}" for i in range(rows)]))


def test_bounds_hold_the_point_and_are_those_of_the_bootstrap():
    found = people()
    scores = found.intensities[[intensity(12)]] / 5
    groups = group(found.subject, 300, 3)
    table = rule_audit.bounded_audit(scores, found.human, groups, 0.9).set_index("category")
    true = (found.human == "sad")[:, np.newaxis].astype(float)
    other = metric_samples(
        true,
        scores.to_numpy(),
        found.subject,
        ["x"],
        "auroc",
        positive_at=0.5,
        thresholds=0.5,
        resamples=300,
        seed=3,
    )
    assert table.loc["sad", "auroc"] == pytest.approx(other.point[0])
    assert table.loc["sad", "low"] < table.loc["sad", "auroc"] < table.loc["sad", "high"]
    wider = rule_audit.bounded_audit(scores, found.human, groups, 0.99).set_index("category")
    assert wider.loc["sad", "low"] < table.loc["sad", "low"]


def test_aus_that_point_the_wrong_way_are_found_and_named():
    found = people()
    bounded = rule_audit.bounded_audit(
        found.intensities, found.human, group(found.subject, 300), 0.95
    )
    table = rule_audit.au_audit(bounded, RULES, MEANT)
    assert list(table.columns) == rule_audit.AU_AUDIT
    meant = table[table["meant"]].set_index(["emotion", "au"])
    assert meant.loc[("joy", 12), "direction"] == "right"
    assert meant.loc[("grief", 20), "direction"] == "unclear"
    assert meant.loc[("grief", 4), "direction"] == "right"
    assert meant.loc[("grief", 15), "direction"] == "wrong"
    assert meant.loc[("grief", 1), "weight"] == 0
    assert len(meant) == 2 * len(INTENSITIES)
    others = table[~table["meant"]]
    assert set(others[others["emotion"] == "grief"]["au"]) == {4, 15}
    (text,) = rule_audit.wrong_ways(table)
    assert text.startswith("grief: its AU15_r is lower where people say sad than elsewhere")


def test_a_fitted_rule_finds_the_aus_and_their_weights():
    joy, grief = (rule_fitting.fit_rule(people(), word, 0.5) for word in ("happy", "sad"))
    assert joy == FittedRule({12: 1.0}, joy.divisor)
    # Happy people have at least 2, others at most 1: from 2 on the score is a positive, 0.5.
    assert joy.divisor * 0.5 == pytest.approx(2, abs=0.05)
    assert set(grief.weights) == {1, 4}
    assert grief.weights[1] > grief.weights[4]
    assert sum(grief.weights.values()) == pytest.approx(1, abs=0.02)


def test_a_fitted_rule_scores_as_the_labels_would():
    found, rule = people(), FittedRule({1: 0.7, 4: 0.3}, 1.3)
    columns = {name: found.intensities[name].to_numpy() for name in INTENSITIES}
    expected = facs_rules.rule_scores(columns, {"grief": rule.weights}, {"grief": rule.divisor})[
        :, 0
    ]
    np.testing.assert_allclose(rule_fitting.score(found.intensities, rule), expected, rtol=1e-12)
    assert (expected == 1).any()


@pytest.mark.parametrize("lacking", ["subjects", "category", "others"])
def test_nothing_is_fitted_to_what_cannot_be_told(lacking):
    found = people(subjects=1 if lacking == "subjects" else 10)
    if lacking == "others":
        found = People(found.intensities, np.full(300, "happy"), found.subject)
    assert rule_fitting.fit_rule(found, "angry" if lacking == "category" else "happy", 0.5) is None


def test_fitted_rules_are_compared_on_rows_that_they_have_not_seen():
    fitted = rule_fitting.fit_rules(people(), MEANT, 0.5)
    test = people(seed=1)
    groups = group(test.subject, 300)
    current = {emotion: FittedRule(weights, 1.2) for emotion, weights in RULES.items()}
    table = rule_fitting.compare_rules(test, fitted, current, MEANT, groups, 0.95)
    assert list(table.columns) == rule_fitting.ADOPTABLE
    grief = table.set_index("emotion").loc["grief"]
    assert grief["gain"] == pytest.approx(grief["fitted"] - grief["current"])
    assert 0 < grief["gain_low"] < grief["gain"] < grief["gain_high"]
    positive = test.human == "sad"
    score = rule_fitting.score(test.intensities, current["grief"])
    wins = (score[positive][:, np.newaxis] > score[~positive]).mean()
    ties = (score[positive][:, np.newaxis] == score[~positive]).mean()
    assert grief["current"] == pytest.approx(wins + ties / 2)


def test_real_clips_give_the_known_figures(real_data, tree):
    clips = pd.read_csv(real_data / "ravdess/clips.csv")
    naming = tree["naming"]["ravdess"]
    told = clips["clip"].str.extract(naming["pattern"])
    settings = params.load()
    rules = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
    columns = {name: clips[name].to_numpy() for name in INTENSITIES}
    divisors = settings.recipes["baseline"].divisors
    scores = pd.DataFrame(facs_rules.rule_scores(columns, rules, divisors), columns=list(rules))
    human = told["emotion"].map(naming["emotions"])
    groups = group(told["subject"], 500)
    table = rule_audit.with_bounds(
        rule_audit.rule_audit(scores, human), rule_audit.bounded_audit(scores, human, groups, 0.95)
    ).set_index(["emotion", "category"])
    known = {
        ("happiness", "happy"): 0.957,
        ("anger", "angry"): 0.433,
        ("anger", "disgust"): 0.853,
        ("fear", "fearful"): 0.547,
        ("sadness", "sad"): 0.612,
    }
    for pair, value in known.items():
        assert table.loc[pair, "auroc"] == pytest.approx(value, abs=0.0005)
        assert table.loc[pair, "low"] < value < table.loc[pair, "high"]
    assert table.loc[("anger", "angry"), "rows"] == 1440
    intensities = clips[list(INTENSITIES)]
    meant = {"anger": "angry", "sadness": "sad"}
    wrong = rule_audit.wrong_ways(
        rule_audit.au_audit(
            rule_audit.bounded_audit(intensities, human, groups, 0.95), rules, meant
        )
    )
    assert any(
        line.startswith("anger: its AU07_r is lower where people say angry") for line in wrong
    )


def test_the_snippet_is_taken_by_params_yaml_and_labels_as_the_fitted_rule(workspace, tree):
    found = people()
    fitted = rule_fitting.fit_rules(found, {"happiness": "happy", "sadness": "sad"}, 0.5)
    settings = params.load()
    divisors = settings.chosen.divisors
    current = {e: FittedRule(rule.weights, divisors[e]) for e, rule in settings.label.rules.items()}
    valences = {emotion: rule.valence for emotion, rule in settings.label.rules.items()}
    meant = {"happiness": "happy", "sadness": "sad"}
    table = rule_fitting.compare_rules(
        found, fitted, current, meant, group(found.subject, 100), 0.95
    )
    text = rule_fitting.snippet(current, valences, fitted, table, "improved")
    assert "    anger: {aus: [4, 5, 7], valence: N}" in text
    assert "# happy " in text
    adopted = yaml.safe_load(text)
    tree["label"]["rules"] = adopted["label"]["rules"]
    tree["label"]["gate"] = "none"
    tree["recipes"]["improved"]["divisors"] = adopted["recipes"]["improved"]["divisors"]
    workspace(tree)
    changed = params.load()
    frames = pa.Table.from_pandas(found.intensities, preserve_index=False)
    labels = facs_labeller(changed.label, changed.chosen.divisors)(frames)
    place = list(changed.label.rules).index("sadness")
    expected = rule_fitting.score(found.intensities, fitted["sadness"])
    np.testing.assert_allclose(labels[:, place], expected, rtol=1e-6)
