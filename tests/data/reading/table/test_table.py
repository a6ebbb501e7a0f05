"""Read tables in any order and in any container to the same frames."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from recordings import account_of

from pipeline.data.reading.table import clip_index, parquet, regroup
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.stages import prepare

RNG = np.random.default_rng(4)


def make_table(clips=12, frames=30) -> pd.DataFrame:
    """Make clips of four subjects, in the order of the frame table."""
    names = [f"S{i % 4}_c{i:02d}" for i in range(clips)]
    rows = [(name.split("_")[0], name, frame) for name in names for frame in range(frames)]
    table = pd.DataFrame(rows, columns=["subject", "clip", "frame"])
    table = table.sort_values(["subject", "clip", "frame"]).reset_index(drop=True)
    for au in ("AU06_r", "AU12_r", "AU04_r"):
        table[au] = RNG.uniform(0, 5, len(table)).round(2).astype("float32")
    table["emotion"] = np.where(table["frame"] < 10, "calm", "sad")
    return table


TABLE = make_table()


def read(workspace, tree, path) -> pd.DataFrame:
    tree["data"] |= {"path": str(path), "layout": "table", "naming": "subject_first"}
    account_of_run = workspace(tree)
    prepare.main()
    account_of(account_of_run)
    frames = pq.read_table(paths.FRAMES).to_pandas()
    return frames.astype(dict.fromkeys(("subject", "clip", "emotion", "split"), str))


@pytest.fixture
def expected(workspace, tree, tmp_path):
    TABLE.to_parquet(tmp_path / "sorted.parquet")
    frames = read(workspace, tree, tmp_path / "sorted.parquet")
    assert len(frames) == len(TABLE)
    for name in ("subject", "clip", "frame", "AU06_r", "emotion"):
        assert (frames[name] == TABLE[name]).all()
    return frames


@pytest.mark.parametrize("job_rows", [50, 250_000])
@pytest.mark.parametrize("batch_rows", [40, 1 << 20])
@pytest.mark.parametrize("kind", ["parquet", "small row groups", "csv", "folder"])
@pytest.mark.parametrize("order", ["sorted", "shuffled", "by clip", "reversed"])
def test_order_and_container_change_nothing(
    workspace, tree, tmp_path, monkeypatch, expected, order, kind, batch_rows, job_rows
):
    monkeypatch.setattr(clip_index, "JOB_ROWS", job_rows)
    monkeypatch.setattr(parquet, "BATCH_ROWS", batch_rows)
    monkeypatch.setattr(regroup, "HELD_ROWS", 2 * batch_rows)
    table = {
        "sorted": TABLE,
        "shuffled": TABLE.sample(frac=1, random_state=1),
        "by clip": TABLE.sort_values("frame", kind="stable"),
        "reversed": TABLE[::-1],
    }[order]
    path = tmp_path / "table"
    if kind == "csv":
        table.to_csv(path.with_suffix(".csv"), index=False)
        path = path.with_suffix(".csv")
    elif kind == "folder":
        path.mkdir()
        half = len(table) // 2 + 7
        table[:half].to_parquet(path / "a.parquet")
        table[half:].to_parquet(path / "b.parquet")
    else:
        path = path.with_suffix(".parquet")
        table.to_parquet(path, row_group_size=37 if kind == "small row groups" else None)
    pd.testing.assert_frame_equal(read(workspace, tree, path), expected)


def test_a_table_of_clips_needs_no_frame(real_data, workspace, tree):
    tree["data"] |= {
        "path": str(real_data / "ravdess/clips.csv"),
        "layout": "table",
        "naming": "ravdess",
    }
    account = account_of_run(workspace, tree)
    assert account["rows_kept"] == 1440
    assert sum(split["subjects"] for split in account["splits"].values()) == 24


def account_of_run(workspace, tree):
    path = workspace(tree)
    prepare.main()
    return account_of(path)


def test_rows_without_clip_or_subject_are_set_aside_by_their_number(workspace, tree, tmp_path):
    table = TABLE.drop(columns="subject").copy()
    table.loc[3, "clip"] = None
    table.loc[40, "clip"] = "nobody"
    table.to_parquet(tmp_path / "t.parquet")
    tree["data"] |= {"path": str(tmp_path / "t.parquet"), "layout": "table"}
    tree["data"]["naming"] = "subject_first"
    account = account_of_run(workspace, tree)
    assert [(r["row"], r["reason"]) for r in account["aside"]] == [(4, "unnamed"), (41, "unnamed")]


BAD = {
    "no clip column": (TABLE.drop(columns="clip"), "a clip column"),
    "no action unit": (TABLE[["clip", "frame"]], "action units such as AU06_r"),
    "two subjects in a clip": (
        TABLE.assign(subject=np.where(TABLE["frame"] == 3, "S9", TABLE["subject"])),
        "belongs to subject",
    ),
    "a valence class of its own": (TABLE.assign(valence_class="good"), "valence_class is good"),
    "py-feat beside OpenFace": (TABLE.assign(AU03_r=0.0), "OpenFace 3.0"),
}


@pytest.mark.parametrize("case", BAD)
def test_refuses_a_table_that_cannot_be_right(workspace, tree, tmp_path, case):
    table, told = BAD[case]
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=told):
        read(workspace, tree, tmp_path / "t.parquet")


def test_sets_unlike_files_of_a_folder_aside(workspace, tree, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(2):
        TABLE[TABLE["subject"].isin([f"S{i}", f"S{i + 2}"])].to_parquet(folder / f"{i}.parquet")
    few = make_table(4, 5)
    few["clip"] = "Z_" + few["clip"]
    few["subject"] = "Z"
    few.drop(columns="AU12_r").to_parquet(folder / "lacks.parquet")
    few.assign(AU12_r="high").to_parquet(folder / "words.parquet")
    few[:0].to_parquet(folder / "empty.parquet")
    (folder / "broken.parquet").write_bytes(b"PAR1 no")
    (folder / "notes.txt").write_text("x")
    tree["data"] |= {"path": str(folder), "layout": "table", "naming": "subject_first"}
    account = account_of_run(workspace, tree)
    found = {r["file"].rsplit("/", 1)[1]: (r["reason"], r["rows"]) for r in account["aside"]}
    assert found == {
        "lacks.parquet": ("missing_column", 20),
        "words.parquet": ("not_a_number", 20),
        "empty.parquet": ("empty", 0),
        "broken.parquet": ("unreadable", 0),
    }
    assert account["rows_kept"] == len(TABLE)
    assert (account["files"], account["files_ignored"]) == (6, 1)


def test_bad_cells_of_a_csv_table_keep_their_row_numbers(workspace, tree, tmp_path):
    text = TABLE.sample(frac=1, random_state=2).to_csv(index=False).splitlines()
    text[5] = text[5].replace(",", ",x", 3)
    text[9] += ",1"
    (tmp_path / "t.csv").write_text("\n".join(text))
    tree["data"] |= {"path": str(tmp_path / "t.csv"), "layout": "table"}
    account = account_of_run(workspace, tree)
    assert [r["row"] for r in account["aside"]] == [5, 9]
    assert account["rows_read"] == len(TABLE)
