"""Read tables as Excel, R, SQL, extractors and downloads leave them: the kinds, one by one.

Four sound-alike clips of three rows each stand in a folder; every row is kept unless a kind says
so, and what was recognised or assumed is said.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from recordings import account_of, add, csv_text

from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.stages import prepare

COLUMNS = ["frame", "timestamp", "confidence", "success", "AU06_r", "AU12_r", "AU06_c"]
ROWS: list[list[Any]] = [
    [1, 0.0, 0.98, 1, 0.5, 1.5, 0],
    [2, 0.04, 0.97, 1, 0.25, 2.5, 1],
    [3, 0.08, 0.96, 1, 3.75, 0.1, 1],
]
PLAIN = csv_text(COLUMNS, ROWS)
INTENSITIES = [row[4] for row in ROWS]


def with_column(name: str, values: list[Any], columns: list[str] = COLUMNS) -> str:
    """Write the rows with other values of a column."""
    place = columns.index(name)
    rows = [list(row) for row in ROWS]
    for row, value in zip(rows, values, strict=True):
        row[place] = value
    return csv_text(columns, rows)


def without(*names: str, text: str = PLAIN) -> str:
    """Leave columns out."""
    rows = [line.split(",") for line in text.splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if name not in names]
    return csv_text([rows[0][i] for i in kept], [[row[i] for i in kept] for row in rows[1:]])


def spelled(change: Callable[[str], str]) -> str:
    """Write the names of the columns in another way."""
    return csv_text([change(name) for name in COLUMNS], ROWS)


def from_r() -> str:
    names = ['""', *(f'"X.{name}"' for name in COLUMNS)]
    return csv_text(names, [[f'"{i}"', *row] for i, row in enumerate(ROWS, start=1)])


class Kind(NamedTuple):
    """A file's content and suffix, the rows set aside of each file and why, and what is said."""

    content: str | bytes
    told: str = ""
    suffix: str = ".csv"
    aside: int = 0
    reason: str = ""


def zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def tracked(*words: str, told: str = "True and False") -> Kind:
    """Say in words whether frames were tracked, one of which was not."""
    return Kind(with_column("success", [*words]), told, aside=1, reason="not_tracked")


BARE = ["frame", "confidence", "AU01", "AU06", "AU12", "AU45"]

