"""Give `prepare` what real folders hold: each fault gets its reason, and no row disappears."""

import pytest
from recordings import (
    COLUMNS,
    GOOD,
    ROWS,
    account_of,
    add,
    changed,
    csv_text,
    expression_folder,
    openface_folder,
    pair,
)

from benchmarks.openface_files import write_folder
from pipeline.errors import InputError
from pipeline.stages import prepare

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"
FACES = csv_text(
    ["frame", "face_id", *COLUMNS[1:]],
    [[1, 0, *ROWS[0][1:]], [1, 1, *ROWS[0][1:]], [2, 0, *ROWS[1][1:]]],
)

# What stands beside sound files: (content of Z_1.csv, reason, rows set aside)
BAD_FILES = {
    "empty file": (b"", "empty", 0),
    "blank lines only": (b"\n\n  \n", "empty", 0),
    "header only": (csv_text(COLUMNS, []), "empty", 0),
    "a picture": (PNG, "unreadable", None),
    "a workbook of Excel": (b"PK\x03\x04\x14\0\6\0\x08\0", "unreadable", None),
    "NUL bytes in the header": (GOOD.replace("frame", "fra\0me", 1), "unreadable", 3),
    "a column twice": (GOOD.replace("AU06_c", "AU06_r", 1), "unreadable", 3),
    "a missing action unit": (csv_text(COLUMNS[:-2], [r[:-2] for r in ROWS]), "missing_column", 3),
    "no action unit at all": ("a,b\n1,2\n3,4\n", "missing_column", 2),
    "truncated last line": (GOOD[: GOOD.rindex(",")], "ragged", 1),
    "too many cells": (GOOD.replace("\n3,", "\n3,9,"), "ragged", 1),
    "decimal commas between commas": (GOOD.replace("0.9", "0,9"), "ragged", 3),
    "unclosed quote": (GOOD.replace("\n2,", '\n"2,'), "ragged", 1),
    "NUL bytes in a row": (changed(2, "AU06_r", "0\0"), "not_a_number", 1),
    "words in a number's place": (changed(2, "AU06_r", "high"), "not_a_number", 1),
    "underscores in a number": (changed(2, "AU06_r", "1_0"), "not_a_number", 1),
    "bytes that are no UTF-8": (
        changed(2, "AU06_r", "x").encode().replace(b"x", b"\xff"),
        "not_a_number",
        1,
    ),
    "an empty cell": (changed(2, "AU06_r", ""), "not_finite", 1),
    "NaN": (changed(2, "AU12_r", "NaN"), "not_finite", 1),
    "infinite": (changed(2, "AU12_r", "-inf"), "not_finite", 1),
    "beyond a float": (changed(2, "AU12_r", "1e400"), "not_finite", 1),
    "intensity above 5": (changed(2, "AU12_r", 5.01), "out_of_range", 1),
    "negative intensity": (changed(2, "AU12_r", -0.1), "out_of_range", 1),
    "presence 2": (changed(2, "AU06_c", 2), "out_of_range", 1),
    "not tracked": (changed(2, "success", 0), "not_tracked", 1),
    "low confidence": (changed(2, "confidence", 0.03), "low_confidence", 1),
    "no confidence": (changed(2, "confidence", "nan"), "low_confidence", 1),
    "a frame twice": (changed(2, "frame", 1), "duplicate_frame", 1),
    "negative frame": (changed(2, "frame", -1), "out_of_range", 1),
    "frame without number": (changed(2, "frame", "nan"), "not_finite", 1),
    "two faces": (FACES, "other_face", 1),
}


def run(workspace, tree, folder, **data):
    tree["data"] |= {"path": str(folder), "layout": "openface", "naming": "subject_first"} | data
    path = workspace(tree)
    prepare.main()
    return account_of(path)


