"""What the first three lines of a report claim, and what they do not."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.baselines import CONSTANT, LOGISTIC, NETWORK, RULE
from pipeline.evaluation.certainty import (
    Certainty,
    intervals_table,
    summary,
)
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.run_metrics import of_test
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.evaluation.verdict import headline, judged_emotions, verdict

EMOTIONS = ["happiness", "anger", "fear"]
Judged = Callable[..., tuple[dict[str, Scores], Certainty]]


def shifted(certainty: Certainty, model: str, metric: str, by: list[float]) -> Certainty:
    """Set a model's samples of a metric to the network's plus a constant for each emotion."""
    network = certainty.samples[NETWORK][metric]
    moved = replace(network, point=network.point + by, samples=network.samples + by)
    other = {**certainty.samples[model], metric: moved}
    return replace(certainty, samples={**certainty.samples, model: other})


def test_says_that_the_network_beats_rule_and_baselines(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, network=0.1, rule=0.6)
    against_rule, against_all, basis = verdict(scores, certainty)
    assert against_rule.startswith("The network beats the rule it was taught, with certainty")
    macro = scores[NETWORK]["macro"]["average_precision"]
    assert f"{macro:.3f} against {scores[RULE]['macro']['average_precision']:.3f}" in against_rule
    assert "better for all emotions" in against_rule
    assert "beats every baseline with certainty" in against_all
    assert f"it beats {CONSTANT} (" in against_all
    assert "Intervals hold at 95%: paired, 400 resamples of the 10 test subjects." in basis


def test_names_the_gain_and_its_interval(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    gain = certainty.gain(RULE, "average_precision")
    found = certainty.of(gain)
    assert found.low < found.point < found.high
    shown = f"gain {found.point:+.3f}, {found.low:+.3f} to {found.high:+.3f}"
    assert shown in verdict(scores, certainty)[0]


def test_says_plainly_that_the_network_is_worse(judged: Judged) -> None:
    against_rule, against_all, _ = verdict(*judged(EMOTIONS, network=0.8, rule=0.05))
    assert against_rule.startswith("The network does NOT beat the rule it was taught and is worse")
    assert "worse for all emotions" in against_rule
    assert "does NOT beat every baseline with certainty" in against_all


def test_equal_models_cannot_be_told_apart(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    same = dict.fromkeys(scores, scores[NETWORK])
    equal = replace(certainty, samples=dict.fromkeys(scores, certainty.samples[NETWORK]))
    against_rule, against_all, _ = verdict(same, equal)
    assert (
        "does NOT beat the rule it was taught with certainty: they cannot be told" in against_rule
    )
    assert "gain +0.000, +0.000 to +0.000; for no single emotion" in against_rule
    assert f"it cannot be told from {LOGISTIC}" in against_all


def test_names_the_emotions_of_either_side(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    for metric in ("average_precision", "auroc"):
        certainty = shifted(certainty, RULE, metric, [-0.3, 0.2, 0.0])
    against_rule = verdict(scores, certainty)[0]
    assert "better for happiness; worse for anger" in against_rule


def test_gain_that_auroc_does_not_bear_out_is_not_certain(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    certainty = shifted(certainty, CONSTANT, "average_precision", [-0.01] * 3)
    certainty = shifted(certainty, CONSTANT, "auroc", [0.0] * 3)
    against_all = verdict(scores, certainty)[1]
    assert f"it cannot be told from {CONSTANT}" in against_all
    assert "+0.010 to +0.010, not borne out by AUROC" in against_all


def test_rare_emotions_are_named_and_left_out(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, network=0.1, rule=0.6, rare=2)
    against_rule, _, basis = verdict(scores, certainty)
    assert "fear (0 positive, 80 negative rows)" in basis
    assert "better for all emotions" in against_rule
    means = [scores[NETWORK]["emotion"][name]["average_precision"] for name in EMOTIONS[:2]]
    assert f"Mean average precision {np.mean(means):.3f}" in against_rule


def test_positives_of_one_subject_are_not_judged(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    for model in scores:
        found = certainty.samples[model]["average_precision"]
        drawn = found.samples.copy()
        drawn[:140, 1] = np.nan
        lacking: Samples = replace(found, samples=drawn)
        other = {**certainty.samples[model], "average_precision": lacking}
        certainty = replace(certainty, samples={**certainty.samples, model: other})
    basis = verdict(scores, certainty)[2]
    assert "negative rows, of too few subjects)" in basis
    assert "anger (" in basis
    assert "fear (" not in basis


def test_one_subject_leaves_everything_open(judged: Judged) -> None:
    against_rule, against_all, basis = verdict(*judged(EMOTIONS, network=0.05, subjects=1))
    assert "they cannot be told apart" in against_rule
    assert "no interval (one subject: nothing is known of others)" in against_rule
    assert "does NOT beat every baseline" in against_all
    assert "the 1 test subject." in basis


def test_without_a_rule_there_is_none_to_beat(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    without = {model: found for model, found in certainty.samples.items() if model != RULE}
    del scores[RULE]
    first, second, _ = verdict(scores, replace(certainty, samples=without))
    assert "no labelling rule" in first
    assert "beats every baseline" in second
    alone = replace(certainty, samples={NETWORK: certainty.samples[NETWORK]})
    assert "no baseline was given" in verdict({NETWORK: scores[NETWORK]}, alone)[1]


def test_too_few_positives_everywhere_judge_nothing(judged: Judged) -> None:
    scores, certainty = judged(["fear"], rare=0)
    first, second = verdict(scores, certainty)
    assert "CANNOT BE JUDGED" in first
    assert "fear (0 positive, 80 negative rows)" in second


def test_asks_for_the_network(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    with pytest.raises(InputError, match="'network' is needed"):
        verdict({RULE: scores[RULE]}, certainty)


def test_table_lists_every_score_and_every_gain(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, rare=2)
    table = intervals_table(certainty)
    assert len(table) == (4 + 3) * 12 * (1 + 3)
    own = table[table["against"].isna()].set_index(["model", "metric", "emotion"])
    for model, found in scores.items():
        for metric in ("f1", "auroc", "average_precision", "brier", "ece", "ccc", "jsd", "mse"):
            value = own.loc[(model, metric, "anger"), "value"]
            assert value == pytest.approx(found["emotion"]["anger"][metric], abs=1e-6), metric
    defined = table.dropna(subset=["low"])
    assert (defined["low"] <= defined["high"]).all()
    assert (table.loc[table["low"].isna(), "note"] != "").all()
    gain = table[(table["against"] == RULE) & (table["metric"] == "auroc")].iloc[0]
    means = [scores[model]["macro"]["auroc"] for model in (NETWORK, RULE)]
    assert gain["value"] == pytest.approx(means[0] - means[1], abs=1e-6)


def test_summary_and_run_hold_the_same_bounds(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, rare=2)
    emotions = judged_emotions(scores, certainty)
    assert emotions == EMOTIONS[:2]
    laid_out = summary(certainty, emotions)
    flat = of_test({"test": {"tuned": scores}}, certainty, emotions)
    own = laid_out[NETWORK]["average_precision"]
    assert own["macro"]["low"] == pytest.approx(flat["test/average_precision_low"], abs=1e-6)
    assert own["emotion"]["fear"] == {"value": None, "low": None, "high": None}
    gain = laid_out["gain"][LOGISTIC]
    low = flat["test/gain_low/logistic_regression"]
    assert gain["average_precision"]["low"] == pytest.approx(low, abs=1e-6)
    assert gain["claim"] == "better"
    assert json.loads(json.dumps(laid_out, allow_nan=False)) == laid_out


def test_same_seed_same_bounds(judged: Judged) -> None:
    (_, first), (_, second) = judged(EMOTIONS), judged(EMOTIONS)
    assert summary(first, EMOTIONS) == summary(second, EMOTIONS)


def test_ten_words_say_what_the_network_is_worth(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, network=0.1, rule=0.6)
    assert headline(scores, certainty).startswith("Better than every baseline: ")
    assert headline(scores, certainty).endswith(", hardly by chance.")
    worse = headline(*judged(EMOTIONS, network=0.8, rule=0.05))
    assert worse.startswith("Worse than the rule: ")
    alone = headline(*judged(EMOTIONS, network=0.05, subjects=1))
    assert alone.startswith("Not better than the rule: ")
    assert alone.endswith(", too few people to tell.")
    for line in (worse, alone, headline(scores, certainty)):
        assert len(line.split()) <= 13


def test_ten_words_name_the_first_baseline_that_is_not_beaten(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS, network=0.1, rule=0.6)
    for metric in ("average_precision", "auroc"):
        certainty = shifted(certainty, LOGISTIC, metric, [0.0] * 3)
    line = headline({**scores, LOGISTIC: scores[NETWORK]}, certainty)
    own = scores[NETWORK]["macro"]["average_precision"]
    pair = f"{own:.2f} against {own:.2f}".replace("0.", ".")
    assert line == f"Not better than {LOGISTIC}: {pair}, could be chance."


def test_a_third_decimal_tells_apart_what_differs_for_certain(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    for metric in ("average_precision", "auroc"):
        certainty = shifted(certainty, RULE, metric, [0.001] * 3)
    for model, value in ((NETWORK, 0.3), (RULE, 0.301)):
        emotion = {
            name: {**n, "average_precision": value} for name, n in scores[model]["emotion"].items()
        }
        scores = {**scores, model: {**scores[model], "emotion": emotion}}
    assert (
        headline(scores, certainty) == "Worse than the rule: .300 against .301, hardly by chance."
    )


def test_a_mean_is_rounded_once_as_in_the_tables(judged: Judged) -> None:
    scores, certainty = judged(EMOTIONS)
    for model, value in ((NETWORK, 0.6051), (RULE, 0.6449)):
        emotion = {
            name: {**n, "average_precision": value} for name, n in scores[model]["emotion"].items()
        }
        scores = {**scores, model: {**scores[model], "emotion": emotion}}
    for metric in ("average_precision", "auroc"):
        certainty = shifted(certainty, RULE, metric, [0.0] * 3)
    assert (
        headline(scores, certainty) == "Not better than the rule: .61 against .64, could be chance."
    )
    assert "precision 0.605 against 0.645" in verdict(scores, certainty)[0]


def test_nothing_to_judge_is_said_first(judged: Judged) -> None:
    assert "cannot be judged" in headline(*judged(EMOTIONS[:1], rare=0))
