"""The report: verdict first, every part that was given, the model card, where it comes from."""

from dataclasses import replace

import pandas as pd
import pytest
from reports import (
    EMOTIONS,
    invented_judgement,
    invented_report,
    invented_tables,
    table_rows,
)

from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines import NETWORK
from pipeline.report import data_tables, score_tables
from pipeline.report.evaluation_page import Report, lead, report_page
from pipeline.report.pages.document import Page, Section, Table, bounded, cell, words
from pipeline.report.pages.text import to_markdown
from pipeline.report.pages.webpage import to_html

CARD = [
    *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data"),
    *("Quantitative analyses", "Ethical considerations", "Caveats and recommendations"),
]


def page(report: Report) -> str:
    return to_markdown(report_page(report))


def test_opens_with_verdict_and_what_cannot_be_learned() -> None:
    report = invented_report()
    lines = page(report).splitlines()
    assert lines[0] == "# Recipe improved on data/demo"
    assert lines[2] == f"- {report.headline}"
    assert lines[3].startswith("- CANNOT BE LEARNED from this data")
    assert "anger and fear (identical labels)" in lines[3]
    assert [f"- {line}" for line in report.verdict] == [x for x in lines if x[2:] in report.verdict]


def test_says_where_the_verdict_is_not_of_all_emotions() -> None:
    report = replace(invented_report(), left_out=["fear"])
    told = "Judged by 3 of 4 emotions: too few rows or people for fear."
    assert page(report).splitlines()[3] == f"- {told}"
    assert lead(report)[:2] == [report.headline, told]
    assert len(lead(replace(report, left_out=EMOTIONS))) == len(lead(invented_report()))
    assert invented_judgement().left_out == ["fear"]


def test_says_once_what_the_baselines_are() -> None:
    text = page(invented_report())
    assert text.count("- constant: each emotion's mean label in training") == 1
    assert text.count("- rule without gate: the rule that made the labels") == 1
    assert "- logistic regression:" not in text  # was not asked


def test_says_of_each_model_that_is_scored_what_it_is() -> None:
    named = {name for key, name in vars(baselines).items() if key.isupper()}
    assert {*score_tables.BASELINES, baselines.NETWORK} == named


def test_without_limits_the_verdict_stands_alone() -> None:
    report = replace(invented_report(), limits=[])
    assert page(report).splitlines()[2:4] == [f"- {report.headline}", ""]


def test_shows_each_score_with_its_interval() -> None:
    text = page(invented_report())
    table = invented_tables()["intervals"]
    own = table[table["against"].isna() & (table["metric"] == "average_precision")]
    for emotion, label in ((None, NETWORK), ("anger", "anger")):
        row = own[own["emotion"].isna() if emotion is None else own["emotion"] == emotion].iloc[0]
        shown = f"{row['value']:.3f} ({row['low']:.2f} to {row['high']:.2f})"
        assert any(cells[0] == label and shown in cells for cells in table_rows(text))
    assert ["fear", "0", "-", "-"] in [cells[:4] for cells in table_rows(text)]
    assert "average precision 3 of 4" in text
    assert "| nan" not in text
    assert "None" not in text


def test_shows_gain_over_each_baseline() -> None:
    table = invented_tables()["intervals"]
    gains = table[(table["against"] == "constant") & (table["metric"] == "average_precision")]
    row = gains[gains["emotion"] == "anger"].iloc[0]
    shown = f"{row['value']:+.3f} ({row['low']:+.2f} to {row['high']:+.2f})"
    rows = table_rows(page(invented_report()))
    assert ["emotion", "rule without gate", "constant"] in rows
    assert any(shown in cells for cells in rows)


def test_shows_data_audit_and_disagreements() -> None:
    text = page(invented_report())
    assert "- AU01_r | never <moves>. (`dead_au`: 1)" in text
    rows = table_rows(text)
    assert ["AU01_r", "dead", "dead"] in rows
    assert not any("AU04_r" in cells for cells in rows)
    assert ["anger, fear", "0.990"] in rows
    at = rows.index(["anger", "0.400 (0.30 to 0.50)"])
    assert rows[at + 1] == ["fear", "-"]
    fitted = ["anger", "angry", "{9: 1.0}", "1.200", "0.600 (0.60 to 0.60)"]
    assert fitted in [cells[:5] for cells in rows]
    assert "- Not in the prototype, but certainly important: anger AU09." in text
    assert "not certainly raise the loss: anger AU04; fear AU04." in text


def test_leaves_out_what_was_not_given() -> None:
    report = invented_report()
    some = {name: report.tables[name] for name in ("intervals", "mean_predictions")}
    text = page(replace(report, tables=some, card={**report.card, "warnings": []}))
    for title in ("## Warnings", "## The labelling rule", "## What the network", "## Over a clip"):
        assert title not in text
        assert title.replace("## Over a clip", "## By emotion") in page(report)


def test_has_a_model_card_that_repeats_the_limits() -> None:
    lines = page(invented_report()).splitlines()
    heads = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert heads == CARD
    caveats = lines[lines.index("### Caveats and recommendations") :]
    assert "- anger and fear: identical labels. Change the rules." in caveats
    assert "- Heed the data warnings above (1)." in caveats


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({}, "where the clip's valence fits)"),
        ({"label.gate": "none"}, "over a divisor, whatever the valence)"),
        ({"label.gate": "frame"}, "over a divisor, times the frame's valence)"),
        ({}, "which had the lowest validation loss."),
        ({"train.members": 3}, "lowest loss on the training people whom each of its members"),
        ({}, "Validation: chooses the epoch and the thresholds."),
        ({"train.members": 3}, "Validation: chooses the thresholds."),
        ({}, "compared by average precision first. Average precision needs no threshold"),
        ({"evaluate.primary": "clip_accuracy"}, "compared by accuracy of clips first."),
    ],
)
def test_its_card_tells_what_was_chosen(chosen: dict[str, object], wanted: str) -> None:
    report = invented_report()
    assert wanted in page(replace(report, facts=replace(report.facts, params=chosen)))


