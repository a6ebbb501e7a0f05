"""Read tables in every format and spelling to the same frames; name what is missing."""

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recordings import account_of, add, csv_text

from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.stages import prepare

COLUMNS = ["clip", "subject", "frame", "success", "AU06_r", "AU12_r"]
ROWS: list[list[Any]] = [
    [f"{subject}_{clip}", subject, frame, 1, 0.25 * frame, 0.5 * clip + ord(subject) % 7 / 4]
    for subject in "ABCDE"
    for clip in (1, 2)
    for frame in (1, 2, 3)
]
PLAIN = csv_text(COLUMNS, ROWS)
PART = len(ROWS) // 5  # the rows of a person


def parts() -> list[str]:
    return [csv_text(COLUMNS, ROWS[i : i + PART]) for i in range(0, len(ROWS), PART)]


def run(workspace, tree, path: Path) -> dict[str, Any]:
    tree["data"] |= {"path": str(path), "layout": "table", "naming": "subject_first"}
    place = workspace(tree)
    prepare.main()
    return account_of(place)


def frames() -> list[dict[str, Any]]:
    return pq.read_table(paths.FRAMES, columns=["clip", "frame", "AU06_r", "AU12_r"]).to_pylist()


def parquet(table: pa.Table | pd.DataFrame) -> bytes:
    table = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def renamed(**names: str) -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=COLUMNS).rename(columns=names)


