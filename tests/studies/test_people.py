import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from studies.people import Part, deal, parts_of, split_off
from studies.settings import Dealing

PEOPLE = st.lists(st.text("abc0123", min_size=1, max_size=4), min_size=6, max_size=30, unique=True)


def dealing(number=3, given=None):
    return Dealing(number=number, given=given, validation=0.25)


@given(PEOPLE, st.integers(2, 5), st.integers(0, 99))
def test_everybody_is_in_one_fold_and_folds_are_even(people, number, seed):
    folds = deal(people, dealing(number), seed)
    assert sorted(name for fold in folds for name in fold) == sorted(people)
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@given(PEOPLE, st.integers(2, 5), st.integers(0, 99))
def test_nobody_trains_validates_and_is_asked_about_in_one_fold(people, number, seed):
    for part in parts_of(people, dealing(number), seed):
        everyone = [*part.train, *part.validation, *part.test]
        assert sorted(everyone) == sorted(people)
        assert part.validation


def test_a_planted_leak_is_refused():
    with pytest.raises(InputError, match="b would be in two of training, validation and test"):
        Part(("a", "b"), ("c",), ("b", "d"))


def test_the_same_seed_deals_the_same_folds_another_others():
    people = [f"p{i}" for i in range(20)]
    assert deal(people, dealing(), 1) == deal(people, dealing(), 1)
    assert deal(people, dealing(), 1) != deal(people, dealing(), 2)


def test_given_folds_are_taken_as_lists_of_numbers_or_names():
    folds = deal(["01", "02", "03"], dealing(given=((1, 3), ("02",))), 7)
    assert folds == [("01", "03"), ("02",)]


def test_given_folds_are_taken_from_a_file_with_a_row_for_each_clip(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("clip,subject,fold\na,1,x\nb,1,x\nc,2,y\nd,10,x\n")
    folds = deal(["01", "02", "10"], dealing(given=str(path)), 7)
    assert folds == [("01", "10"), ("02",)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((("a",), ("b",)), "folds.given has c in no fold, or in several"),
        ((("a", "b"), ("b", "c")), "folds.given has b in no fold, or in several"),
        ((("a", "b"), ("c", "d")), "d, which the data lacks"),
        ("nowhere.csv", "folds.given names nowhere.csv, which is not there"),
    ],
)
def test_given_folds_that_do_not_fit_are_one_line(given, told):
    with pytest.raises(InputError, match=told):
        deal(["a", "b", "c"], dealing(given=given), 7)


def test_more_folds_than_people_are_refused():
    with pytest.raises(InputError, match="there are 2 people"):
        deal(["a", "b"], dealing(3), 7)


def test_at_least_one_person_validates():
    train, validation = split_off(["a", "b", "c"], 0.01, 7)
    assert len(validation) == 1
    assert sorted(train + validation) == ["a", "b", "c"]
