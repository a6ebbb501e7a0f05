"""Several paths are read as one, named below the folder that they share."""

from pathlib import Path

import pytest

from pipeline.commands.using.new_recordings import Recordings, gather
from pipeline.errors import InputError


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/one", "in/two", "other"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("in/one/a.csv", "in/b.csv"):
        (tmp_path / name).touch()
    return tmp_path


def chosen(*names: str) -> tuple[Path, ...]:
    return tuple(map(Path, names))


def test_one_path_is_taken_as_it_is():
    assert gather([Path("in")]) == Recordings(Path("in"), ())
    assert gather([Path("in/b.csv")]) == Recordings(Path("in/b.csv"), ())


def test_several_paths_share_a_folder_whatever_their_order():
    expected = Recordings(Path("in"), chosen("in/b.csv", "in/one"))
    assert gather(chosen("in/one", "in/b.csv")) == expected
    assert gather(chosen("in/b.csv", "./in/one/", "in/b.csv")) == expected
    assert gather(chosen("in/one", "other")) == Recordings(Path(), chosen("in/one", "other"))
    assert gather(chosen("in/b.csv", "in/../in/b.csv")).root == Path("in")


def test_absolute_and_relative_paths_may_be_mixed(folders):
    found = gather([Path("in/one"), folders / "in/two"])
    assert found == Recordings(folders / "in", (folders / "in/one", folders / "in/two"))


def test_a_path_that_is_not_there_is_named():
    with pytest.raises(InputError, match="in/gone does not exist"):
        gather(chosen("in", "in/gone"))
