"""Read tables as other programs write them: nulls, odd types, blanks around names, damage."""

import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recordings import account_of

from pipeline.data.reading.table import clip_index
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.stages import prepare

SUBJECTS = "ABCD"
CLIPS = [f"{subject}_{number}" for subject in SUBJECTS for number in (1, 2)]
FRAMES = 5


def make_table(clips=CLIPS, frames=FRAMES) -> pd.DataFrame:
    """Make clips of four subjects, in the order of the frame table."""
    table = pd.DataFrame([(clip[0], clip, i) for clip in clips for i in range(frames)])
    table.columns = ["subject", "clip", "frame"]
    draw = np.random.default_rng(8)
    for au in ("AU06_r", "AU12_r"):
        table[au] = draw.uniform(0, 5, len(table)).round(2).astype("float32")
    return table


TABLE = make_table()


def run(workspace, tree, path, **data) -> dict:
    tree["data"] |= {"path": str(path), "layout": "table", "naming": "subject_first"} | data
    place = workspace(tree)
    prepare.main()
    return account_of(place)


def run_table(workspace, tree, tmp_path, table, kind="parquet", **data) -> dict:
    path = tmp_path / f"t.{kind}"
    if isinstance(table, pa.Table):
        pq.write_table(table, path)
    elif kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return run(workspace, tree, path, **data)


def frames() -> pd.DataFrame:
    words = dict.fromkeys(("subject", "clip", "emotion", "valence_class", "split"), object)
    return pq.read_table(paths.FRAMES).to_pandas().astype(words)


BOTH = pytest.mark.parametrize("kind", ["parquet", "csv"])


@BOTH
def test_labels_serve_clips_whose_subject_the_table_tells(workspace, tree, tmp_path, kind):
    lines = [f"clip{i},sad,N" for i in range(len(CLIPS))]
    (tmp_path / "labels.csv").write_text("\n".join(["clip,emotion,valence_class", *lines]))
    names = {clip: f"clip{i}" for i, clip in enumerate(CLIPS)}
    table = TABLE.assign(clip=TABLE["clip"].map(names))
    account = run_table(workspace, tree, tmp_path, table, kind)
    assert account["rows_kept"] == len(table)
    assert set(frames()["emotion"]) == {"sad"}
    assert set(frames()["valence_class"]) == {"N"}


@BOTH
def test_what_a_row_says_wins_over_labels(workspace, tree, tmp_path, kind):
    (tmp_path / "labels.csv").write_text("clip,subject,emotion\nA_1,X,sad\n")
    table = TABLE.assign(emotion=None)
    table.loc[2, "emotion"] = "calm"
    run_table(workspace, tree, tmp_path, table, kind)
    found = frames()[:FRAMES]
    assert found["emotion"].tolist() == ["sad", "sad", "calm", "sad", "sad"]
    assert set(found["subject"]) == {"A"}


@BOTH
@pytest.mark.parametrize("first", [0, 1])
def test_one_row_tells_the_subject_of_its_clip(workspace, tree, tmp_path, kind, first):
    """Rows without a subject belong to their clip's, not to whom the name would suggest."""
    table = TABLE.assign(subject="S" + TABLE["subject"])
    table.loc[first::2, "subject"] = None
    account = run_table(workspace, tree, tmp_path, table, kind)
    assert account["rows_kept"] == len(table)
    assert sorted(set(frames()["subject"])) == ["SA", "SB", "SC", "SD"]


@BOTH
def test_rows_without_clip_are_set_aside_whoever_they_belong_to(workspace, tree, tmp_path, kind):
    table = TABLE.copy()
    table.loc[[3, 12, 39], "clip"] = [None, "", " "]
    table.loc[12, "subject"] = "nobody else"
    account = run_table(workspace, tree, tmp_path, table, kind)
    found = [(r["row"], r["reason"]) for r in account["aside"]]
    assert found == [(4, "unnamed"), (13, "unnamed"), (40, "unnamed")]


NULLS = {"none": None, "NaN": np.nan}


