"""Does a network know more than the rule that taught it? People decide."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.evaluation.explaining.rule_and_network import compare_with_people, knows_more
from pipeline.evaluation.resampling.bootstrap import group

MEANT = {"joy": "happy", "grief": "sad", "awe": "amazed"}
PEOPLE = 12


def rows(seed=0, number=600, rule=0.5, network=1.5):
    """Give scores of rule and network that know so much of what people said, and the words."""
    random = np.random.default_rng(seed)
    words = pd.Series(random.choice(["happy", "sad", "calm"], number))
    scores = [
        pd.DataFrame(
            {e: random.random(number) + skill * (words == MEANT[e]).to_numpy() for e in MEANT}
        )
        for skill in (rule, network)
    ]
    return *scores, words, MEANT, group(np.arange(number) % PEOPLE, 300, 1), 0.95


def test_scores_are_those_of_scikit_learn_and_the_last_row_their_mean():
    rule, network, words, *rest = rows()
    table = compare_with_people(rule, network, words, *rest)
    assert table["emotion"].tolist()[:2] == ["joy", "grief"]
    assert table["category"].tolist()[:2] == ["happy", "sad"]
    for name, scores in (("rule", rule), ("network", network)):
        expected = [roc_auc_score(words == MEANT[e], scores[e]) for e in ("joy", "grief")]
        assert table[name].tolist() == pytest.approx([*expected, np.mean(expected)])
    assert table["gain"].tolist() == pytest.approx((table["network"] - table["rule"]).tolist())
    assert table["positives"].tolist()[:2] == [(words == "happy").sum(), (words == "sad").sum()]
    assert table["positives"].iloc[2] == table["positives"][:2].sum()


@pytest.mark.parametrize(
    ("rule", "network", "said"),
    [(0.3, 0.9, "knows MORE"), (0.9, 0.3, "knows LESS"), (0.5, 0.5, "cannot be told")],
)
def test_says_who_knows_more(rule, network, said):
    assert said in knows_more(compare_with_people(*rows(rule=rule, network=network)))


def test_one_person_gives_no_interval():
    rule, network, words, meant, _, level = rows()
    one = group(np.zeros(len(words)), 300, 1)
    said = knows_more(compare_with_people(rule, network, words, meant, one, level))
    assert "cannot be told" in said
    assert "no interval" in said


def test_without_any_category_that_is_meant_there_is_nothing_to_say():
    rule, network, words, _, *rest = rows()
    assert compare_with_people(rule, network, words, {"joy": "cheerful"}, *rest).empty
