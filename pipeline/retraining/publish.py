"""Commit dvc.lock and push it, and figures for a comment, without touching the working tree.

Commits are built from a copy of git's index, so nothing that is staged or open gets in, and no
hook runs. What is pushed is told by its content: the same result is never pushed twice.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.repository import git_here
from pipeline.tracking.provenance import file_md5

FIGURES_BRANCH = "retrain-figures"
_SOMEBODY = {"NAME": "AU emotion pipeline", "EMAIL": "pipeline@localhost"}


def refuse_changes() -> None:
    """Raise `InputError` where tracked files were changed: their result would have no commit."""
    listed = _git("diff", "--name-only", "HEAD", "--", ":(top)").splitlines()
    open_files = [name for name in listed if Path(name).name != paths.LOCK.name]
    if open_files:
        raise InputError(
            f"{', '.join(open_files[:5])} changed since the last commit. --push stores what a "
            "commit gives: commit first, or leave --push out."
        )


@dataclass(frozen=True)
class Pushed:
    """What was pushed, in words, and the branch or commit that has dvc.lock."""

    says: str
    ref: str


def commit_here() -> str:
    """Give the commit that is checked out."""
    return _git("rev-parse", "HEAD")


def own_branch() -> str:
    """Name a branch after the content of dvc.lock."""
    return f"retrain/{file_md5(paths.LOCK)[:12]}"


def push_lock(remote: str, branch: str | None, message: str) -> Pushed:
    """Commit dvc.lock onto today's commit and push that to a branch.

    Without a name it is the branch that is checked out, which then moves on, or, off a branch, one
    of its own. Raises `InputError` where the remote does not take it.
    """
    current = git_here("symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
    target = branch or current or own_branch()
    head = commit_here()
    commit = _commit_lock(head, message)
    if commit != head and target == current:
        _git("update-ref", f"refs/heads/{current}", commit, head)
        _git("add", "--", paths.LOCK.as_posix())
    if commit == head and target != current:
        return Pushed("dvc.lock is that of the commit: nothing to push", head)
    if _same_tree(remote, target, commit):
        return Pushed(f"{remote}/{target} has it already: nothing to push", target)
    _push(remote, commit, target)
    return Pushed(f"pushed {commit[:8]} to {remote}/{target}", target)


def push_figures(remote: str, figures: Sequence[Path]) -> str | None:
    """Push figures to a branch of their own; give the address of their folder.

    None where no hosting service is known that would show them.
    """
    if (base := _raw_address()) is None:
        return None
    listed = "\n".join(
        f"100644 blob {_git('hash-object', '-w', '--', path.as_posix())}\t{path.name}"
        for path in figures
    )
    tree = _git("mktree", text=listed + "\n")
    parents = ["-p", before] if (before := _remote_commit(remote, FIGURES_BRANCH)) else []
    commit = _git(
        "commit-tree", tree, *parents, "-m", "Figures of a retraining", text=None, **_author()
    )
    _push(remote, commit, FIGURES_BRANCH)
    return f"{base}/{commit}"


def _raw_address() -> str | None:
    """Name where GitHub or GitLab serves files of a commit; in neither's jobs None."""
    own = os.environ
    if own.get("GITHUB_SERVER_URL") and own.get("GITHUB_REPOSITORY"):
        return f"{own['GITHUB_SERVER_URL']}/{own['GITHUB_REPOSITORY']}/raw"
    if own.get("CI_PROJECT_URL"):
        return f"{own['CI_PROJECT_URL']}/-/raw"
    return None


def _commit_lock(head: str, message: str) -> str:
    """Make a commit that differs from `head` by dvc.lock; `head` itself where it does not."""
    with TemporaryDirectory() as folder:
        index = str(Path(folder) / "index")
        _git("read-tree", head, GIT_INDEX_FILE=index)
        _git("add", "--force", "--", paths.LOCK.as_posix(), GIT_INDEX_FILE=index)
        tree = _git("write-tree", GIT_INDEX_FILE=index)
    if tree == _git("rev-parse", f"{head}^{{tree}}"):
        return head
    return _git("commit-tree", tree, "-p", head, "-m", message, text=None, **_author())


def _same_tree(remote: str, branch: str, commit: str) -> bool:
    """Tell whether a branch of the remote holds the same files on top of the same commit."""
    there = _remote_commit(remote, branch)
    if there is None:
        return False
    wanted = [_git("rev-parse", f"{commit}^{{tree}}"), _git("rev-parse", f"{commit}^@")]
    return wanted == [_git("rev-parse", f"{there}^{{tree}}"), _git("rev-parse", f"{there}^@")]


def _remote_commit(remote: str, branch: str) -> str | None:
    """Fetch a branch of the remote and give its commit; None where it has none of this name."""
    reference = f"refs/heads/{branch}"
    if not _git("ls-remote", "--heads", remote, reference):
        return None
    _git("fetch", "--quiet", "--no-tags", remote, reference)
    return _git("rev-parse", "FETCH_HEAD")


def _push(remote: str, commit: str, branch: str) -> None:
    _git("push", "--quiet", remote, f"{commit}:refs/heads/{branch}")


def _git(*arguments: str, text: str | None = None, **environment: str) -> str:
    """Run git here and give what it prints; raises `InputError` where it fails."""
    done = git_here(*arguments, text=text, **environment)
    if done.returncode:
        raise InputError(
            f"git {arguments[0]} failed: {done.stderr.strip()}\nData and verdict are "
            "safe; mend that (another name with --branch, the latest commits, the right to push) "
            "and run this again."
        )
    return done.stdout.strip()


def _author() -> dict[str, str]:
    """Name an author where the machine has none, as in CI."""
    if git_here("config", "user.email").stdout.strip() or os.environ.get("GIT_AUTHOR_EMAIL"):
        return {}
    return {
        f"GIT_{who}_{key}": text
        for who in ("AUTHOR", "COMMITTER")
        for key, text in _SOMEBODY.items()
    }