FOLDERS: dict[str, dict[str, str | bytes]] = {
    "CSV": {f"{i}.csv": part for i, part in enumerate(parts())},
    "lines above, cells without a name": {
        "0.csv": "sep=,\n" + parts()[0],
        "1.csv": "# by hand, in May\n\n" + parts()[1],
        "2.csv": parts()[2].replace("\n", ",\n").replace(",\n", "\n", 1),
        "3.csv": parts()[3].replace("\n", ",\n", 1),
        "4.csv": parts()[4],
    },
    "all formats": dict(
        zip(
            ["0.csv", "1.TSV", "2.csv.gz", "3.txt", "4.parquet"],
            [
                parts()[0],
                parts()[1].replace(",", "\t"),
                gzip.compress(parts()[2].encode("utf-16"), mtime=0),
                parts()[3].replace(",", ";").replace(".", ","),
                parquet(pd.DataFrame(ROWS[4 * PART :], columns=COLUMNS)),
            ],
            strict=True,
        )
    ),
    "people take turns": {
        f"{i}.csv": csv_text(COLUMNS, sorted(ROWS, key=lambda row: (row[2], row[0]))[i::3])
        for i in range(3)
    },
    "names of SQL": {"t.parquet": parquet(renamed(AU06_r="au06_r", AU12_r="au12_r", clip="CLIP"))},
    "names of R": {"t.parquet": parquet(renamed(AU06_r="X.AU6_r", frame="X.frame"))},
    "spelled in many ways": {
        "0.csv": csv_text([name.lower() for name in COLUMNS], ROWS[: 2 * PART]),
        "1.csv": csv_text([name.upper() for name in COLUMNS], ROWS[2 * PART :]),
    },
    "success in words": {"t.csv": csv_text(COLUMNS, [[*r[:3], "TRUE", *r[4:]] for r in ROWS])},
    "success in words, Parquet": {
        "t.parquet": parquet(pd.DataFrame(ROWS, columns=COLUMNS).assign(success="T"))
    },
    "no suffix": {"t.csv": PLAIN.replace("_r", "")},
    "no suffix, Parquet": {"t.parquet": parquet(renamed(AU06_r="AU06", AU12_r="AU12"))},
    "beside other files": {
        "t.csv": PLAIN,
        "README.txt": "what was recorded\n",
        "film.avi": b"\0",
        "labels.csv": "clip,emotion\nA_1,sad\n",
    },
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_of_tables_gives_the_frames_of_one_table(workspace, tree, tmp_path, kind):
    add(tmp_path / "one", {"t.csv": PLAIN})
    run(workspace, tree, tmp_path / "one/t.csv")
    expected = frames()
    assert len(expected) == len(ROWS)
    account = run(workspace, tree, add(tmp_path / "in", FOLDERS[kind]))
    assert account["rows_quarantined"] == 0
    assert frames() == expected


def test_a_folder_says_what_it_took_and_left_out(workspace, tree, tmp_path):
    folder = add(tmp_path / "in", {"t.csv": PLAIN.replace("_r", "").replace("clip", "Clip")})
    notes = "\n".join(run(workspace, tree, folder)["notes"])
    assert "AU06, AU12 are read as AU06_r, AU12_r" in notes
    assert "Clip as clip" in notes
    assert "that no file has: AU01_r" in notes


def test_damaged_and_clipless_tables_of_a_folder_are_set_aside_by_name(workspace, tree, tmp_path):
    files = {f"{i}.csv": part for i, part in enumerate(parts()[:4])}
    cut = gzip.compress(parts()[4].encode(), mtime=0)[:-9]
    bare = csv_text(["video", *COLUMNS[2:]], [["x", *row[2:]] for row in ROWS[:2]])
    account = run(workspace, tree, add(tmp_path / "in", files | {"5.csv.gz": cut, "6.csv": bare}))
    aside = {reject["file"].rsplit("/", 1)[1]: reject for reject in account["aside"]}
    assert aside["5.csv.gz"]["reason"] == "unreadable"
    assert "damaged" in aside["5.csv.gz"]["detail"]
    assert (aside["6.csv"]["reason"], aside["6.csv"]["rows"]) == ("missing_column", 2)
    assert "its columns are video, frame" in aside["6.csv"]["detail"]
    assert account["rows_kept"] == 4 * PART


CLIPLESS = {
    "CSV": ("t.csv", PLAIN.replace("clip", "video", 1)),
    "Parquet": ("t.parquet", parquet(renamed(clip="video"))),
}


@pytest.mark.parametrize("kind", CLIPLESS)
def test_a_table_without_clip_names_its_columns_and_how_to_say_which_is_meant(
    workspace, tree, tmp_path, kind
):
    name, content = CLIPLESS[kind]
    path = add(tmp_path / "in", {name: content}) / name
    with pytest.raises(InputError, match=r"lacks clip.*video, subject.*columns: {clip: video}"):
        run(workspace, tree, path)
    tree["naming"]["subject_first"]["columns"] = {"clip": "video"}
    assert run(workspace, tree, path)["rows_kept"] == len(ROWS)


def test_what_a_program_measures_is_not_taken_for_the_clip(workspace, tree, tmp_path):
    text = "face_id,timestamp,gaze_0_x,pose_Rx,AU06_r,AU12_r,subject\n0,0.1,1,1,1,2,A\n"
    add(tmp_path / "in", {"A_1.csv": text})
    with pytest.raises(InputError, match=r"lacks clip") as error:
        run(workspace, tree, tmp_path / "in")
    assert "if each file is a clip, its layout is openface" in str(error.value)
    assert "is the clip, add" not in str(error.value)


def test_a_column_that_became_folders_is_said_not_to_be_read(workspace, tree, tmp_path):
    table = pd.DataFrame(ROWS, columns=COLUMNS)
    table.to_parquet(tmp_path / "in", partition_cols=["subject"])
    account = run(workspace, tree, tmp_path / "in")
    (note,) = [note for note in account["notes"] if "are not read as a column" in note]
    tree["naming"]["subject_first"]["pattern"] = "(?P<subject>nobody)"
    with pytest.raises(InputError, match=r"Mind: folders such as subject=A are not read"):
        run(workspace, tree, tmp_path / "in")
    assert note.startswith("folders such as subject=A are not read as a column subject")


def test_clips_whose_subject_their_names_tell_beside_others_are_named(workspace, tree, tmp_path):
    files = {f"{i}.csv": part for i, part in enumerate(parts()[:4])}
    bare = [[row[0], *row[2:]] for row in ROWS[-PART:]]
    folder = add(tmp_path / "in", files)
    assert "names no subject" not in "".join(run(workspace, tree, folder)["notes"])
    add(folder, {"4.csv": csv_text(["clip", *COLUMNS[2:]], bare)})
    notes = "".join(run(workspace, tree, folder)["notes"])
    assert "the table names no subject for 2 of its clips (E_1, E_2)" in notes


PEOPLE = "clip,participant,label,AU06_r,AU12_r\n"


def test_columns_that_may_be_the_subject_and_the_emotion_are_named(workspace, tree, tmp_path):
    rows = "".join(f"{s}_{n},{s},x{n},1,2\n" for s in "ABCD" for n in (1, 2))
    folder = add(tmp_path / "in", {"table.csv": PEOPLE + rows})
    notes = "\n".join(run(workspace, tree, folder)["notes"])
    for told in ("subject: participant", "emotion: label"):
        assert f"say `columns: {{{told}}}`" in notes
    columns = {"subject": "participant", "emotion": "label"}
    tree["naming"]["subject_first"]["columns"] = columns
    assert "say `columns:" not in "\n".join(run(workspace, tree, folder)["notes"])


def test_a_table_of_nobodys_clips_says_so_and_what_may_be_the_subject(workspace, tree, tmp_path):
    rows = "".join(f"{n},p{n},x,1,2\n" for n in range(8))
    folder = add(tmp_path / "in", {"table.csv": PEOPLE + rows})
    with pytest.raises(InputError, match=r"whose clips such as 0, 1, 2 are is told by neither"):
        run(workspace, tree, folder)
    with pytest.raises(InputError, match=r"if participant is it, say"):
        run(workspace, tree, folder)


def test_frames_that_do_not_move_are_numbered_as_they_stand(workspace, tree, tmp_path):
    rows = [[*row[:2], 0, *row[3:]] for row in ROWS]
    account = run(workspace, tree, add(tmp_path / "in", {"t.csv": csv_text(COLUMNS, rows)}))
    assert account["rows_quarantined"] == 0
    assert [row["frame"] for row in frames()] == [1, 2, 3] * 10
    assert "never moves" in "\n".join(account["notes"])


def test_faces_of_a_clip_that_nothing_tells_apart_are_set_aside(workspace, tree, tmp_path):
    twice = [[*row[:4], 4 - row[4], row[5]] for row in ROWS if row[0] == "B_1"]
    table = csv_text(COLUMNS, sorted([*ROWS, *twice], key=lambda row: (row[0], row[2])))
    account = run(workspace, tree, add(tmp_path / "in", {"t.csv": table}))
    assert account["quarantined_by_reason"] == {"several_faces": 6}
    assert {row["clip"] for row in frames()} == {row[0] for row in ROWS} - {"B_1"}
