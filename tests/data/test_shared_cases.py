"""Read the inputs of shared/cases: what is kept, what is set aside, and what is said of them."""

from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from recordings import account_of

from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.stages import prepare


class Case(NamedTuple):
    """What a path below shared/cases gives: rows kept and set aside, and words of a message."""

    layout: str
    kept: int
    aside: int = 0
    told: str = ""
    naming: str = "subject_first"
    by: str = "subject"
    source: str = "facs"
    named: str = ""  # subjects, then emotions of the frames that are kept, where they count


CASES = {
    "intensities_without_suffix": Case("openface", 48, told="intensities without suffix"),
    "names_from_r": Case("openface", 48, told="X.AU01_r as AU01_r"),
    "names_lower_case": Case("openface", 48, told="au01_r as AU01_r"),
    "names_without_zero": Case("openface", 48, told="AU1_r as AU01_r"),
    "frame_never_moves": Case("openface", 48, told="in the order of their timestamp"),
    "success_true_false": Case("openface", 44, 4, told="True and False"),
    "decimal_comma_in_quotes": Case("openface", 48),
    "utf16": Case("openface", 48),
    "tsv": Case("openface", 48),
    "txt_daic_style": Case("openface", 48),
    "gz": Case("openface", 48),
    "labels_codes": Case(
        "openface",
        144,
        told="'0', '01', '2', '3'",
        source="human",
        named="s01 s02 s03 s04 s05 s06 0 01 2 3",
    ),
    "table_number_codes.csv": Case(
        "table",
        24,
        told="text, as it stands: '0.0', '1.0', '2.0'",
        source="human",
        named="s01 s02 s03 s04 s05 s06 0.0 1.0 2.0",
    ),
    "labels_missing_words": Case(
        "openface",
        108,
        36,
        told="unlabelled",
        source="human",
        named="s01 s02 s03 s04 s05 s06 angry happy sad",
    ),
    "labels_empty_rows": Case(
        "openface", 144, source="human", named="s01 s02 s03 s04 s05 s06 happy sad"
    ),
    "labels_spelling": Case(
        "openface",
        144,
        told="'Happy', 'happy' as 'Happy'; 'SAD', 'sad' as 'SAD'",
        source="human",
        named="s01 s02 s03 s04 s05 s06 Happy SAD",
    ),
    "folder_per_person": Case(
        "openface",
        180,
        source="human",
        naming="folder_per_person_emotion",
        named="P01 P02 P03 P04 P05 angry happy sad",
    ),
    "copies": Case("openface", 72, told="warning same_recording: "),
    "table_folder_of_csv": Case("table", 24, by="clip"),  # of two people, who cannot be split
}
# What cannot be used as it is, and what is told then.
REFUSED = {
    "faces_without_id_pyfeat": Case("pyfeat", 0, told="several_faces"),
    "intensities_without_suffix": Case("pyfeat", 0, told="data.layout: openface"),
    "table_without_clip.csv": Case("table", 0, told="video, subject, emotion, AU01_r"),
    "table_one_subject.csv": Case("table", 0, told="need at least one each"),
}


def read(cases, name: str, case: Case, workspace, tree) -> dict:
    tree["data"] |= {"path": str(cases / name), "layout": case.layout, "naming": case.naming}
    tree["prepare"]["split"]["by"] = case.by
    tree["label"]["source"] = case.source
    place = workspace(tree)
    prepare.main()
    return account_of(place)


@pytest.mark.parametrize("name", CASES)
def test_reads_what_is_right_and_says_what_it_took(cases, workspace, tree, capsys, name):
    case = CASES[name]
    account = read(cases, name, case, workspace, tree)
    assert (account["rows_kept"], account["rows_quarantined"]) == (case.kept, case.aside)
    assert case.told in capsys.readouterr().out
    if case.named:
        frames = pq.read_table(paths.FRAMES, columns=["subject", "emotion"]).to_pydict()
        found = [*sorted(set(frames["subject"])), *sorted(set(frames["emotion"]))]
        assert " ".join(found) == case.named


def test_names_both_files_of_a_copy(cases, workspace, tree, capsys):
    read(cases, "copies", CASES["copies"], workspace, tree)
    said = capsys.readouterr().out
    for one in ("s01_happy.csv (subject s01)", "Copy of s01_happy.csv (subject Copy of s01)"):
        assert one in said


@pytest.mark.parametrize("name", ["alias_bomb", "bad_date", "duplicate_keys"])
def test_refuses_parameters_in_one_line(cases, name):
    with pytest.raises(InputError, match=r"yaml, line \d+: [^\n]+\Z"):
        params.load(cases / "params" / f"{name}.yaml")


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_cannot_be_used(cases, workspace, tree, name):
    case = REFUSED[name]
    with pytest.raises(InputError) as error:
        read(cases, name, case, workspace, tree)
    assert case.told in str(error.value)
