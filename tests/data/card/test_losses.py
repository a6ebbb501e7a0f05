"""Count what is set aside by emotion, person and split, and warn where it is much or uneven."""

import pyarrow as pa
import pytest
from recordings import account_of, add, csv_text

from pipeline.data.card.counting.losses import Losses
from pipeline.data.frames import word_type
from pipeline.data.quarantine import Reject
from pipeline.stages import prepare

SPLIT_OF = {"S1": "train", "S2": "train", "S3": "val"}


def frames(**rows: int) -> pa.Table:
    """Write so many frames of `<subject>_<emotion>`."""
    keys = [name.split("_") for name, count in rows.items() for _ in range(count)]
    columns = {
        "subject": [subject for subject, _ in keys],
        "emotion": [emotion for _, emotion in keys],
        "valence_class": [None for _ in keys],
        "split": [SPLIT_OF[subject] for subject, _ in keys],
    }
    return pa.table({name: pa.array(words).cast(word_type()) for name, words in columns.items()})


def reject(rows: int, reason: str = "low_confidence", **whose: str) -> Reject:
    return Reject("f.csv", None, rows, reason, "", whose or None)


def warn(table: pa.Table, *rejects: Reject, owners=None) -> dict[str, str]:
    losses = Losses(owners or {})
    losses.add(table, rejects)
    return {found["code"]: found["message"] for found in losses.warnings(SPLIT_OF)}


def test_warns_of_a_loss_over_five_percent_and_names_the_reasons():
    table = frames(S1_sad=95)
    assert warn(table, reject(5)) == {}
    (found,) = warn(table, reject(5), reject(1, "ragged")).values()
    assert "5.9% of 101 rows" in found
    assert "low_confidence 5, ragged 1" in found


def test_faces_that_were_not_wanted_are_no_loss():
    assert warn(frames(S1_sad=50), reject(50, "other_face")) == {}


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ({"emotion": "sad"}, "by emotion: sad 16.7%, the others 0.0%"),
        ({"subject": "S3"}, "by subject: S3 16.7%, the others 0.0%"),
    ],
)
def test_warns_where_one_group_lost_more_with_both_shares(whose, told):
    table = frames(S1_glad=100, S2_glad=100, S3_sad=50)
    assert told in warn(table, reject(10, **whose))["uneven_loss"]


def test_what_a_person_loses_their_split_loses():
    losses = Losses({})
    losses.add(frames(S1_sad=100, S2_sad=100, S3_sad=100), [reject(20, subject="S3")])
    told = [found["message"] for found in losses.warnings(SPLIT_OF)]
    assert any("by split: val 16.7%, the others 0.0%" in message for message in told)


def test_an_even_loss_and_a_few_rows_are_not_called_uneven():
    table = frames(S1_glad=90, S2_sad=90)
    even = [reject(10, emotion=word) for word in ("glad", "sad")]
    assert "uneven_loss" not in warn(table, *even)
    assert "uneven_loss" not in warn(frames(S1_glad=90, S2_sad=6), reject(4, emotion="sad"))


def test_a_file_of_one_clip_tells_whose_rows_were_lost():
    owners = {"f.csv": {"emotion": "sad", "subject": "S3", "valence_class": None}}
    table = frames(S1_glad=100, S3_sad=50)
    assert "sad 16.7%" in warn(table, reject(10), owners=owners)["uneven_loss"]


@pytest.mark.parametrize("layout", ["openface", "table"])
def test_prepare_warns_of_what_one_emotion_lost(workspace, tree, tmp_path, layout):
    def rows(emotion: str) -> list[list[float]]:
        high = 9 if emotion == "angry" else 1
        return [[i, 0.5, high if i < 5 else 1] for i in range(10)]

    clips = [(s, e) for s in "ABCD" for e in ("angry", "sad")]
    names = ["frame", "AU06_r", "AU12_r"]
    if layout == "table":
        lines = [[f"{s}_{e}", s, e, *row] for s, e in clips for row in rows(e)]
        files = {"t.csv": csv_text(["clip", "subject", "emotion", *names], lines)}
    else:
        files = {f"{s}_{e}.csv": csv_text(names, rows(e)) for s, e in clips}
        files["labels.csv"] = csv_text(["clip", "emotion"], [[f"{s}_{e}", e] for s, e in clips])
    folder = add(tmp_path / "in", files)
    tree["data"] |= {"path": str(folder), "layout": layout, "naming": "subject_first"}
    tree["label"]["source"] = "human"
    place = workspace(tree)
    prepare.main()
    told = [found["message"] for found in account_of(place)["warnings"]]
    assert any("by emotion: angry 50.0%, the others 0.0%" in message for message in told)
    assert any("25.0% of 80 rows were set aside (out_of_range 20)" in message for message in told)
