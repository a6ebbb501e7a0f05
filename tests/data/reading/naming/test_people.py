import pytest

from pipeline.data.reading.naming.people import check_people


def codes(owners: dict[str, str]) -> list[str]:
    return [found["code"] for found in check_people(owners)]


def clips(pattern: str, folders: list[str], subjects: list[str]) -> dict[str, str]:
    return {
        pattern.format(folder=folder, subject=subject): subject
        for folder in folders
        for subject in subjects
    }


DAYS, WORDS = ["P01", "P02", "P03", "P04"], ["x", "y", "z"]


@pytest.mark.parametrize(
    "owners",
    [
        clips("{folder}/{subject}_1", DAYS, WORDS),
        clips("all/{folder}/{subject}_1", DAYS, WORDS),
        clips("{folder}/a/b/{subject}_1", DAYS, WORDS),
        clips("{folder}\\{subject}_1", DAYS, WORDS),
        clips("{folder}/{subject}_1", DAYS, WORDS) | {"P05/x_1": "x", "P05/y_1": "y"},
        clips("{folder}/{subject}_1", DAYS[:2], WORDS[:2]),
    ],
)
def test_doubts_subjects_that_stand_in_the_same_folders(owners):
    assert codes(owners) == ["subject_spans_folders"]


@pytest.mark.parametrize(
    "owners",
    [
        {f"{who}/{i}": who for who in DAYS for i in range(3)},
        clips("{folder}/{subject}_1", ["happy", "Sad", "anger_2"], DAYS),
        clips("{subject}_1", ["x"], WORDS),
        clips("one/{subject}_1", ["x"], WORDS),
        clips("{folder}/{subject}_1", DAYS, ["x"]),
        {"a/x_1": "x", "b/y_1": "y", "c/z_1": "z", "a/x_2": "x"},
        {},
    ],
)
def test_doubts_no_subjects_with_folders_of_their_own(owners):
    assert codes(owners) == []


def test_doubts_subjects_that_are_called_like_emotions():
    owners = {f"{who}_{i}": who for who in ("Happy", "sad", "neutral") for i in range(2)}
    assert codes(owners) == ["subject_is_emotion"]
    assert codes(owners | {"P01_1": "P01"}) == []


@pytest.mark.parametrize(
    "pair", [("P01", "p01"), ("P1", "P01"), ("1", "01"), ("1", "1.0"), ("Ann Lee", "ann  lee ")]
)
def test_names_subjects_that_may_be_one_person(pair):
    found = check_people({"a": pair[0], "b": pair[1], "c": "other"})
    assert [item["code"] for item in found] == ["alike_subjects"]
    assert " and ".join(sorted(pair)) in found[0]["message"]


@pytest.mark.parametrize("pair", [("P1", "P10"), ("P1a", "P1b"), ("x", "y"), ("s1_2", "s12")])
def test_different_names_are_different_people(pair):
    assert codes({"a": pair[0], "b": pair[1]}) == []