KINDS = {
    "names of R": Kind(from_r(), "X.AU06_r as AU06_r"),
    "lower case": Kind(spelled(str.lower), "au06_r as AU06_r"),
    "upper case": Kind(spelled(str.upper), "AU06_R as AU06_r"),
    "no zero, other case": Kind(spelled(lambda n: n.lower().replace("au0", "Au")), "Au6_r as"),
    "a dot for the line": Kind(spelled(lambda n: n.replace("_", ".")), "AU06.r as AU06_r"),
    "quotes": Kind(spelled(lambda n: f'"{n}"')),
    "quotes in quotes": Kind(spelled(lambda n: f'"""{n}"""')),
    "backticks": Kind(spelled(lambda n: f"`{n}`")),
    "blanks": Kind(spelled(lambda n: f"  {n} ")),
    "UTF-8 with a mark": Kind(PLAIN.encode("utf-8-sig")),
    "UTF-16 with a mark": Kind(PLAIN.encode("utf-16")),
    "UTF-16 LE": Kind(PLAIN.encode("utf-16-le")),
    "UTF-16 BE": Kind(PLAIN.encode("utf-16-be")),
    "UTF-16 BE with a mark": Kind(b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    "Excel's Unicode text": Kind(PLAIN.replace(",", "\t").encode("utf-16"), suffix=".txt"),
    "TSV": Kind(PLAIN.replace(",", "\t"), suffix=".TSV"),
    "TXT": Kind(PLAIN.replace(",", ", "), suffix=".TXT"),
    "gzip": Kind(zipped(PLAIN), suffix=".csv.gz"),
    "gzip, upper case": Kind(zipped(PLAIN), suffix=".CSV.GZ"),
    "gzip without its suffix": Kind(zipped(PLAIN)),
    "UTF-16 in gzip": Kind(gzip.compress(PLAIN.encode("utf-16"), mtime=0), suffix=".tsv.gz"),
    "bars": Kind(PLAIN.replace(",", "|")),
    "semicolons, decimal commas": Kind(PLAIN.replace(",", ";").replace(".", ",")),
    "tabs, decimal commas": Kind(PLAIN.replace(",", "\t").replace(".", ","), suffix=".tsv"),
    "decimal commas in quotes": Kind(
        csv_text(COLUMNS, [[f'"{v}"'.replace(".", ",") for v in row] for row in ROWS])
    ),
    "True": Kind(with_column("success", ["True"] * 3), "True and False"),
    "TRUE and FALSE": tracked("TRUE", "TRUE", "FALSE"),
    "T and F": tracked("T", "F", "T"),
    "yes and no": tracked("yes", "yes", "no"),
    "1.0 and 0.0": tracked("1.0", "0.0", "1.0", told=""),
    "presences True and False": Kind(
        with_column("AU06_c", ["True", "FALSE", "T"]), "presences such as AU01_c are given in words"
    ),
    "presences yes and perhaps": Kind(
        with_column("AU06_c", ["yes", "perhaps", "no"]), "AU01_c are", ".csv", 1, "not_a_number"
    ),
    "presences in words, success as well, decimal commas": Kind(
        with_column("AU06_c", ["wahr", "falsch", "wahr"])
        .replace(",1,", ",WAHR,")
        .replace(",", ";")
        .replace(".", ","),
        "presences such as",
    ),
    "maybe": Kind(with_column("success", ["yes", "maybe", "no"]), "True and False", ".csv", 2, ""),
    "endless confidence": Kind(
        with_column("confidence", ["inf", 0.9, 0.9]), "", ".csv", 1, "low_confidence"
    ),
    "no confidence": Kind(
        with_column("confidence", ["nan", 0.9, ""]), "", ".csv", 2, "low_confidence"
    ),
    "confidence is empty": Kind(
        with_column("confidence", ["", "nan", " "]), "confidence is empty in every row"
    ),
    "success is empty": Kind(with_column("success", ["NA"] * 3), "success is empty in every row"),
    "one success is empty": Kind(with_column("success", [1, "", 1]), "", ".csv", 1, "not_tracked"),
    "frame never moves": Kind(with_column("frame", [7, 7, 7]), "in the order of their timestamp"),
    "frame is zero, no time": Kind(
        without("timestamp", text=with_column("frame", [0, 0, 0])), "numbered as they stand"
    ),
    "frame and time never move": Kind(
        csv_text(COLUMNS, [[0, 0.5, *row[2:]] for row in ROWS]), "numbered as they stand"
    ),
    "frame is empty": Kind(with_column("frame", ["", "", ""]), "frame is empty"),
    "frames as floats": Kind(with_column("frame", ["1.0", "2.0", "3.0"])),
    "intensities without suffix": Kind(
        csv_text(BARE, [[i, 0.9, 0.5 * i, 2.5, 1.5, 0.25] for i in (1, 2, 3)]), "without suffix"
    ),
    "subdued intensities without suffix": Kind(
        csv_text(BARE, [[i, 0.9, 0.1 * i, 0.5, 0.25, 0.75] for i in (1, 2, 3)]),
        "hardly a value is over 1",
    ),
    "columns of no known action unit": Kind(
        csv_text([*COLUMNS, "AU99_r", "AU28_r"], [[*row, 1, 1] for row in ROWS]),
        "left out: AU99_r (in 4 files), AU28_r (in 4 files)",
    ),
}


def folder_of(folder: Path, content: str | bytes, suffix: str = ".csv") -> Path:
    """Write four clips of four people."""
    return add(folder, {f"{name}_1{suffix}": content for name in "ABCD"})


def run(workspace, tree, folder: Path, layout: str = "openface", **changes: Any) -> dict[str, Any]:
    tree["data"] |= {"path": str(folder), "layout": layout, "naming": "subject_first"}
    tree["prepare"] |= changes
    place = workspace(tree)
    prepare.main()
    return account_of(place)


def kept(column: str, clip: str = "A_1") -> list[float]:
    table = pq.read_table(paths.FRAMES)
    rows = [name == clip for name in table["clip"].to_pylist()]
    return [v for v, own in zip(table[column].to_pylist(), rows, strict=True) if own]


@pytest.mark.parametrize("name", KINDS)
def test_reads_a_kind_and_says_what_it_took(workspace, tree, tmp_path, name):
    kind = KINDS[name]
    account = run(workspace, tree, folder_of(tmp_path / "in", kind.content, kind.suffix))
    assert account["rows_quarantined"] == 4 * kind.aside
    assert account["rows_kept"] == 4 * (3 - kind.aside)
    assert kind.told in "\n".join(account["notes"])
    if kind.reason:
        assert account["quarantined_by_reason"] == {kind.reason: 4 * kind.aside}
    if not kind.aside and "suffix" not in name.replace("gzip without its suffix", ""):
        assert kept("AU06_r") == INTENSITIES
    assert len(set(kept("frame"))) == 3 - kind.aside


def test_reads_a_folder_in_which_every_file_is_of_another_kind(workspace, tree, tmp_path):
    names = ["names of R", "UTF-16 BE", "decimal commas in quotes", "gzip", "True", "TSV"]
    pairs = zip("ABCDEF", (KINDS[name] for name in names), strict=True)
    files = {f"{subject}_1{kind.suffix}": kind.content for subject, kind in pairs}
    account = run(workspace, tree, add(tmp_path / "in", files))
    assert (account["rows_kept"], account["rows_quarantined"]) == (18, 0)


def test_says_each_thing_once_and_names_files(workspace, tree, tmp_path, capsys):
    run(workspace, tree, folder_of(tmp_path / "in", KINDS["frame never moves"].content))
    lines = [line for line in capsys.readouterr().out.splitlines() if "never moves" in line]
    assert len(lines) == 1
    assert lines[0].startswith("note: ")
    assert "4 files" in lines[0]
    assert "A_1.csv" in lines[0]


def test_restarting_frames_follow_the_time_or_the_order_of_rows(workspace, tree, tmp_path):
    rows = [[i % 3 + 1, i / 25, 0.9, 1, i / 10, 0.5, 1] for i in range(6)]
    account = run(workspace, tree, folder_of(tmp_path / "time", csv_text(COLUMNS, rows[::-1])))
    assert "in the order of their timestamp" in "\n".join(account["notes"])
    assert kept("AU06_r") == pytest.approx([i / 10 for i in range(6)])
    twice = without("timestamp", text=csv_text(COLUMNS, rows))
    account = run(workspace, tree, folder_of(tmp_path / "rows", twice))
    assert "begins anew" in "\n".join(account["notes"])
    assert kept("AU06_r") == pytest.approx([i / 10 for i in range(6)])


FACES = [[frame, 0.99, 0.1 * frame + face / 2, 0.25] for frame in (1, 2, 3) for face in (0, 1)]
FEAT = ["frame", "FaceScore", "AU06", "AU12"]


@pytest.mark.parametrize("order", ["frame by frame", "one face comes later", "one image"])
def test_faces_that_nothing_tells_apart_are_set_aside(workspace, tree, tmp_path, order):
    rows = {
        "frame by frame": FACES,
        "one face comes later": [*FACES[::2], *FACES[3::2]],
        "one image": [[0, *row[1:]] for row in FACES],
    }[order]
    folder = folder_of(tmp_path / "in", csv_text(FEAT, FACES[::2]))
    add(folder, {"Z_1.csv": csv_text(FEAT, rows)})
    account = run(workspace, tree, folder, "pyfeat")
    assert account["quarantined_by_reason"] == {"several_faces": len(rows)}
    (aside,) = account["aside"]
    assert aside["file"].endswith("Z_1.csv")
    assert "without a column that tells the faces apart" in aside["detail"]


@pytest.mark.parametrize(("face", "rows"), [("main", 3), ("each", 6), (1, 3)])
def test_an_identity_column_tells_faces_apart(workspace, tree, tmp_path, face, rows):
    named = [[*row, f"Person_{i % 2}"] for i, row in enumerate(FACES)]
    folder = folder_of(tmp_path / "in", csv_text([*FEAT, "Identity"], named))
    account = run(workspace, tree, folder, "pyfeat", face=face)
    assert account["rows_kept"] == 4 * rows
    assert account["rows_quarantined"] == 4 * (6 - rows)
    assert "told apart by Identity" in "\n".join(account["notes"])
    assert "large_loss" not in {found["code"] for found in account["warnings"]}


def test_one_row_that_stands_again_is_a_slip(workspace, tree, tmp_path):
    rows = [[i, i / 25, 0.9, 1, i / 100, 0.5, 1] for i in range(60)]
    rows[30][:2] = [29, 29 / 25]
    account = run(workspace, tree, folder_of(tmp_path / "in", csv_text(COLUMNS, rows)))
    assert account["quarantined_by_reason"] == {"duplicate_frame": 4}


@pytest.mark.parametrize("faces", [False, True])
def test_a_cut_download_is_named_as_damaged(workspace, tree, tmp_path, faces):
    header, *rows = PLAIN.splitlines()
    numbered = "\n".join([f"{header},face_id", *(f"{row},0" for row in rows), ""])
    text = numbered if faces else PLAIN
    folder = folder_of(tmp_path / "in", zipped(text), ".csv.gz")
    add(folder, {"Z_1.csv.gz": zipped(text * 99)[:-12]})
    account = run(workspace, tree, folder)
    (aside,) = account["aside"]
    assert (aside["row"], aside["reason"]) == (None, "unreadable")
    assert "damaged" in aside["detail"]
    assert account["rows_kept"] == 12


def test_a_name_that_is_not_utf_8_sets_that_file_aside(workspace, tree, tmp_path):
    folder = folder_of(tmp_path / "in", PLAIN)
    for name in (b"Z_\xff.csv", b"film_\xff.avi"):
        (folder / os.fsdecode(name)).write_text(PLAIN)
    account = run(workspace, tree, folder)
    assert account["quarantined_by_reason"] == {"bad_name": 3}
    assert account["aside"][0]["file"].endswith(r"Z_\xff.csv")
    assert account["files_ignored"] == 1


def test_intensities_are_never_taken_for_activations(workspace, tree, tmp_path):
    folder = folder_of(tmp_path / "in", KINDS["intensities without suffix"].content)
    with pytest.raises(InputError, match=r"end at 1.*data\.layout: openface"):
        run(workspace, tree, folder, "pyfeat")
    either = csv_text(FEAT, [[i, 0.9, 0.5 * i, 2.5] for i in (1, 2, 3)])
    with pytest.raises(InputError, match=r"data\.layout: openface"):
        run(workspace, tree, folder_of(tmp_path / "either", either), "pyfeat")
    assert run(workspace, tree, tmp_path / "either")["rows_kept"] == 12


@pytest.mark.parametrize("layout", ["pyfeat", "openface"])
def test_percent_is_neither(workspace, tree, tmp_path, layout):
    percent = csv_text(FEAT, [[i, 0.9, 9 * i, 97.5] for i in (1, 2, 3)])
    folder = folder_of(tmp_path / "in", percent)
    with pytest.raises(InputError, match=r"A_1\.csv: columns such as AU06 reach 97\.5.* percent"):
        run(workspace, tree, folder, layout)


def test_activations_are_not_taken_for_intensities(workspace, tree, tmp_path):
    folder = folder_of(tmp_path / "in", csv_text(FEAT, FACES[::2]))
    with pytest.raises(InputError, match=r"py-feat.*data\.layout: pyfeat.*AU06_r"):
        run(workspace, tree, folder)


def test_a_text_file_without_action_units_is_ignored_and_one_with_them_read(
    workspace, tree, tmp_path
):
    folder = folder_of(tmp_path / "in", PLAIN, ".txt")
    add(folder, {"README.txt": "Recorded in 2019,\nby hand.\n", "A_1_gaze.txt": "frame,x\n1,2\n"})
    account = run(workspace, tree, folder)
    assert (account["files"], account["files_ignored"], account["rows_kept"]) == (4, 2, 12)


def test_two_spellings_of_one_action_unit_in_a_file_are_refused_by_name(workspace, tree, tmp_path):
    twice = csv_text([*COLUMNS, "au6_r"], [[*row, 1] for row in ROWS])
    folder = add(folder_of(tmp_path / "in", PLAIN), {"Z_1.csv": twice})
    account = run(workspace, tree, folder)
    assert account["quarantined_by_reason"] == {"unreadable": 3}
    assert "AU06_r (spelled au6_r)" in account["aside"][0]["detail"]


def test_nothing_readable_names_what_is_there(workspace, tree, tmp_path):
    with pytest.raises(InputError, match=r"A_1\.xlsx.*\.csv, \.tsv, \.txt"):
        run(workspace, tree, folder_of(tmp_path / "in", b"PK", ".xlsx"))


IMAGES = csv_text(["Image", "AU06_r", "AU12_r"], [[f"c{i}.jpg", 0.5 * i, 1.5] for i in (1, 2, 3)])
VALENCES = csv_text(["Image", "Valences"], [[f"c{i}.jpg", 0.25 * i] for i in (1, 2, 3)])
PAIRS = {
    "UTF-16": (IMAGES.encode("utf-16"), VALENCES.encode("utf-16"), ".csv"),
    "gzip": (zipped(IMAGES), zipped(VALENCES), ".csv.gz"),
    "TSV beside CSV": (IMAGES.replace(",", "\t"), VALENCES.replace(",", "\t"), ".TSV"),
    "lower case": (IMAGES.lower(), VALENCES.lower(), ".csv"),
    "names of R": (IMAGES.replace("AU06_r", '"X.AU06_r"'), VALENCES, ".csv"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_of_files_come_in_every_kind_as_well(workspace, tree, tmp_path, name):
    aus, valences, suffix = PAIRS[name]
    clips = [f"{subject}_CT_P" for subject in "ABCD"]
    files = {f"AUs/{clip}_aus{suffix}": aus for clip in clips}
    files |= {f"Valences/{clip}_valences{suffix}": valences for clip in clips}
    tree["data"] |= {"path": str(add(tmp_path / "in", files)), "layout": "expression"}
    place = workspace(tree)
    prepare.main()
    account = account_of(place)
    assert (account["rows_kept"], account["rows_quarantined"]) == (12, 0)
    assert kept("AU06_r", "A_CT_P") == [0.5, 1.0, 1.5]
    assert kept("valence", "A_CT_P") == [0.25, 0.5, 0.75]


def test_a_damaged_file_of_a_pair_is_named(workspace, tree, tmp_path):
    clips = [f"{subject}_CT_P" for subject in "ABCDEFGHIJKL"]
    files: dict[str, str | bytes] = {f"AUs/{clip}_aus.csv": IMAGES for clip in clips}
    files |= {f"Valences/{clip}_valences.csv": VALENCES for clip in clips}
    files["AUs/A_CT_P_aus.csv"] = zipped(IMAGES)[:-9]
    files["Valences/B_CT_P_valences.csv"] = zipped(VALENCES)[:-9]
    tree["data"] |= {"path": str(add(tmp_path / "in", files)), "layout": "expression"}
    place = workspace(tree)
    prepare.main()
    account = account_of(place)
    damaged = [reject["file"] for reject in account["aside"] if "damaged" in reject["detail"]]
    assert [Path(file).name for file in damaged] == ["A_CT_P_aus.csv", "B_CT_P_valences.csv"]
    assert account["rows_kept"] == 30
