import pytest

from pipeline.data.names.words import (
    MISSING,
    describe_spellings,
    folded,
    meant_by,
    said,
    spellings,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Happy", "happy"),
        ("happy ", " HAPPY"),
        ("very  sad", "Very sad"),
        ("very\tsad", "very sad"),
        ("STRASSE", "stra\u00dfe"),
        ("J\u00f6rg", "Jo\u0308rg"),
        ("\N{NO-BREAK SPACE}sad", "sad"),
    ],
)
def test_case_blanks_and_the_coding_of_accents_do_not_count(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "01"), ("1", "1.0"), ("sad", "sadness"), ("so", "s o"), ("a-b", "a b")]
)
def test_anything_else_does(one, other):
    assert folded(one) != folded(other)


def test_the_commonest_spelling_is_kept_and_named():
    found = spellings({"happy": 3, "Happy": 5, "SAD": 2, "sad": 2, "calm": 9})
    assert found == {"Happy": ["Happy", "happy"], "SAD": ["SAD", "sad"]}
    assert describe_spellings(found).endswith("'Happy', 'happy' as 'Happy'; 'SAD', 'sad' as 'SAD'")


def test_no_word_for_nothing_is_a_word():
    assert not {word for word in MISSING if said(f" {word.upper()} ") is not None}
    assert said(None) is None
    assert said(" no ") == "no"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["happy", "angry"], {"happiness": "happy", "anger": "angry", "guilt": "guilt"}),
        (["Happiness", "anger"], {"happiness": "Happiness", "anger": "anger", "guilt": "guilt"}),
        (["Happy", "happiness"], {"happiness": "Happy", "anger": "angry", "guilt": "guilt"}),
        (["GUILT"], {"happiness": "happy", "anger": "angry", "guilt": "GUILT"}),
        ([], {"happiness": "happy", "anger": "angry", "guilt": "guilt"}),
    ],
)
def test_an_emotion_means_what_people_call_it_or_else_its_own_name(words, meant):
    called = {"happiness": "happy", "anger": "angry"}
    assert meant_by(["happiness", "anger", "guilt"], called, words) == meant
