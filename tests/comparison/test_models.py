"""Two models are compared in pairs on the same rows, or not at all."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.comparison import models
from pipeline.comparison.models import (
    BETTER,
    COMPARED,
    LEVEL,
    MACRO,
    WORSE,
    Contender,
    headline,
    verdict,
)
from pipeline.comparison.page import FIGURE, comparison_page, differences
from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import KEYS, Predictions, hash_rows
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.report.pages.document import Picture
from pipeline.report.pages.text import to_text

EMOTIONS = ("joy", "fear")
ROWS, SUBJECTS = 240, 12
CONFIDENCE = 0.95
TRUE = np.random.default_rng(0).random((ROWS, 2)).astype(np.float32)


def predictions(noise: float, true: np.ndarray = TRUE, subjects: int = SUBJECTS) -> Predictions:
    names = [f"S{i * subjects // ROWS:02d}" for i in range(ROWS)]
    keys = pa.table([names, names, np.arange(ROWS)], names=KEYS)
    labels = pa.table({f"true/{e}": true[:, i] for i, e in enumerate(EMOTIONS)})
    told = np.clip(true + np.random.default_rng(1).normal(0, noise, true.shape), 0, 1)
    return Predictions(
        keys=keys,
        emotions=EMOTIONS,
        true=true,
        predicted=told.astype(np.float32),
        thresholds=np.array([0.5, 0.5]),
        positive_at=0.5,
        rows_hash=hash_rows(keys, labels),
    )


def side(name: str, noise: float, **changed: object) -> Contender:
    return Contender(name, f"id-{name}", {"seed": name, "same": "1"}, predictions(noise, **changed))  # type: ignore[arg-type]


def compare(first: Contender, second: Contender) -> pd.DataFrame:
    return models.compare(first, second, Resampling(2000, 7, CONFIDENCE))


def test_each_model_is_judged_at_its_own_thresholds() -> None:
    same = side("one", 0.1)
    never = replace(same, predictions=replace(same.predictions, thresholds=np.array([2.0, 2.0])))
    for first, second in ((never, same), (same, never)):
        table = compare(first, second)
        f1 = table[(table["metric"] == "f1") & (table["emotion"] == MACRO)].iloc[0]
        assert (f1["first"] == 0, f1["second"] == 0) == (first is never, second is never)


def test_a_clearer_model_is_better_with_certainty() -> None:
    table = compare(side("old", 0.6), side("new", 0.1))
    assert set(table["metric"]) == set(COMPARED)
    assert list(dict.fromkeys(table["emotion"])) == [MACRO, *EMOTIONS]
    macro = table[table["emotion"] == MACRO].set_index("metric")
    ranked = macro.loc[["average_precision", "auroc", "f1", "brier", "mae"]]
    assert set(ranked["second_is"]) == {BETTER}
    assert (macro["difference"] - (macro["second"] - macro["first"])).abs().max() < 1e-9
    assert macro.loc["auroc", "low"] > 0 > macro.loc["mae", "high"]
    assert "new is BETTER than old: macro average precision" in verdict(
        table, ("old", "new"), CONFIDENCE
    )
    back = compare(side("new", 0.1), side("old", 0.6))
    assert set(back.loc[back["metric"] == "mae", "second_is"]) == {WORSE}


def test_models_that_name_categories_are_compared_by_what_they_name_right() -> None:
    named = np.eye(2, dtype=np.float32)[np.arange(ROWS) * SUBJECTS // ROWS % 2]
    first, second = side("old", 0.9, true=named), side("new", 0.1, true=named)
    table = compare(first, second).set_index(["metric", "emotion"])
    found = table.loc["clip_accuracy", MACRO]
    assert found["second"] == 1.0
    assert table.loc["accuracy", MACRO]["first"] == np.mean(
        first.predictions.predicted.argmax(axis=1) == named.argmax(axis=1)
    )
    page = to_text(comparison_page(table.reset_index(), first, second, CONFIDENCE))
    assert "Accuracy of clips: new 1.000 against " in page.replace("\n", " ")


def test_a_model_is_level_with_itself() -> None:
    table = compare(side("a", 0.3), side("b", 0.3))
    assert set(table["second_is"]) == {LEVEL}
    assert (table["difference"] == 0).all()
    assert "CANNOT BE TOLD APART" in verdict(table, ("a", "b"), CONFIDENCE)


def test_one_subject_gives_no_interval_and_no_claim() -> None:
    table = compare(side("old", 0.6, subjects=1), side("new", 0.1, subjects=1))
    assert table["low"].isna().all()
    assert set(table["second_is"]) == {LEVEL}
    assert "undefined" in verdict(table, ("old", "new"), CONFIDENCE)


def changed(of: Predictions, **fields: object) -> Predictions:
    return replace(of, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (lambda p: replace(p, emotions=("joy", "anger")), "other emotions, joy, fear and joy, an"),
        (lambda p: predictions(0.2, subjects=6), "240 of 12 subjects and 240 of 6, 6 of them"),
        (lambda p: predictions(0.2, true=TRUE * np.array([1, 0.5], np.float32)), "most in fear"),
        (lambda p: replace(p, positive_at=0.3), "positive from 0.5 in one and 0.3 in the other"),
    ],
    ids=["emotions", "rows", "labels", "bound"],
)
def test_refuses_other_tests(other: Callable[[Predictions], Predictions], told: str) -> None:
    first = side("old", 0.2)
    second = replace(first, name="new", predictions=other(first.predictions))
    with pytest.raises(
        InputError, match=r"old and new cannot be compared.*prepare\.split"
    ) as error:
        compare(first, second)
    assert told in str(error.value)
    assert "prepare.split" in str(error.value)


def test_ten_words_say_whether_the_second_is_better() -> None:
    old, new = side("old", 0.6), side("new", 0.1)
    pairs = ((old, new), (new, old))
    better, worse = (headline(compare(*pair), [s.name for s in pair]) for pair in pairs)
    assert better.startswith("new is better than old: .")
    assert worse.startswith("old is worse than new: .")
    assert better.endswith(", hardly by chance.")
    same = headline(compare(old, replace(old, name="twin")), ["old", "twin"])
    assert same.startswith("twin is not certainly better or worse: .")
    assert same.endswith(", could be chance.")


def test_page_and_terminal_tell_the_same() -> None:
    old, new = side("old", 0.6), side("new", 0.1)
    table = compare(old, new)
    page = comparison_page(table, old, new, CONFIDENCE)
    text = to_text(page)
    assert page.lead[0] == headline(table, ("old", "new"))
    assert page.lead[1] == verdict(table, ("old", "new"), CONFIDENCE)
    assert "240 test rows of 12 subjects" in text
    assert ["seed", "old", "new"] in [line.split() for line in text.splitlines()]
    assert "same" not in text.splitlines()[-1]
    row = next(line for line in text.splitlines() if line.startswith("average precision  "))
    assert row.endswith("better")
    (picture,) = [b for s in page.sections for b in s.blocks if isinstance(b, Picture)]
    assert picture.name == FIGURE


def test_the_same_predictions_are_called_that_and_no_chance() -> None:
    old = side("old", 0.6)
    twin = replace(old, name="twin")
    page = comparison_page(compare(old, twin), old, twin, CONFIDENCE)
    assert page.lead == ["twin and old predict the same numbers for every test row."]
    other = replace(old.predictions, thresholds=np.array([0.5, 0.6]))
    tuned = replace(twin, predictions=other)
    assert "CANNOT BE TOLD" in comparison_page(compare(old, tuned), old, tuned, CONFIDENCE).lead[1]


def test_long_names_of_runs_leave_tables_narrow() -> None:
    names = (f"improved train.learning_rate={rate} recipe=mine" for rate in ("0.002", "0.0001"))
    old, new = (side(name, 0.1) for name in names)
    lines = to_text(comparison_page(compare(old, new), old, new, CONFIDENCE)).splitlines()
    scores = lines[lines.index("Macro averages") :]
    assert max(len(line) for line in scores[: scores.index("")]) < 130


def test_figure_marks_each_difference_with_its_interval() -> None:
    table = compare(side("old", 0.6), side("new", 0.1))
    figure = differences(table, "old", "new")
    assert len(figure.axes) == len(COMPARED)
    marks = figure.axes[0].get_lines()[-1]
    expected = table[table["metric"] == "average_precision"]["difference"]
    np.testing.assert_array_equal(np.asarray(marks.get_xdata()), expected)
