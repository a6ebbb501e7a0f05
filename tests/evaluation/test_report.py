"""The verdict both ways, and the page around it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.evaluation import audit, tables
from pipeline.evaluation.baselines import CONSTANT, NETWORK, RULE
from pipeline.evaluation.metrics import Scores, score
from pipeline.evaluation.report import Report, render
from pipeline.evaluation.verdict import verdict

EMOTIONS = ["happiness", "anger", "fear"]
Scored = Callable[..., dict[str, Scores]]


def test_says_that_the_network_beats_rule_and_baselines(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    against_rule, against_all, caution = verdict(scores)
    assert against_rule.startswith("The network beats the rule it was taught")
    assert "better on 3 of 3 emotions" in against_rule
    macro = scores[NETWORK]["macro"]["average_precision"]
    assert f"{macro:.3f} against {scores[RULE]['macro']['average_precision']:.3f}" in against_rule
    assert "the network beats every baseline" in against_all
    assert "may be chance" in caution
    assert "judged" not in caution


def test_says_plainly_that_the_network_does_not_beat_the_rule(scored: Scored) -> None:
    against_rule, against_all, _ = verdict(scored(EMOTIONS, network=0.5, rule=0.1))
    assert against_rule.startswith("The network does NOT beat the rule it was taught")
    assert "better on 0 of 3 emotions" in against_rule
    assert f"does NOT beat every baseline; as good or better: {RULE} (" in against_all


def test_level_is_not_better(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    against_rule, against_all, _ = verdict({NETWORK: scores[NETWORK], RULE: scores[NETWORK]})
    assert "does NOT beat the rule" in against_rule
    assert f"as good or better: {RULE}" in against_all


def test_rare_emotions_are_named_and_left_out_of_the_means(scored: Scored) -> None:
    scores = scored(EMOTIONS, rare=2)
    for model, value in ((NETWORK, 0.0), (RULE, 1.0)):
        scores[model]["emotion"]["fear"]["average_precision"] = value
        scores[model]["emotion"]["fear"]["positives"] = 4
    against_rule, _, caution = verdict(scores)
    assert "fear (4 positive, 76 negative)" in caution
    assert "of 2 emotions" in against_rule
    assert against_rule.startswith("The network beats the rule")


def test_without_a_rule_there_is_none_to_beat(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    del scores[RULE]
    first, second, _ = verdict(scores)
    assert "no labelling rule" in first
    assert "the network beats every baseline" in second
    assert "no baseline was given" in verdict({NETWORK: scores[NETWORK]})[1]


def test_too_few_positives_everywhere_judge_nothing() -> None:
    one = score([[1.0, 0.0]], [[0.9, 0.1]], ["a", "b"], positive_at=0.5, thresholds=0.5)
    first, second = verdict({NETWORK: one, CONSTANT: one})
    assert "CANNOT BE JUDGED" in first
    assert "a (1 positive, 0 negative), b (0 positive, 1 negative)" in second


def test_asks_for_the_network(scored: Scored) -> None:
    with pytest.raises(InputError, match="'network' is needed"):
        verdict({RULE: scored(EMOTIONS)[RULE]})


def page(scores: dict[str, Scores], **parts: object) -> str:
    means = tables.mean_predictions(np.ones((2, 3)), np.zeros((2, 3)), EMOTIONS, "test", 0.5)
    return render(Report("Evaluation of a model", scores, means, **parts))  # type: ignore[arg-type]


def test_page_opens_with_the_verdict(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    lines = page(scores).splitlines()
    assert lines[0] == "# Evaluation of a model"
    assert lines[1:4] == [f"- {line}" for line in verdict(scores)]


def test_page_has_a_row_for_every_model_and_emotion(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    text = page(scores)
    for model, found in scores.items():
        numbers = [found["macro"][key] for key in ("average_precision", "auroc", "f1")]
        assert f"| {model} | " + " | ".join(_shown(number) for number in numbers) in text
    fear = scores[NETWORK]["emotion"]["fear"]
    assert f"| fear | {fear['positives']} | 0.500 | {_shown(fear['average_precision'])} |" in text
    assert "| test | fear | 0.000 | 1.000 | -1.000 | 0.000 | 1.000 |" in text


def test_page_leaves_out_what_was_not_given(scored: Scored) -> None:
    text = page(scored(EMOTIONS))
    for title in ("## Warnings", "## The labelling rule", "## Figures"):
        assert title not in text
    assert "top-1" not in text


def test_page_shows_warnings_audit_and_figures(scored: Scored) -> None:
    rules = pd.DataFrame({"joy": [0.9, 0.1, 0.2], "fear": [0.0, 0.0, 0.0]})
    text = page(
        scored(EMOTIONS),
        warnings=[{"code": "dead_au", "number": 2, "message": "AU20 | AU23 never move"}],
        audit=audit.rule_audit(rules, pd.Series(["happy", "sad", "sad"])),
        figures={"overview": "The model against its baselines"},
    )
    assert "- AU20 \\| AU23 never move (`dead_au`: 2)" in text
    assert "| rule | happy | sad |\n| --- | ---: | ---: |\n| joy | 1.000 | 0.000 |" in text
    assert "| fear | 0.500 | 0.500 |" in text
    assert "![The model against its baselines](plots/overview.png)" in text


def test_page_marks_undefined_numbers_and_counts_them(scored: Scored) -> None:
    text = page(scored(EMOTIONS, rare=2))
    assert "| fear | - | - | - | - |" in text
    assert "average precision of network 2 of 3" in text
    assert "None" not in text
    assert "nan" not in text


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