def test_says_what_training_started_from_where_it_did() -> None:
    report = invented_report()
    start = {
        "folder": "models/first",
        "md5": {"model.keras": "1" * 32},
        "action_units": {"taken": ["AU04_r"], "new": ["AU12_r"]},
        "emotions": {"taken": ["anger", "fear"], "new": []},
    }
    text = page(replace(report, facts=replace(report.facts, start=start)))
    assert "- Training started from the model in models/first." in text
    assert "- action units taken over: AU04_r; new: AU12_r" in text
    assert "- emotions taken over: anger, fear; new: none" in text
    assert f"- md5: model.keras {'1' * 32}" in text
    assert "started from" not in page(report)


def test_names_its_run_only_where_told() -> None:
    report = invented_report()
    text = page(report)
    assert "outputs/train/run.json" in text
    assert "python -m pipeline reproduce RUN_ID" in text
    assert ["outputs/train/model.keras", "0" * 32] in table_rows(text)
    named = page(replace(report, facts=replace(report.facts, run={"key": "abc"})))
    assert ["key", "abc"] in table_rows(named)
    assert "outputs/train/run.json" not in named


def test_links_pictures_beside_it() -> None:
    report = invented_report(drawn=True)
    text = page(report)
    for name in ("overview", "confusion", "subjects", "timeline", "importance", "training_curves"):
        assert f"](plots/{name}.png)" in text
    assert set(report.pictures) == {
        *("overview", "mean_predictions", "confusion", "roc", "precision_recall", "reliability"),
        *("subjects", "timeline", "importance", "response", "label_distribution"),
        *("training_curves", "data_card"),
    }


def test_pictures_say_in_words_what_they_show() -> None:
    told = {name: picture.words for name, picture in invented_report(drawn=True).pictures.items()}
    assert all(len(words) > 30 for words in told.values())
    assert f"{EMOTIONS[-1]} undefined" in told["precision_recall"]
    assert "S" in told["subjects"]


def test_asks_for_the_network() -> None:
    report = invented_report()
    scores = {name: found for name, found in report.scores.items() if name != NETWORK}
    with pytest.raises(InputError, match="'network' is needed"):
        report_page(replace(report, scores=scores))


def test_odd_names_keep_their_row_and_column() -> None:
    rows = [["a | b", 0.5], ["tab\tand\nline", 2.0], ["\u8868\u60c5", None]]
    text = to_markdown(Page("t", [], [Section("s", [Table("c", ["x", "y|z"], rows)])]))
    assert [cells for cells in table_rows(text) if "--" not in cells[0]] == [
        *(["x", "y\\|z"], ["a \\| b", "0.500"]),
        *(["tab and line", "2.000"], ["\u8868\u60c5", "-"]),
    ]


def test_a_section_can_be_folded() -> None:
    folded = Section("All of it", ["a text"], folded=True)
    page = Page("t", [], [Section("s", ["b"]), folded, Section("none", [], folded=True)])
    text = to_markdown(page)
    assert "<details><summary>All of it</summary>\n\na text\n\n</details>" in text
    assert text.count("<details>") == to_html(page, {}).count("<details>") == 1
    assert 'href="#all-of-it"' not in to_html(page, {})


def test_cells_and_columns() -> None:
    assert [cell(value) for value in (None, float("nan"), 0.5, 1200, "a")] == [
        *("-", "-", "0.500", "1,200", "a")
    ]
    assert bounded(0.5, 0.25, 1.0) == "0.500 (0.25 to 1.00)"
    assert bounded(0.5, float("nan"), float("nan"), "+") == "+0.500"
    assert bounded(None, 0.1, 0.2) == "-"
    mixed = [["a", "482630b4", 1, "-0.1 to +0.2", "-"], ["b", "1", 2.5, "0.5 (0.1 to 0.2)", "3%"]]
    assert words(Table("", ["x"] * 5, mixed)) == [True, True, False, False, False]


def test_a_gain_over_the_rule_stands_with_its_interval_where_there_is_one() -> None:
    scores = {"positives": 9, "rule": 0.6, "network": 0.7, "gain": 0.1}
    table = pd.DataFrame(
        [
            {"emotion": "joy", "category": "happy"} | scores | {"low": -0.2, "high": 0.3},
            {"emotion": "fear", "category": "fearful"} | scores | {"low": None, "high": None},
            {"emotion": None, "category": None} | scores | {"low": None, "high": None},
        ]
    )
    shown = data_tables.rule_and_network(table)[1]
    assert isinstance(shown, Table)
    assert [row[0] for row in shown.rows] == ["joy", "fear", "mean"]
    assert [row[-1] for row in shown.rows] == ["+0.100 (-0.20 to +0.30)", "+0.100", "+0.100"]


@pytest.mark.parametrize(
    ("low", "told"),
    [
        (0.01, "Certainly better than the rule in use: anger. To adopt one"),
        (-0.01, "None is certainly better than the rule in use."),
    ],
)
def test_a_fitted_rule_is_offered_only_where_it_is_certainly_better(low, told) -> None:
    table = invented_tables()["fitted_rules"].assign(gain_low=low)
    note = data_tables.fitted_rules(table)[-1]
    assert told in note
    assert ("To adopt one" in note) == (low > 0)
