"""labels.csv as people leave it: delimiters, codings, folders, suffixes, words for nothing."""

import codecs
import gzip

import pytest

from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.naming.labels_file import Labels, read_labels
from pipeline.errors import InputError

PLAIN = "clip,subject,emotion\nA_1,A,sad\nB_1,B,happy\n"
SAID = {"A_1": {"subject": "A", "emotion": "sad"}, "B_1": {"subject": "B", "emotion": "happy"}}


def read(tmp_path, text, called=None) -> Labels:
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "labels.csv").write_bytes(data)
    return read_labels(tmp_path, called or {})


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.removesuffix("\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ", "),
        PLAIN.replace("clip,subject,emotion", " Clip , SUBJECT,Emotion "),
        PLAIN.replace("sad", '"sad"').replace("A_1", '"A_1"'),
        PLAIN.replace("sad", " sad\N{NO-BREAK SPACE}"),
        "\n\n" + PLAIN,
        "sep=,\n" + PLAIN,
        "sep=;\n# of May, by A and B\n\n" + PLAIN.replace(",", ";"),
        PLAIN + ",,\n , ,\n\n,\n",
        PLAIN.replace("\nB", "\n,,\nB"),
        PLAIN.replace("emotion\n", "emotion\n,,\n"),
        PLAIN + "NA,NA,NA\n-,,\n",
        PLAIN.replace("sad\n", "sad,,\n"),
        PLAIN.replace("emotion", "emotion,valence_class").replace("sad", "sad,NA"),
        PLAIN.replace("\n", ",,\n"),  # columns of a spreadsheet that hold nothing
        ",clip,subject,emotion\n0,A_1,A,sad\n1,B_1,B,happy\n",  # an index of pandas, or of R
        "Unnamed: 0,clip,subject,emotion\n0,A_1,A,sad\n1,B_1,B,happy\n",
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        gzip.compress(PLAIN.encode(), mtime=0),
    ],
)
def test_reads_what_spreadsheets_and_hands_leave(tmp_path, text):
    assert read(tmp_path, text).rows == SAID


