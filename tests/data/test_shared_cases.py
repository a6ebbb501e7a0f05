"""Read the inputs of shared/cases: what is kept, what is set aside, and what is said of them."""

from typing import NamedTuple

import pytest
from recordings import account_of

from pipeline.errors import InputError
from pipeline.stages import prepare


class Case(NamedTuple):
    """What a path below shared/cases gives: rows kept and set aside, and words of a message."""

    layout: str
    kept: int
    aside: int = 0
    told: str = ""
    naming: str = "subject_first"
    by: str = "subject"


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
    place = workspace(tree)
    prepare.main()
    return account_of(place)


@pytest.mark.parametrize("name", CASES)
def test_reads_what_is_right_and_says_what_it_took(cases, workspace, tree, capsys, name):
    case = CASES[name]
    account = read(cases, name, case, workspace, tree)
    assert (account["rows_kept"], account["rows_quarantined"]) == (case.kept, case.aside)
    assert case.told in capsys.readouterr().out


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_cannot_be_used(cases, workspace, tree, name):
    case = REFUSED[name]
    with pytest.raises(InputError) as error:
        read(cases, name, case, workspace, tree)
    assert case.told in str(error.value)
