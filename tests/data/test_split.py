import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.split import (
    TEST,
    TRAIN,
    VAL,
    Shares,
    deal,
    deal_frames,
    deal_subjects,
    split_by,
)
from pipeline.errors import InputError

SHARES = Shares(0.2, 0.2, 7)
NAMES = [f"S{i:02d}" for i in range(20)]


@given(
    st.integers(3, 60),
    st.floats(0.01, 0.49),
    st.floats(0.01, 0.49),
    st.integers(0, 2**32 - 1),
)
def test_every_name_gets_one_split_and_every_split_a_name(count, validation, test, seed):
    names = [f"S{i}" for i in range(count)]
    assigned = deal(names, Shares(validation, test, seed))
    assert set(assigned) == set(names)
    assert set(assigned.values()) == {"train", "val", "test"}


def test_shares_are_kept_and_order_of_names_does_not_matter():
    assigned = deal(NAMES, SHARES)
    assert sorted(assigned.values()).count("test") == 4
    assert sorted(assigned.values()).count("val") == 4
    assert deal(NAMES[::-1], SHARES) == assigned
    assert deal(NAMES, Shares(0.2, 0.2, 8)) != assigned


@given(st.integers(3, 60), st.floats(0.01, 0.49), st.floats(0.01, 0.49), st.integers(0, 2**32 - 1))
def test_who_joins_moves_at_most_one_person_into_or_out_of_test(count, validation, test, seed):
    names, shares = [f"S{i}" for i in range(count)], Shares(validation, test, seed)
    before, after = deal(names, shares), deal([*names, "new"], shares)
    moved = [(before[name], after[name]) for name in names if before[name] != after[name]]
    assert [pair for pair in moved if "test" in pair] in ([], [("test", "val")], [("val", "test")])
    assert len(moved) <= 3


def test_who_joins_named_splits_moves_nobody_by_name():
    named = {"val": ["S01"], "test": ["S03", "S04"]}
    before = deal_subjects(NAMES, SHARES, named)
    assert deal_subjects([*NAMES, "new"], SHARES, named) == before | {"new": "train"}


def test_the_deal_is_the_same_in_every_version():
    assigned = deal(NAMES, SHARES)
    assert [name for name in NAMES if assigned[name] == "test"] == ["S05", "S08", "S10", "S19"]


def test_refuses_two_subjects():
    with pytest.raises(InputError, match="at least one each"):
        deal(["a", "b"], SHARES)


def test_named_subjects_replace_the_share():
    assigned = deal_subjects(NAMES, SHARES, {"val": [], "test": ["S03"]})
    assert [name for name, split in assigned.items() if split == "test"] == ["S03"]
    assert sorted(assigned.values()).count("val") == 4
    both = deal_subjects(NAMES, SHARES, {"val": ["S01"], "test": ["S03"]})
    assert sorted(both.values()).count("train") == 18


def test_refuses_a_subject_that_does_not_occur():
    with pytest.raises(InputError, match="test_subjects has S99"):
        deal_subjects(NAMES, SHARES, {"val": [], "test": ["S99"]})


@pytest.mark.parametrize(
    ("known", "given", "meant"),
    [
        (["01", "02", "05", "14"], [2, 5, 14], ["02", "05", "14"]),
        (["01", "02", "05", "14"], [14], ["14"]),
        (["1", "2", "3"], [2], ["2"]),
        (["0", "00007", "8"], [7], ["00007"]),
        (["P01", "p02", "P03"], ["P02"], ["p02"]),
        (["J\u00f6rg", "Ann", "Bo"], ["Jo\u0308rg"], ["J\u00f6rg"]),
        (["Ann  Lee", "Bo", "Cy"], ["ann lee"], ["Ann  Lee"]),
        (["S 1", "S1", "S2"], ["S1"], ["S1"]),
    ],
)
def test_a_number_means_the_name_that_is_written_with_it(known, given, meant):
    assigned = deal_subjects([*known, "x", "y"], SHARES, {"val": [], "test": given})
    assert sorted(name for name, split in assigned.items() if split == "test") == sorted(meant)


@pytest.mark.parametrize(
    ("known", "given", "told"),
    [
        (["2", "02", "3"], [2], r"test_subjects has 2, which may be '02' or '2'"),
        (["P1", "p1", "q"], ["p 1"], "has p 1, which the data lacks"),
        (["Ab", "aB", "q"], ["AB"], "which may be 'Ab' or 'aB'"),
        (["P02", "P03", "P04"], [2], r"lacks; .* Did you mean 'P02'\?"),
        (["sub-02", "sub-12", "x"], [2], r"Did you mean 'sub-02'\?"),
        (["02", "03", "04"], ["2"], r"Did you mean '02'\?"),
        (["a", "b", "c"], [2], "its subjects are 'a', 'b', 'c'"),
    ],
)
def test_a_name_that_is_not_clear_is_refused_with_the_right_spelling(known, given, told):
    with pytest.raises(InputError, match=told):
        deal_subjects(known, SHARES, {"val": [], "test": given})


def test_refuses_a_person_on_both_sides_however_written():
    with pytest.raises(InputError, match="names 02 in validation_subjects and in test_subjects"):
        deal_subjects(["01", "02", "03"], SHARES, {"val": [2], "test": ["02"]})


def test_refuses_to_leave_nobody_to_train_on():
    with pytest.raises(InputError, match="none of the 3 subjects"):
        deal_subjects(["a", "b", "c"], SHARES, {"val": ["a"], "test": ["b", "c"]})


def test_frames_are_drawn_by_share_and_seed():
    codes = deal_frames(100_000, SHARES, 0)
    shares = np.bincount(codes, minlength=3) / len(codes)
    assert abs(shares[[TRAIN, VAL, TEST]] - [0.6, 0.2, 0.2]).max() < 0.01
    assert (deal_frames(100_000, SHARES, 0) == codes).all()
    assert (deal_frames(100_000, SHARES, 1) != codes).any()


FACES = {
    "A_1": "val",
    "A_1/face 0": "val",
    "face 1/A_1": "test",
    "x/face 2/A_1": "train",
    "x/face 2/A_1/face 3": "train",
    "x": "test",
    "x/face 7": "test",
}


def test_a_face_goes_where_its_clip_goes_whatever_the_folders_are_called():
    dealt = {name: FACES[name] for name in ("A_1", "face 1/A_1", "x/face 2/A_1", "x")}
    frames = pa.table({"clip": pa.array(list(FACES)).dictionary_encode()})
    assert split_by("clip", dealt, frames, 0)["split"].to_pylist() == list(FACES.values())


def test_a_face_of_its_own_goes_where_its_subject_goes():
    faces = ["A", "A/face A_1 0", "A/face x/face 2/A_1 1"]
    frames = pa.table({"subject": pa.array(faces).dictionary_encode()})
    split = split_by("subject", {"A": "val", "B": "test"}, frames, 0)["split"].to_pylist()
    assert split == ["val"] * 3
