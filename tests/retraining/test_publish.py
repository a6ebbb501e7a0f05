"""What is pushed where: dvc.lock alone, once, from a branch or off it; figures for a comment."""

import hashlib
import os
from pathlib import Path

import pytest
from throwaway import FOREIGN, OWN_GIT, run

from pipeline.errors import InputError
from pipeline.retraining.publish import FIGURES_BRANCH, push_figures, push_lock, refuse_changes


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """Enter a clone with one commit, in which dvc.lock has changed since."""
    for name in [name for name in os.environ if name.startswith((*FOREIGN, "GITHUB_", "CI_"))]:
        monkeypatch.delenv(name)
    run(tmp_path, "git", "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    run(tmp_path, "git", "clone", "--quiet", "remote.git", "clone")
    folder = tmp_path / "clone"
    run(folder, "git", "switch", "--quiet", "--create", "main")
    for key, value in OWN_GIT.items():
        run(folder, "git", "config", key, value)
    for name in ("dvc.lock", "params.yaml"):
        (folder / name).write_text("first\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    git(folder, "push", "--quiet", "origin", "main")
    (folder / "dvc.lock").write_text("second\n")
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    return run(folder, "git", *arguments).stdout.strip()


def remote(folder: Path, branch: str) -> dict[str, str]:
    """Give the files of a branch of the remote."""
    bare = folder.parent / "remote.git"
    names = git(bare, "ls-tree", "-r", "--name-only", branch).split()
    return {name: git(bare, "show", f"{branch}:{name}") for name in names}


def test_commits_the_lock_alone_onto_the_branch_that_is_checked_out(clone):
    (clone / "params.yaml").write_text("open in an editor\n")
    (clone / "staged.txt").write_text("staged\n")
    git(clone, "add", "staged.txt")
    assert push_lock("origin", None, "Retrain: promoted").says.startswith("pushed ")
    assert remote(clone, "main") == {"dvc.lock": "second", "params.yaml": "first"}
    assert git(clone, "log", "-1", "--format=%s %an") == "Retrain: promoted Test"
    assert git(clone, "status", "--short") == "M params.yaml\nA  staged.txt"
    assert "nothing to push" in push_lock("origin", None, "again").says


def test_off_a_branch_a_new_one_is_told_by_the_locks_content(clone):
    git(clone, "switch", "--quiet", "--detach")
    head = git(clone, "rev-parse", "HEAD")
    name = f"retrain/{hashlib.md5(b'second' + bytes([10])).hexdigest()[:12]}"
    assert push_lock("origin", None, "Retrain").says.endswith(f"origin/{name}")
    assert remote(clone, name)["dvc.lock"] == "second"
    assert remote(clone, "main")["dvc.lock"] == "first"
    assert git(clone, "rev-parse", "HEAD") == head
    assert "has it already" in push_lock("origin", None, "Retrain").says


def test_to_a_named_branch_without_leaving_ones_own(clone):
    assert push_lock("origin", "results", "Retrain").ref == "results"
    assert remote(clone, "results")["dvc.lock"] == "second"
    assert git(clone, "log", "-1", "--format=%s") == "first"
    assert git(clone, "branch", "--show-current") == "main"


def test_an_unchanged_lock_makes_no_branch(clone):
    (clone / "dvc.lock").write_text("first\n")
    done = push_lock("origin", "results", "Retrain")
    assert done.says.endswith("nothing to push")
    assert done.ref == git(clone, "rev-parse", "HEAD")
    assert git(clone.parent / "remote.git", "branch", "--list", "results") == ""


def test_a_branch_that_moved_on_is_not_overwritten(clone):
    push_lock("origin", "results", "Retrain")
    (clone / "dvc.lock").write_text("third\n")
    with pytest.raises(
        InputError, match=r"(?s)git push failed: .*rejected.*Data and verdict are safe"
    ):
        push_lock("origin", "results", "Retrain")
    assert remote(clone, "results")["dvc.lock"] == "second"


def test_an_author_is_named_where_the_machine_knows_none(clone, monkeypatch):
    for name in ("user.name", "user.email"):
        git(clone, "config", "--unset", name)
    monkeypatch.setenv("HOME", str(clone.parent))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    push_lock("origin", None, "Retrain")
    assert git(clone, "log", "-1", "--format=%ae") == "pipeline@localhost"


def test_changes_of_tracked_files_but_the_lock_are_refused(clone):
    refuse_changes()
    (clone / "new.txt").write_text("not tracked\n")
    refuse_changes()
    (clone / "params.yaml").write_text("changed\n")
    with pytest.raises(InputError, match=r"^params\.yaml changed since the last commit"):
        refuse_changes()


def test_figures_keep_their_address(clone, monkeypatch):
    figure = clone / "scores.png"
    figure.write_bytes(b"first")
    assert push_figures("origin", [figure]) is None, "nobody would show them"
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.test")
    monkeypatch.setenv("GITHUB_REPOSITORY", "some/body")
    addresses = []
    for content in (b"first", b"second"):
        figure.write_bytes(content)
        addresses.append(push_figures("origin", [figure]))
    base = "https://git.test/some/body/raw/"
    commits = [address.removeprefix(base) for address in addresses]
    bare = clone.parent / "remote.git"
    assert [git(bare, "show", f"{commit}:scores.png") for commit in commits] == ["first", "second"]
    assert git(bare, "rev-parse", f"{FIGURES_BRANCH}~1") == commits[0]
