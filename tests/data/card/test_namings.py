"""Whose a clip is: the shipped namings on common shapes, and which of them is recommended."""

import pytest
import yaml
from throwaway import PARAMS

from pipeline.data.card.namings import best, try_naming
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.naming.labels_file import Labels

SHIPPED = yaml.safe_load(PARAMS.read_text())["naming"]
PEOPLE = [f"P{i:02d}" for i in range(1, 6)]
FEELINGS = ["angry", "happy", "sad"]


def naming(name: str, labels: Labels | None = None) -> Naming:
    return Naming(SHIPPED[name]["pattern"], SHIPPED[name]["emotions"], labels or Labels())


def told(name: str, clip: str) -> tuple[str | None, str | None]:
    known = naming(name).tell(clip)
    return known.get("subject"), known.get("emotion")


@pytest.mark.parametrize(
    ("name", "clip", "subject", "emotion"),
    [
        ("subject_first", "s01_happy", "s01", None),
        ("subject_first", "day/s01-3", "s01", None),
        ("subject_first", "sub-07_ses-1", "sub-07", None),
        ("subject_first", "s01", None, None),
        ("subject_emotion", "s01_happy", "s01", "happy"),
        ("subject_emotion", "x/s01_happy_2_late", "s01", "happy"),
        ("subject_emotion", "s01-happy2", "s01", "happy"),
        ("subject_emotion", "\u5c0f\u660e_\u5f00\u5fc3_1", "\u5c0f\u660e", "\u5f00\u5fc3"),
        ("folder_per_person", "P01/processed/angry_01", "P01", None),
        ("folder_per_person", "P01\\processed\\angry_01", "P01", None),
        ("folder_per_person", "J\u00f6rg M./a", "J\u00f6rg M.", None),
        ("folder_per_person", "angry_01", None, None),
        ("folder_per_person", "NA/angry_01", None, None),
        ("folder_per_person_emotion", "P01/angry_01", "P01", "angry"),
        ("folder_per_person_emotion", "P01/a/b/angry_01", "P01", "angry"),
        ("folder_per_person_emotion", "P01/none_01", "P01", None),
        ("folders_person_emotion", "P01/angry/01", "P01", "angry"),
        ("folders_emotion_person", "angry/P01_01", "P01", "angry"),
        ("ravdess", "Actor_14/01-01-05-02-01-01-14", "14", "angry"),
        ("ravdess", "01-01-05-02-01-01-14", "14", "angry"),
        ("crema_d", "1001_DFA_ANG_XX", "1001", "angry"),
        ("crema_d", "AudioWAV/1076_IEO_SAD_HI", "1076", "sad"),
        ("expression", "E01_CT_M", "E01", None),
    ],
)
def test_a_shipped_naming_reads_its_shape(name, clip, subject, emotion):
    assert told(name, clip) == (subject, emotion)


def test_a_pattern_with_a_slash_reads_the_path_any_other_the_name():
    path = Naming(r"(?P<subject>[^/]+)/.*", {})
    name = Naming(r"(?P<subject>[^_]+)_.*", {})
    assert path.tell("P01/processed/angry_01")["subject"] == "P01"
    assert name.tell("P01/processed/angry_01")["subject"] == "angry"


SHAPES = {
    "folder_per_person_emotion": [f"{p}/processed/{e}_01" for p in PEOPLE for e in FEELINGS],
    "folder_per_person": [f"{p}/video_{i}" for p in PEOPLE for i in range(3)],
    "folders_person_emotion": [
        f"{p}/{e}/clip{i}" for p in PEOPLE for e in FEELINGS for i in (1, 2)
    ],
    "folders_emotion_person": [f"{e}/{p}_{i}" for p in PEOPLE for e in FEELINGS for i in (1, 2)],
    "subject_emotion": [f"{p}_{e}_{i}" for p in PEOPLE for e in FEELINGS for i in (1, 2)],
    "subject_first": [f"{p}_{i:03d}" for p in PEOPLE for i in range(3)],
    "ravdess": [f"01-01-{e:02d}-01-01-01-{p:02d}" for p in range(1, 6) for e in range(1, 9)],
    "crema_d": [f"10{p:02d}_DFA_{e}_XX" for p in range(1, 6) for e in ("ANG", "HAP", "SAD")],
    "expression": [f"{p}_CT_{v}" for p in PEOPLE for v in "PNM"],
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_naming_of_a_shape_is_recommended(name):
    trials = [try_naming(each, naming(each), SHAPES[name]) for each in SHIPPED]
    assert best(trials, "expression").name == name


def test_a_naming_without_doubts_is_recommended_before_one_with_them():
    clips = [f"{who}/task{i}_late" for who in PEOPLE for i in range(3)]
    trials = [try_naming(each, naming(each), clips) for each in SHIPPED]
    assert {len(trial.subjects) for trial in trials} >= {3, 5}
    chosen = best(trials, "subject_first")
    assert chosen is not None
    assert chosen.name == "folder_per_person"


def test_of_equals_the_usual_one_is_recommended():
    clips = SHAPES["subject_first"]
    trials = [try_naming(each, naming("subject_first"), clips) for each in ("a", "b", "c")]
    assert best(trials, "b").name == "b"
    assert best(trials, "x").name == "a"


def test_no_naming_is_recommended_where_none_reads_a_clip():
    trials = [try_naming(each, naming(each), ["x", "y", "z"]) for each in SHIPPED]
    assert best(trials, "expression") is None


def test_shows_three_examples_from_all_over_the_data_and_its_doubts():
    lines = try_naming(
        "subject_first", naming("subject_first"), SHAPES["folder_per_person_emotion"]
    )
    head, *rest = lines.lines()
    assert head == "  subject_first: 15 of 15 clips, 3 subjects"
    assert rest[:3] == [
        "    P01/processed/angry_01: subject angry",
        "    P03/processed/happy_01: subject happy",
        "    P05/processed/sad_01: subject sad",
    ]
    assert rest[3].startswith("    doubt: each of the subjects angry, happy, sad has clips in the")
    assert len(rest) == 5