@BOTH
@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("column", ["valence", "frame", "success", "confidence"])
def test_a_column_without_any_value_is_as_if_absent(workspace, tree, tmp_path, kind, column, null):
    table = pa.Table.from_pandas(TABLE.drop(columns=column, errors="ignore"))
    values = pa.array([NULLS[null]] * len(TABLE))
    table = table.append_column(column, values)
    account = run_table(
        workspace, tree, tmp_path, table if kind == "parquet" else table.to_pandas(), kind
    )
    assert account["aside"] == []
    assert account["rows_kept"] == len(TABLE)
    numbered = range(1, FRAMES + 1) if column == "frame" else range(FRAMES)
    assert frames()["frame"].tolist() == [*numbered] * len(CLIPS)
    assert frames()["valence"].isna().all()


SOME = {
    "valence": [],
    "frame": [(2, "not_finite")],
    "success": [(2, "not_tracked")],
    "confidence": [(2, "low_confidence")],
}


@BOTH
@pytest.mark.parametrize("column", SOME)
def test_a_row_without_a_value_keeps_its_reason(workspace, tree, tmp_path, kind, column):
    table = TABLE.assign(valence=0.5, success=1.0, confidence=0.9)
    table[column] = table[column].astype(float)
    table.loc[1, column] = np.nan
    account = run_table(workspace, tree, tmp_path, table, kind)
    assert [(r["row"], r["reason"]) for r in account["aside"]] == SOME[column]
    if column == "valence":
        found = pq.read_table(paths.FRAMES)["valence"]
        assert (found.null_count, found[1].as_py(), found[2].as_py()) == (1, None, 0.5)


@pytest.mark.parametrize("value", [1.5, np.inf])
def test_a_valence_beyond_its_range_is_set_aside(workspace, tree, tmp_path, value):
    table = TABLE.assign(valence=0.5)
    table.loc[1, "valence"] = value
    account = run_table(workspace, tree, tmp_path, table)
    assert [r["row"] for r in account["aside"]] == [2]


def test_reads_its_own_frames_back(workspace, tree, tmp_path):
    run_table(workspace, tree, tmp_path, TABLE.sample(frac=1, random_state=3))
    first = frames()
    copy = tmp_path / "copy.parquet"
    shutil.copy(paths.FRAMES, copy)
    account = run(workspace, tree, copy)
    assert account["rows_quarantined"] == 0
    pd.testing.assert_frame_equal(frames(), first)


def halves(folder, first, second) -> None:
    """Write two files of two subjects each."""
    folder.mkdir()
    half = len(TABLE) // 2
    first(TABLE[:half]).to_parquet(folder / "a.parquet")
    second(TABLE[half:]).to_parquet(folder / "b.parquet")


def as_it_is(table):
    return table


@pytest.mark.parametrize("order", ["sorted", "reversed"])
@pytest.mark.parametrize("column", ["success", "confidence", "frame", "valence", "subject"])
def test_files_with_and_without_a_column_stand_together(workspace, tree, tmp_path, order, column):
    def full(table):
        return (table if order == "sorted" else table[::-1]).assign(
            success=1, confidence=0.9, valence=0.5
        )

    halves(tmp_path / "in", full, lambda table: full(table).drop(columns=column))
    account = run(workspace, tree, tmp_path / "in")
    assert account["aside"] == []
    assert account["rows_kept"] == len(TABLE)
    last = sorted(frames()["frame"].tolist()[-FRAMES:])
    assert last == [*(range(1, FRAMES + 1) if column == "frame" else range(FRAMES))]


@pytest.mark.parametrize("order", ["sorted", "reversed"])
def test_files_may_store_a_column_in_other_types(workspace, tree, tmp_path, order):
    def other(table):
        table = table if order == "sorted" else table[::-1]
        return table.astype({"AU06_r": "float64", "frame": "int16", "clip": "category"})

    halves(tmp_path / "in", as_it_is if order == "sorted" else lambda t: t[::-1], other)
    account = run(workspace, tree, tmp_path / "in")
    assert account["rows_kept"] == len(TABLE)
    assert np.allclose(frames()["AU06_r"], TABLE["AU06_r"])


