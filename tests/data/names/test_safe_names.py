"""Safe forms of names: what MLflow and file systems take, unique, the same each time."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name

from pipeline.data.names.safe_names import LONGEST, safe_names

NAMES = st.lists(st.text(max_size=80) | st.text("aA. /\\:&_é$", max_size=6), max_size=12)


@given(NAMES)
def test_every_name_gets_a_form_of_its_own_that_mlflow_and_files_take(names: list[str]) -> None:
    safe = safe_names(names)
    assert list(safe) == list(dict.fromkeys(names))
    for form in safe.values():
        _validate_metric_name(f"test/f1/{form}")
        assert 0 < len(form) <= LONGEST
        assert not {*form} & {*'/\\:*?"<>|\n\r\t\0'}
        assert form.strip(" ") == form
        assert form.strip(".") == form
    folded = {unicodedata.normalize("NFC", form).casefold() for form in safe.values()}
    assert len(folded) == len(safe), "a file system that ignores case would mix them up"
    assert safe_names(names) == safe
    again = safe_names(safe.values())
    assert all(again[form] == form for form in again), "a safe name stays as it is"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("anger", "anger"),
        ("0", "0"),
        ("joy & pride", "joy _ pride"),
        ("don't know", "don_t know"),
        ("100% sure", "100_ sure"),
        ("a/b:c", "a_b_c"),
        ("..", "__"),
        (" . ", "_"),
        ("", "_"),
        (".hidden.", "_hidden_"),
        ("$\\x{$", "__x__"),
        ("überrascht", "überrascht"),
        ("驚き", "驚き"),
    ],
)
def test_forms_can_be_read(name: str, form: str) -> None:
    assert safe_names([name]) == {name: form}


def test_of_two_that_collapse_the_changed_or_later_one_carries_a_hash() -> None:
    safe = safe_names(["joy & pride", "joy + pride", "joy _ pride", "Anger", "anger", "ánger"])
    assert safe["joy _ pride"] == "joy _ pride"
    assert safe["Anger"] == "Anger"
    assert all(safe[n].startswith("joy _ pride-") for n in ("joy & pride", "joy + pride"))
    assert safe["anger"].startswith("anger-")
    assert safe["ánger"].startswith("ánger-")
    other = safe_names(["joy + pride", "joy _ pride", "joy & pride"])
    assert other.items() <= safe.items(), "whoever comes first"