@pytest.mark.parametrize(
    "word",
    [
        *("NA", "na", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None", "none", "nan", "NaN"),
        *("nil", "-", "--", "\N{EM DASH}", ".", "?", "", " ", '""', " NA "),
    ],
)
def test_a_word_for_nothing_says_nothing(tmp_path, word):
    labels = read(tmp_path, f"clip,subject,emotion\nA_1,{word},{word}\n{word},B,sad\n")
    assert labels.rows == {"A_1": {}}
    assert labels.nameless == [2]
    assert bool(labels.notes) == bool(word.strip(' "'))
    naming = Naming(r"(?P<subject>[^_]+)_(?P<emotion>.*)", {}, labels)
    assert naming.describe("A_1").subject == "A"  # the name speaks where the file does not
    assert "subject" not in naming.tell(f"{word.strip()}_x") or "/" in word or '"' in word


@pytest.mark.parametrize("word", ["0", "2", "01", "1.0", "True", "no", "NAN-1", "Nina", "x-"])
def test_any_other_word_is_text(tmp_path, word):
    labels = read(tmp_path, f"clip,subject,emotion\nA_1,{word},{word}\n")
    assert labels.of("A_1") == {"subject": word, "emotion": word}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clip,emotion,emotion\nA,x,y\n", "has the column emotion twice"),
        ("clip,Emotion,emotion \nA,x,y\n", "has the column emotion twice"),
        ("clip,mood\nA,sad\n", "has the columns clip, mood; clip and any of"),
        ("file,emotion\nA,sad\n", r"`columns: \{clip: <its name>\}`"),
        ("file,emotion\nA,sad\n", "or `--column clip=<its name>`"),
        ("clip,emotion,age\nA,sad,9\n", "Remove age, or say what one of them is: `columns:"),
        ("clip,emotion,\nA,sad,,\nB,sad,,9\n", "row 2 has 4 cells"),
        ("", "clip and any of"),
        ("clip,emotion\nA,sad,very\n", "row 1 has 3 cells for the columns clip, emotion"),
        ("clip,emotion\nA,sad\n\nA,sad\n", r"row 2: clip A is listed already \(row 1\)"),
        ("clip,emotion\nA,sad\nA.csv,sad\n", "row 2: clip A.csv is listed already"),
        ("clip,emotion\nx\\A,sad\nx/A,sad\n", "row 2: clip x/A is listed already"),
        ('clip,emotion\nA,"sad\nB,happy\n', "line 3: .*Mend this line"),
        ('clip,emotion\nA,"sad\nB,"happy\n', "line 3: .*Mend this line"),
        ('clip,emotion\nA,"sad\nB,happy"\n', "a quote is missing"),
        ('clip,emotion\nA,"sad"der\n', "line 2: .*Mend this line"),
        (b"clip,emotion\nA,tr\xe4nig\n", "Save it as UTF-8"),
        (b"PK\x03\x04\x14\0\6\0", "labels.csv: it is not text but .*; save its sheet as CSV"),
    ],
)
def test_refuses_what_may_lose_or_double_a_row(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        read(tmp_path, text)


def test_may_call_its_columns_otherwise(tmp_path):
    text = PLAIN.replace("clip,subject", "Video,person")
    called = {"clip": "video", "subject": "person"}
    assert read(tmp_path, text, called).rows == SAID


@pytest.mark.parametrize(
    ("listed", "clip"),
    [
        ("A_1", "A_1"),
        ("A_1.csv", "A_1"),
        ("A_1.mp4", "A_1"),
        ("A_1.CSV.GZ", "A_1"),
        ("./A_1.csv", "A_1"),
        ("A_1", "day 1/A_1"),
        ("day 1/A_1", "day 1/A_1"),
        ("day 1\\A_1.avi", "day 1/A_1"),
        ("data/rec/day 1/A_1.csv", "day 1/A_1"),
        ("C:\\rec\\A_1.csv", "A_1"),
        ("J\u00f6rg.1", "J\u00f6rg.1"),
        ("A_1.take2", "A_1.take2"),
        ("A_1.mp4.csv", "A_1.mp4"),  # of A_1.mp4.csv
        ("J\u00f6rg/A", "Jo\u0308rg/A"),
        ("Jo\u0308rg/A.csv", "J\u00f6rg/A"),
    ],
)
def test_a_clip_may_be_listed_with_or_without_folder_and_suffix(tmp_path, listed, clip):
    labels = read(tmp_path, f"clip,emotion\n{listed},sad\nother,happy\n")
    assert labels.of(clip) == {"emotion": "sad"}
    assert labels.listed([clip]) == {listed: clip}


@pytest.mark.parametrize(
    ("listed", "clip"),
    [
        ("A_1", "A_10"),
        ("1/A", "11/A"),
        ("A_1.take1", "A_1.take2"),
        ("P01/A", "P02/A"),
        ("a", "b/c"),
    ],
)
def test_a_clip_of_another_name_is_not_listed(tmp_path, listed, clip):
    labels = read(tmp_path, f"clip,emotion\n{listed},sad\n")
    assert labels.of(clip) == {}
    assert labels.listed([clip]) == {}


def test_a_row_that_may_mean_several_clips_is_refused(tmp_path):
    labels = read(tmp_path, "clip,emotion\nangry_01,angry\n")
    with pytest.raises(InputError, match="angry_01 may be P01/angry_01 or P02/angry_01"):
        labels.listed(["P01/angry_01", "P02/angry_01"])


def test_a_clip_that_several_rows_may_mean_is_refused(tmp_path):
    labels = read(tmp_path, "clip,emotion\nP01/angry_01,x\nP02/angry_01,y\n")
    with pytest.raises(InputError, match="List it as angry_01"):
        labels.of("angry_01")
    assert labels.of("P02/angry_01") == {"emotion": "y"}


def test_without_the_file_nothing_is_said(tmp_path):
    labels = read_labels(tmp_path, {})
    assert labels.of("A_1") == {}
    assert labels.listed(["A_1"]) == {}
