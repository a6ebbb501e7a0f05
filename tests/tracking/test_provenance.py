import getpass
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.tracking import provenance
from pipeline.tracking.provenance import (
    dvc_experiment,
    dvc_hashes,
    environment,
    file_md5,
    git_state,
    source,
)

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python -m pipeline.stages.prepare
    deps:
    - {path: data/demo, hash: md5, md5: 1a.dir, size: 9, nfiles: 3}
    - {path: pipeline/stages/prepare.py, hash: md5, md5: 2b, size: 9}
    params: {params.yaml: {data.layout: expression}}
    outs:
    - {path: outputs/prepare, hash: md5, md5: 3c.dir, size: 9}
  train:
    cmd: python -m pipeline.stages.train
    deps:
    - {path: outputs/prepare/frames.parquet, hash: md5, md5: 4d, size: 9}
    outs:
    - {path: outputs/train/model.keras, hash: md5, md5: 5e, size: 9}
  evaluate:
    cmd: python -m pipeline.stages.evaluate
    deps:
    - {path: outputs/train, hash: md5, md5: 6f.dir, size: 9}
  web:
    cmd: curl
    deps:
    - {path: 'https://example.org/a.csv', hash: checksum, checksum: 7a}
"""
PREPARED = {"data/demo": "1a.dir", "pipeline/stages/prepare.py": "2b", "outputs/prepare": "3c.dir"}


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, which is the working directory."""
    monkeypatch.chdir(root)
    git("init", "--quiet", "--initial-branch", "topic")
    (root / "pipeline/stages").mkdir(parents=True)
    (root / "pipeline/stages/train.py").write_text("EPOCHS = 1\n")
    (root / "dvc.lock").write_text("schema: '2.0'\n")
    (root / ".gitignore").write_text("*.pyc\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    return root


def test_clean_repository(repository: Path) -> None:
    commit = git("rev-parse", "HEAD").strip()
    state = git_state()
    assert state.patch == ""
    assert state.tags == {
        "git.commit": commit,
        "git.branch": "topic",
        "git.dirty": "false",
        "mlflow.source.git.commit": commit,
        "mlflow.source.git.branch": "topic",
    }


def test_changed_code_is_dirty_and_in_the_patch(repository: Path) -> None:
    (repository / "pipeline/stages/train.py").write_text("EPOCHS = 2\n")
    state = git_state()
    assert state.tags["git.dirty"] == "true"
    assert "-EPOCHS = 1\n+EPOCHS = 2\n" in state.patch


def test_new_code_is_dirty_and_the_patch_restores_it(repository: Path) -> None:
    new = repository / "pipeline/new.py"
    new.write_text("NEW = 1\n")
    (repository / "pipeline/stages/train.py").write_text("EPOCHS = 2\n")
    state = git_state()
    assert state.tags["git.dirty"] == "true"
    new.unlink()
    git("checkout", "--", ".")
    (repository / "changes.patch").write_text(state.patch)
    git("apply", "changes.patch")
    assert new.read_text() == "NEW = 1\n"
    assert (repository / "pipeline/stages/train.py").read_text() == "EPOCHS = 2\n"


def restored(repository: Path, patch: str) -> None:
    """Bring the first commit back and apply a patch to it."""
    git("clean", "--force", "-dx", "--quiet")
    git("checkout", "--", ".")
    (repository / "changes.patch").write_text(patch, encoding="utf-8", newline="")
    git("apply", "changes.patch")


def test_the_patch_restores_binary_files(repository: Path) -> None:
    (repository / "notes.bin").write_bytes(b"\0old\xff")
    git("add", ".")
    git("commit", "--quiet", "--message", "binary")
    changed, new = b"\0changed\xfe\n" * 9, b"\x89PNG\r\n\0\xff"
    (repository / "notes.bin").write_bytes(changed)
    (repository / "pipeline/new.png").write_bytes(new)
    restored(repository, git_state().patch)
    assert (repository / "notes.bin").read_bytes() == changed
    assert (repository / "pipeline/new.png").read_bytes() == new


def test_the_patch_restores_files_that_are_not_utf8(repository: Path) -> None:
    latin, windows = "# gr\u00fcn\n".encode("latin-1"), b"EPOCHS = 3\r\n"
    (repository / "pipeline/latin.py").write_bytes(latin)
    (repository / "pipeline/stages/train.py").write_bytes(windows)
    restored(repository, git_state().patch)
    assert (repository / "pipeline/latin.py").read_bytes() == latin
    assert (repository / "pipeline/stages/train.py").read_bytes() == windows


@pytest.mark.parametrize(
    ("key", "value"),
    [("diff.noprefix", "true"), ("color.ui", "always"), ("diff.external", "true")],
)
def test_the_patch_does_not_hang_on_a_persons_git_settings(
    repository: Path, key: str, value: str
) -> None:
    git("config", key, value)
    (repository / "pipeline/stages/train.py").write_text("EPOCHS = 2\n")
    restored(repository, git_state().patch)
    assert (repository / "pipeline/stages/train.py").read_text() == "EPOCHS = 2\n"


def test_a_change_in_the_second_of_the_commit_is_seen(repository: Path) -> None:
    train, then = repository / "pipeline/stages/train.py", (1e9, 1e9)
    git("config", "core.trustctime", "false")
    os.utime(train, then)
    git("update-index", "--refresh")
    train.write_text("EPOCHS = 2\n")
    for path in (train, repository / ".git/index"):
        os.utime(path, then)
    assert "+EPOCHS = 2" in git_state().patch


def test_index_is_left_alone(repository: Path) -> None:
    (repository / "pipeline/new.py").write_text("NEW = 1\n")
    git_state()
    assert git("status", "--porcelain") == "?? pipeline/new.py\n"


def test_lock_and_untracked_data_do_not_make_it_dirty(repository: Path) -> None:
    (repository / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    (repository / "notes.txt").write_text("untracked\n")
    (repository / "pipeline/train.pyc").write_text("ignored\n")
    assert git_state().tags["git.dirty"] == "false"


def test_state_is_that_of_the_repository_from_a_folder_in_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "pipeline/stages/train.py").write_text("EPOCHS = 2\n")
    (repository / "studies").mkdir()
    monkeypatch.chdir(repository / "studies")
    assert "+EPOCHS = 2" in git_state().patch


def test_huge_patch_is_left_out_and_a_tag_says_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "PATCH_BYTES", 10)
    (repository / "pipeline/stages/train.py").write_text("EPOCHS = 2\n")
    state = git_state()
    assert state.patch == ""
    assert state.tags["git.dirty"] == "true"
    assert state.tags["git.patch"].startswith("omitted: ")