def test_a_person_listed_without_rows_is_nobody(workspace, tree, tmp_path):
    table = TABLE.assign(valence_class="P")
    for column, unused in (("subject", "Z"), ("clip", "Z_9"), ("valence_class", "good")):
        table[column] = table[column].astype("category").cat.add_categories([unused])
    account = run_table(workspace, tree, tmp_path, table.sample(frac=1, random_state=1))
    assert account["rows_kept"] == len(TABLE)
    assert sum(split["subjects"] for split in account["splits"].values()) == len(SUBJECTS)


@BOTH
def test_blanks_around_words_do_not_count(workspace, tree, tmp_path, kind):
    table = TABLE.assign(emotion="sad", valence_class="P")
    for column in ("subject", "clip", "emotion", "valence_class"):
        table.loc[::2, column] = " " + table[column] + "\t "
    account = run_table(workspace, tree, tmp_path, table, kind)
    assert account["rows_kept"] == len(TABLE)
    found = frames()
    assert sorted(set(found["subject"])) == list(SUBJECTS)
    assert sorted(set(found["clip"])) == CLIPS
    assert (set(found["emotion"]), set(found["valence_class"])) == ({"sad"}, {"P"})


ODD_TYPES = {
    "half floats": ("AU06_r", pa.float16()),
    "large strings": ("clip", pa.large_string()),
    "string views": ("clip", pa.string_view()),
    "words by dictionary": ("clip", pa.dictionary(pa.int8(), pa.string())),
    "words as bytes": ("clip", pa.binary()),
    "frames as decimals": ("frame", pa.decimal128(20, 0)),
    "frames as large integers": ("frame", pa.uint64()),
}


@pytest.mark.parametrize("case", ODD_TYPES)
@pytest.mark.parametrize("order", ["sorted", "reversed"])
def test_reads_numbers_and_words_of_any_type(workspace, tree, tmp_path, case, order):
    column, kind = ODD_TYPES[case]
    rows = TABLE if order == "sorted" else TABLE[::-1]
    table = pa.Table.from_pandas(rows, preserve_index=False)
    place = table.column_names.index(column)
    account = run_table(
        workspace, tree, tmp_path, table.set_column(place, column, table[column].cast(kind))
    )
    assert account["rows_kept"] == len(TABLE)
    assert np.allclose(frames()["AU06_r"], TABLE["AU06_r"], atol=2e-3)


def test_reads_decimals_and_numbered_clips(workspace, tree, tmp_path):
    table = TABLE.assign(
        AU06_r=[Decimal(f"{value:.2f}") for value in TABLE["AU06_r"]],
        clip=TABLE["clip"].map({clip: i for i, clip in enumerate(CLIPS)}),
        success=True,
    )
    account = run_table(workspace, tree, tmp_path, table)
    assert account["rows_kept"] == len(TABLE)
    assert np.allclose(frames()["AU06_r"], TABLE["AU06_r"])
    assert sorted(set(frames()["clip"])) == [str(i) for i in range(len(CLIPS))]


def with_file(folder, table, **options):
    """Put one more file beside two sound ones."""
    halves(folder, as_it_is, as_it_is)
    path = folder / "z.parquet"
    pq.write_table(table, path, **options)
    return path


def more(frames=FRAMES) -> pd.DataFrame:
    return make_table(["E_1", "E_2"], frames)


NO_WORDS = {
    "a list": (pa.array([["E_1"]] * 10), "list"),
    "a struct": (pa.array([{"name": "E_1"}] * 10), "struct"),
}


@pytest.mark.parametrize("case", NO_WORDS)
@pytest.mark.parametrize("column", ["clip", "subject", "emotion", "valence_class"])
def test_sets_a_file_aside_whose_words_are_none(workspace, tree, tmp_path, column, case):
    values, told = NO_WORDS[case]
    table = pa.Table.from_pandas(more()).drop_columns([column] if column in more() else [])
    with_file(tmp_path / "in", table.append_column(column, values))
    (aside,) = run(workspace, tree, tmp_path / "in")["aside"]
    assert (aside["row"], aside["rows"], aside["reason"]) == (None, 10, "unreadable")
    assert f"{column} hold {told}" in aside["detail"]


def test_sets_a_file_aside_that_names_a_column_twice(workspace, tree, tmp_path):
    table = pa.Table.from_pandas(more(), preserve_index=False)
    with_file(tmp_path / "in", table.append_column("AU06_r", table["AU12_r"]))
    (aside,) = run(workspace, tree, tmp_path / "in")["aside"]
    assert (aside["rows"], aside["reason"]) == (10, "unreadable")
    assert aside["detail"] == "names columns twice: AU06_r"