@pytest.mark.parametrize("case", BAD_FILES)
def test_sets_a_bad_file_or_row_aside(workspace, tree, tmp_path, case):
    content, reason, rows = BAD_FILES[case]
    account = run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": content}))
    assert {reject["reason"] for reject in account["aside"]} == {reason}
    assert all(reject["file"].endswith("Z_1.csv") for reject in account["aside"])
    if rows is not None:
        assert account["rows_quarantined"] == rows
        assert account["quarantined_by_reason"] == {reason: rows}
    sound = 4 * len(ROWS)
    assert account["rows_kept"] - sound in (0, len(ROWS) - (rows or 0))


FEAT = ["frame", "FaceScore", "AU06", "AU12"]
FEAT_ROWS = [[0, 0.99, 0.1, 0.8], [1, 0.99, 0.2, 0.7], [2, 0.99, 1.0, 0.0]]


def feat(row: int, column: str, value: object) -> str:
    """Write sound rows of py-feat with one cell changed."""
    rows = [list(line) for line in FEAT_ROWS]
    rows[row - 1][FEAT.index(column)] = value
    return csv_text(FEAT, rows)


# The same of py-feat: (content of Z_1.csv, reason, rows set aside)
FEAT_FILES = {
    "activation above 1": (feat(2, "AU12", 1.01), "out_of_range", 1),
    "negative activation": (feat(2, "AU12", -0.01), "out_of_range", 1),
    "an activation left out": (feat(2, "AU12", ""), "not_finite", 1),
    "a face found by a low score": (feat(2, "FaceScore", 0.2), "low_confidence", 1),
    "no face in the frame": (feat(2, "FaceScore", ""), "low_confidence", 1),
    "a frame twice": (feat(2, "frame", 0), "duplicate_frame", 1),
    "a word for an activation": (feat(2, "AU06", "none found"), "not_a_number", 1),
    "a missing action unit": (
        csv_text(FEAT[:-1], [r[:-1] for r in FEAT_ROWS]),
        "missing_column",
        3,
    ),
    "emotions alone": ("frame,anger\n0,0.5\n1,0.5\n", "missing_column", 2),
}


@pytest.mark.parametrize("case", FEAT_FILES)
def test_sets_a_bad_file_or_row_of_pyfeat_aside(workspace, tree, tmp_path, case):
    content, reason, rows = FEAT_FILES[case]
    files = {f"{subject}_1.csv": csv_text(FEAT, FEAT_ROWS) for subject in "ABCD"}
    folder = add(tmp_path / "in", files | {"Z_1.csv": content})
    account = run(workspace, tree, folder, layout="pyfeat")
    assert account["quarantined_by_reason"] == {reason: rows}
    assert all(reject["file"].endswith("Z_1.csv") for reject in account["aside"])
    assert account["rows_read"] - account["rows_kept"] == rows


TABLE = ["clip", *COLUMNS, "valence", "valence_class"]
TABLE_ROWS = [[f"{s}_1", *row, 0.5, "P"] for s in "ABCD" for row in ROWS]


def table_text(row: int, column: str, value: object) -> str:
    """Write a sound table with one cell changed."""
    rows = [list(line) for line in TABLE_ROWS]
    rows[row - 1][TABLE.index(column)] = value
    return csv_text(TABLE, rows)


SOUND_TABLE = csv_text(TABLE, TABLE_ROWS)