def test_detached_head_has_no_branch(repository: Path) -> None:
    git("checkout", "--quiet", "--detach")
    state = git_state()
    assert state.tags["git.branch"] == "none"
    assert state.tags["git.commit"] == git("rev-parse", "HEAD").strip()


def test_before_the_first_commit_all_is_none_but_the_branch(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    git("init", "--quiet", "--initial-branch", "topic")
    state = git_state()
    assert state.tags == {"git.commit": "none", "git.branch": "topic", "git.dirty": "none"}


@pytest.mark.parametrize("path", [None, ""], ids=["outside git", "git not installed"])
def test_without_git_all_is_none(
    root: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    monkeypatch.chdir(root)
    if path is not None:
        monkeypatch.setenv("PATH", path)
    state = git_state()
    assert state.tags == {"git.commit": "none", "git.branch": "none", "git.dirty": "none"}
    assert state.patch == ""


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        ("prepare", {}),
        ("train", PREPARED),
        (
            "evaluate",
            PREPARED | {"outputs/prepare/frames.parquet": "4d", "outputs/train/model.keras": "5e"},
        ),
    ],
)
def test_hashes_are_those_of_the_stages_before(
    tmp_path: Path, running: str, expected: dict[str, str]
) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(LOCK)
    assert dvc_hashes(lock, running) == expected


def test_without_a_lock_there_are_no_hashes(tmp_path: Path) -> None:
    assert dvc_hashes(tmp_path / "dvc.lock", "train") == {}


def test_md5_of_a_file_is_dvcs(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    assert file_md5(tmp_path / "a") == "b1946ac92492d2347c6235b4d2611184"


def test_dvc_experiment_is_named_inside_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    monkeypatch.delenv("DVC_EXP_BASELINE_REV", raising=False)
    assert dvc_experiment() == {}
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-mole")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "abc")
    assert dvc_experiment() == {"dvc.experiment": "tidy-mole", "dvc.baseline": "abc"}


def test_environment_names_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("mlflow", "no-such-package"))
    tags = environment()
    assert tags["mlflow"] == version("mlflow")
    assert tags["no-such-package"] == "none"
    assert int(tags["cpu_count"]) > 0
    assert tags.keys() == {"python", "mlflow", "no-such-package", "platform", "cpu_count"}


def test_source_names_program_and_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/pipeline/train.py", "--x"])
    assert source() == {
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": getpass.getuser(),
    }


def test_nameless_person_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError("no name")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert source()["mlflow.user"] == "none"