def wreck(path, column, group) -> None:
    """Overwrite the pages of a column in one row group, as a bad disk would."""
    with pq.ParquetFile(path) as file:
        names = [file.metadata.schema.column(i).path for i in range(file.metadata.num_columns)]
        chunk = file.metadata.row_group(group).column(names.index(column))
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        size = chunk.total_compressed_size
    data = bytearray(path.read_bytes())
    data[start : start + size] = b"\xff" * size
    path.write_bytes(data)


@pytest.mark.parametrize("order", ["sorted", "reversed"])
@pytest.mark.parametrize(
    ("column", "rows"), [("clip", 40), ("subject", 40), ("AU12_r", 10), ("frame", 10)]
)
def test_sets_damaged_rows_aside(workspace, tree, tmp_path, column, rows, order):
    """Without its clips a file is lost; else the other row groups are kept."""
    table = more(20) if order == "sorted" else more(20)[::-1]
    path = with_file(tmp_path / "in", pa.Table.from_pandas(table), row_group_size=10)
    wreck(path, column, 1)
    account = run(workspace, tree, tmp_path / "in")
    (aside,) = account["aside"]
    assert (aside["file"], aside["reason"]) == (str(path), "unreadable")
    assert (aside["row"], aside["rows"]) == (None, rows)
    assert ("rows 11 to 20" if rows == 10 else "rows 1 to 40") in aside["detail"]
    assert account["rows_kept"] == len(TABLE) + 40 - rows
    assert account["files_quarantined"] == 1


@pytest.mark.parametrize("column", ["clip", "emotion", "AU12_r"])
def test_bytes_that_are_no_text_are_damage(workspace, tree, tmp_path, column):
    """Break a word, and the name of a column, in a file that stays Parquet."""
    word = {"clip": b"E_1", "emotion": b"sad", "AU12_r": b"AU12_r"}[column]
    table = pa.Table.from_pandas(more().assign(emotion="sad"), preserve_index=False)
    path = with_file(tmp_path / "in", table, compression="none", store_schema=False)
    path.write_bytes(path.read_bytes().replace(word, b"\xff" + word[1:]))
    (aside,) = run(workspace, tree, tmp_path / "in")["aside"]
    assert (aside["file"], aside["reason"]) == (str(path), "unreadable")


def test_stops_at_damage_where_that_is_asked_for(workspace, tree, tmp_path):
    path = with_file(tmp_path / "in", pa.Table.from_pandas(more()))
    wreck(path, "AU06_r", 0)
    tree["prepare"]["on_bad_file"] = "fail"
    with pytest.raises(InputError, match=r"z\.parquet: rows 1 to 10 cannot be read"):
        run(workspace, tree, tmp_path / "in")


def test_names_file_and_row_of_a_valence_class_of_its_own(workspace, tree, tmp_path):
    table = TABLE.assign(valence_class="P")
    table.loc[13, "valence_class"] = "good"
    with pytest.raises(InputError, match=r"t\.parquet, row 14: valence_class is good"):
        run_table(workspace, tree, tmp_path, table)


@BOTH
def test_names_file_and_row_of_a_second_subject(workspace, tree, tmp_path, kind):
    table = TABLE.copy()
    table.loc[13, "subject"] = "Z"
    with pytest.raises(InputError, match=rf"t\.{kind}, row 14: clip B_1 belongs to subject Z"):
        run_table(workspace, tree, tmp_path, table, kind)


def test_a_large_row_group_is_read_once(workspace, tree, tmp_path, monkeypatch):
    monkeypatch.setattr(clip_index, "JOB_ROWS", 5)
    run_table(workspace, tree, tmp_path, TABLE)
    expected = frames()
    monkeypatch.setattr(clip_index, "GROUP_ROWS", len(TABLE) - 1)
    monkeypatch.setattr(clip_index, "pieces_in_order", None)
    run_table(workspace, tree, tmp_path, TABLE)
    pd.testing.assert_frame_equal(frames(), expected)
