"""Make a temporary copy of the repository that holds the code and parameters of a run."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pipeline.errors import InputError
from pipeline.settings.repository import STOPS, git
from pipeline.settings.run_files import PATCH, SETTINGS
from pipeline.tracking.store.recorded_runs import Recorded


@dataclass(frozen=True)
class Project:
    """The folder of `dvc.yaml` and the top of the git repository that it lies in."""

    folder: Path
    top: Path

    def at(self, top: Path) -> "Project":
        """Give the same project in another copy of the repository."""
        return Project(top / self.folder.relative_to(self.top), top)


def find_project(folder: Path) -> Project:
    """Find the project in a folder; raises `InputError` where there is none."""
    top = git(folder, "rev-parse", "--show-toplevel")
    if top.returncode or not (folder / "dvc.yaml").is_file():
        raise InputError(
            f"{folder} holds no dvc.yaml in a git repository. Run this at the root of the "
            "repository whose run it is."
        )
    return Project(folder.resolve(), Path(top.stdout.removesuffix("\n")).resolve())


def refuse(run: Recorded) -> None:
    """Raise `InputError`, with the way out, where a run cannot be made again."""
    tags = run.tags
    if parent := tags.get("mlflow.parentRunId"):
        reason = f"is only another evaluation of the model of run {parent}: reproduce that one"
    elif source := tags.get("source_run"):
        reason = (
            f"is only an evaluation of the model of run {source}, which was in another store: "
            "reproduce that one, with MLFLOW_TRACKING_URI set to its store"
        )
    elif run.status != "FINISHED":
        reason = f"is {run.status} and has no result to compare: give one that is FINISHED"
    elif tags.get("git.commit", "none") == "none":
        reason = "was made outside git, so its code is not known: give one made in a repository"
    elif SETTINGS not in run.files:
        reason = (
            f"has no artifact {SETTINGS}: if the repository was moved, first run `python -m "
            "pipeline relocate`, else its parameters are lost"
        )
    elif tags.get("git.dirty") == "true" and PATCH not in run.files:
        why = tags.get("git.patch", "none was recorded")
        reason = f"ran with changes that are not committed, and has no patch ({why})"
    else:
        return
    raise InputError(f"Run {run.id} {reason}.")


@contextmanager
def checkout(project: Project, run: Recorded) -> Iterator[Project]:
    """Give a copy of the project as the run had it; it is removed with the block.

    It stands beside the repository, so that relative paths lead out of both to the same place.
    Raises `InputError` where the commit is unknown or the patch does not fit.
    """
    commit = run.tags["git.commit"]
    if git(project.top, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        raise InputError(
            f"Run {run.id} was made from commit {commit}, which this repository does not have. "
            "Fetch it (`git fetch --all`), or run this in the repository that it was made in."
        )
    top = _folder(project.top, run.id)
    try:
        _succeed(project.top, "worktree", "add", "--quiet", "--detach", str(top), commit)
        copy = project.at(top)
        if patch := run.files.get(PATCH):
            _succeed(top, "apply", "--whitespace=nowarn", str(patch))
        shutil.copyfile(run.files[SETTINGS], copy.folder / "params.yaml")
        yield copy
    finally:
        _remove(project.top, top)


def _folder(top: Path, run_id: str) -> Path:
    try:
        return Path(mkdtemp(prefix=f".{top.name}-{run_id[:8]}-", dir=top.parent))
    except OSError as error:
        raise InputError(
            f"{top.parent} cannot hold a temporary copy of the repository: {error}. It must stand "
            "beside the repository: see to its permissions, or clone to where you may write."
        ) from error


def _succeed(folder: Path, *arguments: str) -> None:
    done = git(folder, *arguments)
    if done.returncode:
        raise InputError(
            f"git {arguments[0]} failed: {done.stderr.strip()}. The commit and the patch of a run "
            "must give its code: compare the tags git.* and the artifact "
            f"{PATCH} with the repository."
        )


def _remove(main: Path, top: Path) -> None:
    """Remove a copy, whatever is pressed meanwhile; what links in it lead to stays."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPS}
    try:
        git(main, "worktree", "remove", "--force", str(top))
        shutil.rmtree(top, ignore_errors=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
