import json

import numpy as np
import pytest
from data.card.test_au_activity import summary_of
from data.card.test_label_distribution import distribution_of
from matplotlib.text import Text

from pipeline.data.card.data_card import data_card, dead_rules
from pipeline.data.warnings import count_codes, warning
from pipeline.report.figures.data_card import card_figure
from pipeline.report.figures.files import svg

NAME = "a <long> & winding name of an emotion"


@pytest.fixture(scope="module")
def card():
    values = np.tile([[0.0, 3.0], [0.0, 1.0]], (10, 1))
    people = {"A": ("train", values), "B": ("val", values), "C": ("test", values)}
    summary = summary_of(people, ["AU01_r", "AU06_r"])
    account = summary.as_dict() | {"warnings": summary.warnings()}
    activity = {"aus": summary.activity.rows(), "drift": summary.activity.drift()}
    splits = ["train"] * 2 + ["test"] * 2
    labels = distribution_of(
        [[1, 0.2], [0, 0.2], [0.6, 0.2], [0, 0.2]], ["A", "A", "C", "C"], splits, [NAME, "b"]
    )
    return data_card(account, activity, labels, labels.warnings())


def test_card_holds_all_parts_and_goes_to_json(card):
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["splits"]["train"] == {"subjects": 1, "clips": 2, "frames": 20}
    assert len(card["aus"]) == 2 * 3
    shares = {(row["split"], row["emotion"]): row["share_at_least_0_5"] for row in card["labels"]}
    assert shares["train", NAME] == 0.5
    assert shares["all", NAME] == 0.5
    assert card["correlations"] == [
        {"first": NAME, "second": "b", "correlation": None, "identical": False}
    ]
    codes = {found["code"] for found in card["warnings"]}
    assert {"dead_au", "few_positives"} <= codes


def test_figure_shows_every_au_emotion_and_warning(card):
    figure = card_figure(card)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert {"AU01_r", "AU06_r", "b"} <= set(texts)
    assert any(text.replace("\n", " ").startswith("a <long> & winding name") for text in texts)
    assert texts.count("0.0% dead") == 3
    assert "dead_au 1" in " ".join(texts)
    assert svg(figure) == svg(card_figure(card))


def test_bars_of_one_head_share_a_scale(card):
    """AU06 has a mean of 2 in each split; one twice as high has a bar twice as long."""
    twice = [row | {"au": "AU12_r", "mean": 2 * row["mean"]} for row in card["aus"][1::2]]
    drift = [row | {"name": "AU12_r"} for row in card["au_drift"] if row["name"] == "AU06_r"]
    more = {"aus": card["aus"] + twice, "au_drift": card["au_drift"] + drift}
    figure = card_figure(card | more)
    bars = {}
    for bar in figure.axes[0].patches:
        bars.setdefault(round(bar.get_x(), 2), {})[round(bar.get_y() + bar.get_height() / 2)] = bar
    means = [column for left, column in bars.items() if 3 < left < 6]
    assert len(means) == 3
    for column in means:
        assert column[2].get_width() == pytest.approx(2 * column[1].get_width())
    assert len({round(column[2].get_width(), 6) for column in means}) == 1


def test_rules_on_dead_aus_are_named_with_what_is_left():
    overall = {
        f"AU{au:02d}_r": {"lowest": 0.0, "highest": top} for au, top in ((1, 0), (4, 5), (15, 0))
    }
    rules = {"grief": {1: 1.0, 4: 1.0, 15: 2.0}, "rage": {4: 1.0}, "awe": {1: 1.0}}
    grief, awe = dead_rules(rules, overall)
    assert grief["number"] == 0.75
    assert "AU01_r, AU15_r of its rule never move, 75%" in grief["message"]
    assert "it rests on AU04_r alone" in grief["message"]
    assert awe["number"] == 1
    assert "its label never varies" in awe["message"]


def test_warnings_are_counted_by_code():
    found = [warning("b", 1, ""), warning("a", 2, ""), warning("b", 3, "")]
    assert count_codes(found) == {"a": 1, "b": 2}
