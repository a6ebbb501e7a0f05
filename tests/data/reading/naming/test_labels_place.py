"""Where labels are looked for: in one table beside the recordings, and what is said of others."""

import gzip

import pytest
from recordings import account_of, add, openface_folder

from pipeline.errors import InputError
from pipeline.stages import prepare

LABELS = "clip,emotion\n" + "".join(f"{s}_1,{'sad' if s < 'C' else 'happy'}\n" for s in "ABCD")


def run(workspace, tree, folder, **data):
    tree["data"] |= {"path": str(folder), "layout": "openface", "naming": "subject_first"} | data
    tree["label"]["source"] = "human"
    path = workspace(tree)
    prepare.main()
    return account_of(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Labels.csv", LABELS),
        ("LABELS.CSV", LABELS),
        ("labels.tsv", LABELS.replace(",", "\t")),
        ("labels.csv.gz", gzip.compress(LABELS.encode(), mtime=0)),
    ],
)
def test_labels_may_have_another_spelling_or_suffix(workspace, tree, tmp_path, name, content):
    account = run(workspace, tree, openface_folder(tmp_path / "in", {name: content}))
    assert (account["rows_kept"], account["rows_quarantined"]) == (12, 0)
    assert account["files_ignored"] == 0


def test_of_several_labels_csv_wins_and_the_rest_is_named(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {"labels.csv": LABELS, "Labels.tsv": "clip\nA_1\n"})
    (note,) = [note for note in run(workspace, tree, folder)["notes"] if "labels are read" in note]
    assert str(folder / "Labels.tsv") in note
    (folder / "labels.csv").rename(folder / "LABELS.csv")
    with pytest.raises(InputError, match=r"has LABELS\.csv, Labels\.tsv; one .* labels\.csv"):
        run(workspace, tree, folder)


@pytest.mark.parametrize("layout", ["openface", "table"])
def test_labels_in_a_folder_below_are_not_passed_over_in_silence(workspace, tree, tmp_path, layout):
    table = "clip,emotion,AU06_r,AU12_r\n" + "".join(f"{s}_1,sad,1,2\n" for s in "ABCD")
    files = {"labels.csv": LABELS, "day 2/labels.csv": LABELS} | (
        {"table.csv": table} if layout == "table" else {}
    )
    folder = openface_folder(tmp_path / "in", files, sound=0 if layout == "table" else 4)
    account = run(workspace, tree, folder, layout=layout)
    (note,) = [note for note in account["notes"] if "labels are read" in note]
    assert f"not from {folder / 'day 2/labels.csv'}: write all rows" in note


def test_labels_beside_a_table_are_not_seen_by_dvc_which_is_said(workspace, tree, tmp_path):
    table = "clip,AU06_r,AU12_r\n" + "".join(f"{s}_1,1,2\n" for s in "ABCD")
    folder = add(tmp_path / "in", {"table.csv": table, "labels.csv": LABELS})
    told = "labels.csv stands beside data.path, where dvc does not see it change"
    account = run(workspace, tree, folder / "table.csv", layout="table")
    assert [note for note in account["notes"] if told in note]
    account = run(workspace, tree, folder, layout="table")
    assert not [note for note in account["notes"] if told in note]


def test_says_so_where_no_clip_is_left_without_them(workspace, tree, tmp_path):
    folder = add(openface_folder(tmp_path / "in", {}), {"day 2/labels.csv": LABELS})
    with pytest.raises(
        InputError, match=rf"Mind: labels are read from one labels\.csv in {folder} alone"
    ):
        run(workspace, tree, folder)
