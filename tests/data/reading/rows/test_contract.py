import numpy as np
import pyarrow as pa
import pytest

from pipeline.data.reading.rows.contract import Raw, check

AUS = ["AU06_r", "AU12_c"]


def raw(**numbers) -> Raw:
    values = {"frame": [1, 2, 3], "AU06_r": [0, 2.5, 5], "AU12_c": [0, 1, 1]} | numbers
    arrays = {name: np.array(column, dtype=np.float64) for name, column in values.items()}
    keys = {"subject": "S", "clip": "S_1", "valence_class": "P", "emotion": None}
    count = len(arrays["frame"])
    words = {name: pa.array([value] * count, pa.string()) for name, value in keys.items()}
    return Raw(
        ["f.csv"],
        np.zeros(count, dtype=np.int32),
        np.arange(1, count + 1),
        {name: column.dictionary_encode() for name, column in words.items()},
        arrays,
    )


def test_keeps_sound_rows_as_they_are():
    checked = check(raw(), AUS, 0.5)
    table = checked.frames.to_pydict()
    assert table["subject"] == ["S"] * 3
    assert table["AU06_r"] == [0, 2.5, 5]
    assert table["emotion"] == [None] * 3
    assert table["valence"] == [None] * 3
    assert checked.rejects == []


@pytest.mark.parametrize(
    ("numbers", "reason", "detail"),
    [
        ({"AU06_r": [0, np.nan, 5]}, "not_finite", "AU06_r is nan"),
        ({"AU06_r": [0, np.inf, 5]}, "not_finite", "AU06_r is inf"),
        ({"AU06_r": [0, 5.01, 5]}, "out_of_range", "AU06_r is 5.01"),
        ({"AU06_r": [0, -0.1, 5]}, "out_of_range", "AU06_r is -0.1"),
        ({"AU12_c": [0, 1.5, 1]}, "out_of_range", "AU12_c is 1.5"),
        ({"valence": [0, -1.5, 1]}, "out_of_range", "valence is -1.5"),
        ({"frame": [1, np.nan, 3]}, "not_finite", "frame is nan"),
        ({"frame": [1, -2, 3]}, "out_of_range", "frame is -2"),
        ({"success": [1, 0, 1]}, "not_tracked", "success is 0"),
        ({"confidence": [0.9, 0.49, 0.5]}, "low_confidence", "confidence is 0.49"),
        ({"confidence": [0.9, np.nan, 0.5]}, "low_confidence", "confidence is nan"),
        ({"frame": [1, 1, 3]}, "duplicate_frame", "frame is 1"),
    ],
)
def test_quarantines_the_row_that_breaks_the_contract(numbers, reason, detail):
    checked = check(raw(**numbers), AUS, 0.5)
    assert [(r.row, r.reason, r.detail) for r in checked.rejects] == [(2, reason, detail)]
    assert checked.frames["frame"].to_pylist() == [1, 3]
    assert checked.rows_read == 3


def test_gives_an_untracked_frame_one_reason():
    checked = check(raw(success=[1, 0, 1], AU06_r=[0, 9, 5]), AUS, 0.5)
    assert [found.reason for found in checked.rejects] == ["not_tracked"]


def test_sorts_frames_and_keeps_the_first_of_two():
    checked = check(raw(frame=[3, 1, 3], AU06_r=[1, 2, 3]), AUS, 0.5)
    assert checked.frames["frame"].to_pylist() == [1, 3]
    assert checked.frames["AU06_r"].to_pylist() == [2, 1]


def test_a_bad_row_does_not_push_out_its_sound_double():
    checked = check(raw(frame=[1, 1, 2], AU06_r=[9, 2, 3]), AUS, 0.5)
    assert checked.frames["AU06_r"].to_pylist() == [2, 3]
    assert [(r.row, r.reason) for r in checked.rejects] == [(1, "out_of_range")]


@pytest.mark.parametrize(
    ("confidence", "lost", "notes"),
    [
        ([98, 30, 97.5], [2], ["f.csv"]),
        ([100, 3, np.nan], [2, 3], ["f.csv"]),
        ([1.0000001, 0.3, 0.98], [2], []),
        ([0.9, 250, 0.98], [], []),  # no percent; what else it may be, nobody knows
    ],
)
def test_takes_a_confidence_in_percent_for_a_share(confidence, lost, notes):
    checked = check(raw(confidence=confidence), AUS, 0.5)
    assert [(r.row, r.reason) for r in checked.rejects] == [(n, "low_confidence") for n in lost]
    assert [file for note, file in checked.notes if "98 is read as 0.98" in note] == notes


def test_a_damaged_confidence_makes_no_percent_of_the_others():
    sound = {"frame": range(20), "AU06_r": [1] * 20, "AU12_c": [1] * 20}
    checked = check(raw(**sound, confidence=[98, *[0.9] * 19]), AUS, 0.5)
    assert (checked.rejects, list(checked.notes)) == ([], [])
