"""A small repository with a pipeline of one stage, and runs that were recorded in it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.reproduction.checkout import Project, find_project
from pipeline.tracking.store.recorded_runs import Recorded

DVC_YAML = """\
stages:
  prepare:
    cmd: cat ${data.path}/a > out.txt
    deps: ['${data.path}', code.py]
    outs: [out.txt]
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project of a repository with one commit, whose path holds a blank."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "place" / "main repository"
    root.mkdir(parents=True)
    (root / "dvc.yaml").write_text(DVC_YAML)
    (root / "code.py").write_text("EPOCHS = 1\n")
    (root / "params.yaml").write_text("data: {path: recordings}\n")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n")
    (root / ".dvc/.gitignore").write_text("/tmp\n/cache\n/config.local\n")
    (root / ".gitignore").write_text("/recordings\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return find_project(root)


@pytest.fixture
def recorded(main: Project, tmp_path: Path) -> Callable[..., Recorded]:
    """Give a function that makes a recorded run of the first commit."""

    def make(
        path: str = "recordings",
        status: str = "FINISHED",
        files: tuple[str, ...] = ("params/params.yaml",),
        **tags: str,
    ) -> Recorded:
        written = {}
        for name in files:
            file = tmp_path / "recorded" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"data: {{path: {path}}}\n")
            written[name] = file
        own = {"git.commit": git(main.top, "rev-parse", "HEAD"), "git.dirty": "false"}
        named = {name.replace("_", "."): text for name, text in tags.items()}
        return Recorded("0123456789abcdef", "light", status, own | named, {}, written)

    return make
