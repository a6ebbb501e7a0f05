"""The same recording under two subjects is found, whatever its file looks like."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.card.counting.copies import Copies
from pipeline.data.frames import find_runs

AUS = ["AU06_r", "AU12_r"]
SEED = np.random.default_rng(3)
ONE, OTHER = (SEED.uniform(0.1, 5, (12, 2)).astype(np.float32) for _ in range(2))


def frames(clips: list[tuple[str, str, np.ndarray]]) -> pa.Table:
    """Lay clips out as the rows of a batch: subject, clip and values, shape (frames, 2)."""
    lengths = [len(values) for _, _, values in clips]
    values = np.concatenate([values for _, _, values in clips])
    words = {
        "subject": np.repeat([who for who, _, _ in clips], lengths),
        "clip": np.repeat([clip for _, clip, _ in clips], lengths),
        "split": np.repeat(["train"], sum(lengths)),
    }
    keys = {name: pa.array(column).dictionary_encode() for name, column in words.items()}
    return pa.table(keys | {name: values[:, i] for i, name in enumerate(AUS)})


def found(*batches: list[tuple[str, str, np.ndarray]]) -> list[tuple[str, str]]:
    copies = Copies(AUS)
    for batch in batches:
        table = frames(batch)
        copies.add(table, find_runs(table, clips=True))
    return [(first[1], second[1]) for first, second in copies.found()]


def test_finds_a_copy_in_the_same_batch_and_in_another():
    assert found([("A", "a", ONE), ("B", "b", ONE)]) == [("a", "b")]
    assert found([("A", "a", ONE), ("C", "c", OTHER)], [("B", "b", ONE)]) == [("a", "b")]


@pytest.mark.parametrize(
    "other",
    [
        ONE[::-1],  # another order
        ONE[:-1],  # one row less
        ONE[:, ::-1],  # columns exchanged
        np.where(np.arange(24).reshape(12, 2) == 5, np.nextafter(ONE, 9), ONE).astype(np.float32),
        np.concatenate([ONE, ONE]),
    ],
)
def test_what_differs_anywhere_is_no_copy(other):
    assert found([("A", "a", ONE), ("B", "b", other)]) == []


def test_a_person_may_have_a_recording_twice_and_zero_has_no_sign():
    assert found([("A", "a", ONE), ("A", "b", ONE)]) == []
    rest = np.where(np.arange(24).reshape(12, 2) < 6, 0, ONE).astype(np.float32)
    signed = np.where(rest == 0, np.float32(-0.0), rest)
    assert found([("A", "a", rest), ("B", "b", signed)]) == [("a", "b")]


def test_faces_at_rest_are_alike_without_being_copies():
    still = np.zeros((50, 2), dtype=np.float32)
    still[7] = 0.5
    assert found([("A", "a", still), ("B", "b", still)]) == []


THIRD = SEED.uniform(0.1, 5, (7, 2)).astype(np.float32)
PARTS = [("A", "a", ONE), ("A", "b", OTHER), ("B", "c", THIRD)]


def told(*batches: list[tuple[str, str, np.ndarray]]) -> list[tuple[str, int, str]]:
    copies = Copies(AUS)
    for batch in batches:
        table = frames(batch)
        copies.add(table, find_runs(table, clips=True))
    return [(item["code"], item["number"], item["message"]) for item in copies.warnings({})]


def test_a_clip_of_all_other_clips_is_found_wherever_it_stands():
    merged = ("all", "data", np.concatenate([THIRD, ONE, OTHER]))
    for batches in ([[*PARTS, merged]], [[merged], PARTS], [PARTS[:1], PARTS[1:], [merged]]):
        ((code, count, message),) = told(*batches)
        assert (code, count) == ("same_recording", 1)
        assert "data (subject all) has the rows of all other clips. Keep" in message


def test_a_clip_of_all_other_clips_of_its_subject_is_found():
    ((code, count, message),) = told([*PARTS, ("A", "both", np.concatenate([ONE, OTHER]))])
    assert (code, count) == ("repeated_recording", 1)
    assert "both (subject A) has the rows of all other clips of this subject" in message


def test_a_recording_that_a_person_has_twice_is_said_apart():
    ((code, count, message),) = told([*PARTS, ("A", "backup/a", ONE)])
    assert (code, count) == ("repeated_recording", 1)
    assert "twice under one subject: a (subject A) and backup/a (subject A)" in message


@pytest.mark.parametrize("less", [1, 5])
def test_a_clip_of_nearly_all_others_is_its_own(less):
    assert told([*PARTS, ("all", "data", np.concatenate([THIRD, ONE, OTHER])[less:])]) == []
    assert told(PARTS) == told(PARTS[:1]) == told(PARTS[:2]) == []


def test_names_both_files_and_both_subjects():
    copies = Copies(AUS)
    table = frames([("A", "a", ONE), ("B", "b", ONE)])
    copies.add(table, find_runs(table, clips=True))
    (told,) = copies.warnings({"a": "in/a.csv", "b": "in/b.csv"})
    assert told["code"] == "same_recording"
    assert "in/a.csv (subject A) and in/b.csv (subject B)" in told["message"]
    assert "a (subject A) and b (subject B)" in copies.warnings({})[0]["message"]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(0, 7))
def test_a_digest_does_not_hang_on_where_the_clip_stands(lengths, which):
    values = [SEED.uniform(1, 5, (4 * n, 2)).astype(np.float32) for n in lengths]
    again = values[which % len(values)]
    batch = [(f"S{i}", f"c{i}", one) for i, one in enumerate(values)]
    assert found(batch, [("X", "x", again)]) == [(f"c{which % len(values)}", "x")]
