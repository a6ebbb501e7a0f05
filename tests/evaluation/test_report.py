"""The page around a verdict."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.evaluation import audit, tables
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.metrics import Scores
from pipeline.evaluation.report import Report, render

EMOTIONS = ["happiness", "anger", "fear"]
LINES = ["It is good.", "It is certain."]
Scored = Callable[..., dict[str, Scores]]


def page(scores: dict[str, Scores], **parts: object) -> str:
    means = tables.mean_predictions(np.ones((2, 3)), np.zeros((2, 3)), EMOTIONS, "test", 0.5)
    return render(Report("Evaluation of a model", LINES, scores, means, **parts))  # type: ignore[arg-type]


def test_page_opens_with_the_verdict(scored: Scored) -> None:
    scores = scored(EMOTIONS)
    lines = page(scores).splitlines()
    assert lines[0] == "# Evaluation of a model"
    assert lines[1:3] == ["- It is good.", "- It is certain."]


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