# A table in which row 5 is at fault: (content, reason)
BAD_TABLES = {
    "no clip": (table_text(5, "clip", ""), "unnamed"),
    "blanks for a clip": (table_text(5, "clip", "  "), "unnamed"),
    "a clip of nobody": (table_text(5, "clip", "nobody"), "unnamed"),
    "a word for an intensity": (table_text(5, "AU06_r", "high"), "not_a_number"),
    "a word for a valence": (table_text(5, "valence", "good"), "not_a_number"),
    "intensity above 5": (table_text(5, "AU06_r", 5.01), "out_of_range"),
    "valence above 1": (table_text(5, "valence", 1.01), "out_of_range"),
    "an intensity left out": (table_text(5, "AU12_r", ""), "not_finite"),
    "half a frame": (table_text(5, "frame", 1.5), "out_of_range"),
    "a frame twice": (table_text(5, "frame", 1), "duplicate_frame"),
    "not tracked": (table_text(5, "success", 0), "not_tracked"),
    "low confidence": (table_text(5, "confidence", 0.1), "low_confidence"),
    "too few cells": (SOUND_TABLE.replace(",0.0,2.5,1,0.5,P\nB_1,3", "\nB_1,3"), "ragged"),
    "too many cells": (SOUND_TABLE.replace("\nB_1,2", "\nB_1,,2"), "ragged"),
    "an open quote": (SOUND_TABLE.replace("\nB_1,2", '\n"B_1,2'), "ragged"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_sets_a_bad_row_of_a_table_aside(workspace, tree, tmp_path, case):
    content, reason = BAD_TABLES[case]
    folder = add(tmp_path / "in", {"table.csv": content})
    account = run(workspace, tree, folder / "table.csv", layout="table")
    assert [(r["row"], r["rows"], r["reason"]) for r in account["aside"]] == [(5, 1, reason)]
    assert account["rows_kept"] == len(TABLE_ROWS) - 1


# What is no table at all: (content of table.csv, what is told)
NO_TABLES = {
    "empty": (b"", "the file is empty"),
    "header only": (csv_text(TABLE, []), "the table has no rows"),
    "a picture": (PNG, "not UTF-8 text|names columns twice|NUL"),
    "no clip column": (SOUND_TABLE.replace("clip", "video", 1), "a table with a clip column"),
    "no action unit": ("clip,frame\nA_1,1\n", "action units such as AU06_r"),
    "a column twice": (SOUND_TABLE.replace("AU12_r", "AU06_r", 1), "names columns twice: AU06_r"),
    "no subject anywhere": (SOUND_TABLE.replace("_1", ""), "no usable clip"),
    "a class of its own": (table_text(5, "valence_class", "X"), "row 5: valence_class is X"),
    "units of OpenFace 3": (SOUND_TABLE.replace("AU12_r", "AU03_r", 1), "OpenFace 3.0"),
}


@pytest.mark.parametrize("case", NO_TABLES)
def test_refuses_what_is_no_table(workspace, tree, tmp_path, case):
    content, told = NO_TABLES[case]
    folder = add(tmp_path / "in", {"table.csv": content})
    with pytest.raises(InputError, match=told):
        run(workspace, tree, folder / "table.csv", layout="table")


PAIRS = {
    "no valence file": (
        {"AUs/Z_CT_P_aus.csv": pair("Z_CT_P")["AUs/Z_CT_P_aus.csv"]},
        {"no_partner": 2},
    ),
    "no AU file": (
        {"Valences/Z_CT_P_valences.csv": pair("Z_CT_P")["Valences/Z_CT_P_valences.csv"]},
        {"no_partner": 2},
    ),
    "other images": (
        pair("Z_CT_P")
        | {"Valences/Z_CT_P_valences.csv": "Image,Valences\nZ_CT_P_c1.jpg,0\nother.jpg,0\n"},
        {"no_partner": 2},
    ),
    "an image twice": (
        pair("Z_CT_P")
        | {
            "Valences/Z_CT_P_valences.csv": "Image,Valences\nZ_CT_P_c1.jpg,0\nZ_CT_P_c1.jpg,1\n"
            "Z_CT_P_c2.jpg,0\n"
        },
        {"duplicate_frame": 1},
    ),
    "a word for a valence": (
        pair("Z_CT_P")
        | {"Valences/Z_CT_P_valences.csv": "Image,Valences\nZ_CT_P_c1.jpg,good\nZ_CT_P_c2.jpg,0\n"},
        {"no_partner": 1, "not_a_number": 1},
    ),
    "valence 1.5": (
        pair("Z_CT_P")
        | {"Valences/Z_CT_P_valences.csv": "Image,Valences\nZ_CT_P_c1.jpg,1.5\nZ_CT_P_c2.jpg,0\n"},
        {"out_of_range": 1},
    ),
    "valences without rows": (
        pair("Z_CT_P") | {"Valences/Z_CT_P_valences.csv": "Image,Valences\n"},
        {"no_partner": 2},
    ),
    "no Image column": (
        pair("Z_CT_P") | {"AUs/Z_CT_P_aus.csv": "AU06_r,AU12_r\n1,1\n"},
        {"missing_column": 1},
    ),
    "no Valences column": (
        pair("Z_CT_P") | {"Valences/Z_CT_P_valences.csv": "Image\nZ_CT_P_c1.jpg\nZ_CT_P_c2.jpg\n"},
        {"missing_column": 0, "no_partner": 2},
    ),
    "name of another kind": (pair("Z-P"), {"unnamed": 2}),
}


@pytest.mark.parametrize("case", PAIRS)
def test_sets_images_without_partner_aside(workspace, tree, tmp_path, case):
    files, reasons = PAIRS[case]
    folder = expression_folder(tmp_path / "in", files)
    account = run(workspace, tree, folder, layout="expression", naming="expression")
    assert account["quarantined_by_reason"] == reasons
    assert account["rows_kept"] >= 8


def test_hidden_files_that_a_mac_lays_beside_pairs_are_left_out(workspace, tree, tmp_path):
    hidden = {name.replace("/", "/._"): b"\0\5\x16\7" for name in pair("A_CT_P")}
    folder = expression_folder(tmp_path / "in", hidden)
    account = run(workspace, tree, folder, layout="expression", naming="expression")
    assert (account["files"], account["files_quarantined"], account["aside"]) == (8, 0, [])


REFUSED = {
    "OpenFace 3": ({"Z_1.csv": "AU03_r,AU06_r\n1,1\n"}, "OpenFace 3.0"),
    "two extractors": ({"Z_1.csv": "frame,AU06,AU12\n1,0.5,0.5\n"}, "several extractors"),
    "unknown column in labels.csv": ({"labels.csv": "clip,mood\nA_1,sad\n"}, "columns clip, mood"),
    "labels.csv without clip": ({"labels.csv": "name\nA_1\n"}, "clip and any of"),
    "a clip twice in labels.csv": ({"labels.csv": "clip\nA_1\nA_1\n"}, "row 2: clip A_1"),
    "a valence class of its own": ({"labels.csv": "clip,valence_class\nA_1,X\n"}, "'X'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_cannot_be_right(workspace, tree, tmp_path, case):
    files, told = REFUSED[case]
    with pytest.raises(InputError, match=told):
        run(workspace, tree, openface_folder(tmp_path / "in", files))


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"PK\x03\x04\x14\0", "save its sheet as CSV, or unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1", "save its sheet as CSV"),
        (b"PAR1\x15\0", r"end its name in \.parquet"),
        (b"ARROW1\0\0", "save it as Parquet or CSV"),
    ],
)
@pytest.mark.parametrize("layout", ["openface", "table"])
def test_says_what_to_do_with_tables_that_are_no_text(
    workspace, tree, tmp_path, start, told, layout
):
    path = add(tmp_path / "in", {"A_1.csv": start + bytes(200)}) / "A_1.csv"
    with pytest.raises(InputError, match=told):
        run(workspace, tree, path, layout=layout)


def test_refuses_another_extractor_than_the_layout_says(workspace, tree, tmp_path):
    files = {f"{s}_1.csv": "frame,AU06,AU12\n1,0.5,0.5\n" for s in "ABCD"}
    with pytest.raises(InputError, match=r"py-feat.*data\.layout: pyfeat"):
        run(workspace, tree, add(tmp_path / "in", files))


def test_refuses_two_subjects_and_an_empty_or_absent_folder(workspace, tree, tmp_path):
    with pytest.raises(InputError, match="at least one each"):
        run(workspace, tree, openface_folder(tmp_path / "two", {}, sound=2))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no usable clip"):
        run(workspace, tree, tmp_path / "none")
    with pytest.raises(InputError, match="does not exist"):
        run(workspace, tree, tmp_path / "absent")


def test_says_so_when_nothing_is_left(workspace, tree, tmp_path):
    lost = {f"{s}_1.csv": GOOD.replace(",0.9,", ",0.1,") for s in "ABCD"}
    with pytest.raises(
        InputError, match=r"no frame is left for train, val, test.*low_confidence"
    ) as error:
        run(workspace, tree, openface_folder(tmp_path / "in", lost))
    first = f"First: {tmp_path / 'in/A_1.csv'}, row 1: confidence is 0.1."
    assert first in str(error.value)


def test_stops_at_a_bad_file_where_that_is_asked_for(workspace, tree, tmp_path):
    tree["prepare"]["on_bad_file"] = "fail"
    with pytest.raises(InputError, match=r"Z_1\.csv: the file is empty"):
        run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": b""}))
    with pytest.raises(InputError, match=r"Z_1\.csv: the file has a header and no rows"):
        run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": csv_text(COLUMNS, [])}))


def test_a_person_called_by_a_word_for_nothing_is_told_why(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {"NA_1.csv": GOOD, "zero.csv": GOOD})
    details = [reject["detail"] for reject in run(workspace, tree, folder)["aside"]]
    assert "the subject of NA_1 would be 'NA', a word for nothing; rename its files" in details[0]
    assert details[1].startswith("zero does not match")
    add(folder, {"labels.csv": "clip,subject\nNA_1,N.A.2\nzero,Z\n"})
    assert run(workspace, tree, folder)["rows_quarantined"] == 0


def test_a_name_that_tells_no_subject_is_set_aside_unless_labels_tell_it(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {"zero.csv": GOOD})
    assert run(workspace, tree, folder)["quarantined_by_reason"] == {"unnamed": 3}
    add(folder, {"labels.csv": "clip, subject, emotion\nzero, Z, sad\nlost, L, sad\n"})
    account = run(workspace, tree, folder)
    assert account["rows_quarantined"] == 0
    codes = {item["code"]: item["number"] for item in account["warnings"]}
    assert codes["clip_without_label"] == 4
    assert codes["label_without_clip"] == 1


@pytest.mark.parametrize(("face", "kept"), [("main", 2), (1, 1), ("each", 3)])
def test_keeps_the_face_that_is_asked_for(workspace, tree, tmp_path, face, kept):
    tree["prepare"]["face"] = face
    account = run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": FACES}))
    assert account["rows_kept"] == 4 * len(ROWS) + kept
    assert account["rows_quarantined"] == 3 - kept
    subjects = sum(split["subjects"] for split in account["splits"].values())
    assert subjects == (6 if face == "each" else 5)


def test_a_folder_called_like_a_file_and_a_dangling_link_do_no_harm(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {})
    (folder / "Z_9.csv").mkdir()
    (folder / "Y_9.csv").symlink_to(tmp_path / "nowhere.csv")
    assert run(workspace, tree, folder)["rows_kept"] == 4 * len(ROWS)


def test_the_second_of_two_files_of_a_clip_is_set_aside(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {"A_1.CSV": GOOD, "sub/A_1.csv": GOOD})
    account = run(workspace, tree, folder)
    (aside,) = account["aside"]
    assert (aside["file"], aside["rows"], aside["reason"]) == (
        str(folder / "A_1.csv"),
        len(ROWS),
        "duplicate_clip",
    )
    assert "A_1.CSV" in aside["detail"]
    assert account["rows_kept"] == 5 * len(ROWS)


def test_follows_links_to_folders_but_not_in_circles(workspace, tree, tmp_path):
    folder = openface_folder(tmp_path / "in", {"day2/E_1.csv": GOOD, "day2/inner/F_1.csv": GOOD})
    elsewhere = add(tmp_path / "elsewhere", {"G_1.csv": GOOD})
    (elsewhere / "back").symlink_to(folder)
    (folder / "day3").symlink_to(elsewhere)
    (folder / "again").symlink_to(folder / "day2")
    (folder / "day2/up").symlink_to(tmp_path)
    account = run(workspace, tree, folder)
    assert account["rows_kept"] == 7 * len(ROWS)
    assert account["aside"] == []
    assert account["files_ignored"] == 3  # the links to what is read already, and to all around


def test_a_folder_called_face_is_no_face(workspace, tree, tmp_path):
    tree["prepare"]["split"]["by"] = "clip"
    files = {f"cam/face {n}/{s}_1.csv": GOOD for n in (1, 2) for s in "AB"}
    account = run(workspace, tree, openface_folder(tmp_path / "in", files))
    assert account["rows_kept"] == 8 * len(ROWS)


PLAIN = csv_text(COLUMNS, ROWS, between=";")
ODD_BUT_SOUND = {
    "blanks before names": csv_text([f" {name}" for name in COLUMNS], ROWS),
    "comma and blank": csv_text(COLUMNS, ROWS, between=", "),
    "semicolons": PLAIN,
    "semicolons and decimal commas": PLAIN.replace(".", ","),
    "tabs": csv_text(COLUMNS, ROWS, between="\t"),
    "a byte order mark": "\ufeff" + GOOD,
    "line ends of Windows": GOOD.replace("\n", "\r\n"),
    "line ends of old Macs": GOOD.replace("\n", "\r"),
    "no last line end": GOOD[:-1],
    "blank lines": GOOD.replace("\n", "\n\n"),
    "a delimiter at the end of rows": GOOD.replace("\n", ",\n").replace(",\n", "\n", 1),
    "a delimiter at the end of the header": GOOD.replace("\n", ",\n", 1),
    "an unnamed index column": csv_text(["", *COLUMNS], [[i, *row] for i, row in enumerate(ROWS)]),
    "quotes": csv_text([f'"{n}"' for n in COLUMNS], [[f'"{v}"' for v in row] for row in ROWS]),
    "columns in another order": csv_text(COLUMNS[::-1], [row[::-1] for row in ROWS]),
    "columns of no concern": csv_text([*COLUMNS, "x_0"], [[*row, "?"] for row in ROWS]),
    "no frame number": csv_text(COLUMNS[1:], [row[1:] for row in ROWS]),
    "image mode, one face": csv_text(["face", *COLUMNS[2:]], [[0, *ROWS[0][2:]]]),
}


@pytest.mark.parametrize("case", ODD_BUT_SOUND)
def test_reads_odd_files_without_loss(workspace, tree, tmp_path, case):
    folder = openface_folder(tmp_path / "in", {"Z_1.csv": ODD_BUT_SOUND[case]})
    account = run(workspace, tree, folder)
    assert account["aside"] == []
    rows = 1 if case.startswith("image") else len(ROWS)
    assert account["rows_kept"] == 4 * len(ROWS) + rows


def test_what_stands_before_a_header_is_said(workspace, tree, tmp_path):
    files = {"Z_1.csv": "sep=,\n" + GOOD, "Z_2.csv": "# by hand\n" + changed(2, "frame", "x")}
    account = run(workspace, tree, openface_folder(tmp_path / "in", files))
    assert account["rows_kept"] == 6 * len(ROWS) - 1
    assert [row["row"] for row in account["aside"]] == [2]
    assert "lines before the header (`sep=` or `# ...`) of 2 files" in "".join(account["notes"])


def test_files_with_and_without_confidence_stand_together(workspace, tree, tmp_path):
    bare = csv_text(["frame", *COLUMNS[3:]], [[row[0], *row[3:]] for row in ROWS])
    account = run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": bare}))
    assert account["aside"] == []
    assert account["rows_kept"] == 5 * len(ROWS)


def test_reads_subfolders_and_upper_case_and_counts_what_it_ignores(workspace, tree, tmp_path):
    files = {"day2/Z_1.CSV": GOOD, "notes.txt": "x", ".hidden.csv": "x", "video.avi": PNG}
    account = run(workspace, tree, openface_folder(tmp_path / "in", files))
    assert account["rows_kept"] == 5 * len(ROWS)
    assert account["files_ignored"] == 2


def test_columns_that_seem_to_tell_whose_a_clip_is_are_not_passed_over_in_silence(
    workspace, tree, tmp_path
):
    told = csv_text([*COLUMNS, "Participant ID", "emotion"], [[*row, "p1", "sad"] for row in ROWS])
    account = run(workspace, tree, openface_folder(tmp_path / "in", {"Z_1.csv": told}))
    (note,) = [note for note in account["notes"] if "are not read" in note]
    assert "Participant ID (in 1 files), emotion (in 1 files); of files that are" in note


def test_a_file_of_all_clips_beside_them_is_not_taken_for_a_clip_in_silence(
    workspace, tree, tmp_path
):
    merged = [[*row, f"{s}_1.csv"] for s in "ABCD" for row in ROWS]
    files = {"all_data.csv": csv_text([*COLUMNS, "filename"], merged)}
    account = run(workspace, tree, openface_folder(tmp_path / "in", files))
    (note,) = [note for note in account["notes"] if "are not read" in note]
    assert "filename (in 1 files)" in note
    assert "a file of several clips would count as one clip: take it out" in note


def test_a_file_of_all_rows_and_a_copy_in_a_folder_are_said(workspace, tree, tmp_path):
    def rows(place: int) -> list[list[object]]:
        return [[i, 1, 0.9, 0.1 * i + 0.01 * place, 0.2 * i, 1] for i in range(1, 9)]

    files = {f"{who}_1.csv": csv_text(COLUMNS, rows(place)) for place, who in enumerate("ABCD")}
    merged = csv_text(COLUMNS, [row for place in range(4) for row in rows(place)])
    folder = add(tmp_path / "in", {**files, "all_data.csv": merged})
    (told,) = [w for w in run(workspace, tree, folder)["warnings"] if "recording" in w["code"]]
    assert told["code"] == "same_recording"
    assert f"{folder / 'all_data.csv'} (subject all) has the rows of all other" in told["message"]
    (folder / "all_data.csv").unlink()
    add(folder, {"backup/A_1.csv": files["A_1.csv"]})
    (told,) = [w for w in run(workspace, tree, folder)["warnings"] if "recording" in w["code"]]
    assert told["code"] == "repeated_recording"


def test_tables_that_are_not_read_are_named(workspace, tree, tmp_path):
    films = {"A_1.avi": PNG, "A_1.hog": PNG, "A_1_of_details.txt": "Input:x", "notes.txt": "x"}
    folder = openface_folder(tmp_path / "in", films)
    assert "may hold tables" not in "".join(run(workspace, tree, folder)["notes"])
    add(folder, {"E_1.xlsx": b"PK", "more.zip": b"PK", "F_1.parquet": b"PAR1"})
    notes = "".join(run(workspace, tree, folder)["notes"])
    for name in ("E_1.xlsx", "more.zip", "F_1.parquet"):
        assert str(folder / name) in notes


def test_pairs_below_their_folders_are_named(workspace, tree, tmp_path):
    deep = {name.replace("/", "/day 2/"): text for name, text in pair("Z_CT_P").items()}
    folder = expression_folder(tmp_path / "in", deep)
    account = run(workspace, tree, folder, layout="expression", naming="expression")
    assert "2 files that may hold tables are not read in this layout" in "".join(account["notes"])


def test_reads_files_of_714_columns(workspace, tree, tmp_path):
    rows = write_folder(tmp_path / "in", 1, 15)
    account = run(workspace, tree, tmp_path / "in")
    assert (account["rows_read"], account["rows_quarantined"]) == (rows, 0)
    assert len(account["aus"]) == 35


def test_reads_real_files_of_other_programs(real_data, workspace, tree, tmp_path):
    formats = real_data / "formats"
    video = (formats / "openface_video_blanks.csv").read_bytes()
    folder = add(tmp_path / "video", {f"{s}_1.csv": video for s in "ABC"})
    assert run(workspace, tree, folder)["rows_kept"] == 300
    face = (formats / "pyfeat.csv").read_bytes()
    folder = add(tmp_path / "pyfeat", {f"{s}_1.csv": face for s in "ABC"})
    account = run(workspace, tree, folder, layout="pyfeat")
    assert account["rows_kept"] == 3 * 40
    assert account["extractor"] == "py-feat"
    assert account["aus"]["AU06"]["highest"] <= 1
