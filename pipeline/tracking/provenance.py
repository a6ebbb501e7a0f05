"""Say where a run comes from: code, data, environment, experiment, person; as MLflow tags.

Needs neither a git repository nor DVC: what cannot be known reads "none" or is left out.
"""

import getpass
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from pipeline.errors import InputError
from pipeline.settings.repository import git_here

PATCH_BYTES = 5_000_000
EXPERIMENT, BASELINE = "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"  # what DVC tells its stages
PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "scikit-learn", "mlflow", "dvc")
# dvc.lock says what was computed, not how: DVC writes it while the pipeline runs.
NOT_LOCKS = (":(top)", ":(top,exclude,glob)**/dvc.lock")
CODE = ":(top)pipeline"
UNREADABLE = "\ufffd"  # what decoding puts in place of bytes that are not UTF-8
# Whatever a person's git settings are, `git apply` must be able to read it, binary files too.
DIFF = (
    *("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--unified=3"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--", *NOT_LOCKS),
)


@dataclass(frozen=True)
class GitState:
    """The code of a run: `tags`, and as `patch` what differs from its commit, "" if nothing."""

    tags: dict[str, str]
    patch: str


def git_state() -> GitState:
    """Describe the code in the working directory's repository.

    The tag `git.dirty` is true where a tracked file but `dvc.lock` was changed or a file under
    `pipeline/` is not tracked; the patch then holds both. Outside git and before the first
    commit the tags read "none".
    """
    commit = _git("rev-parse", "--verify", "--quiet", "HEAD").strip()
    branch = _git("branch", "--show-current").strip() or "none"
    if not commit:
        return GitState({"git.commit": "none", "git.branch": branch, "git.dirty": "none"}, "")
    patch = _patch()
    tags = {
        "git.commit": commit,
        "git.branch": branch,
        "git.dirty": str(bool(patch)).lower(),
        "mlflow.source.git.commit": commit,  # the UI's "source version"
        "mlflow.source.git.branch": branch,
    }
    if (size := len(patch.encode())) > PATCH_BYTES:
        return GitState(tags | {"git.patch": f"omitted: {size} bytes, over {PATCH_BYTES}"}, "")
    return GitState(tags, patch)


def _patch() -> str:
    """Write the difference to the last commit, new code included, without touching the index."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "index"
        index = Path(_git("rev-parse", "--path-format=absolute", "--git-path", "index").strip())
        if index.is_file():
            # With its time: from that git knows which files it must read to see a change.
            shutil.copy2(index, copy)
        # New files show in a difference once git intends to add them: in a copy of its index.
        _git("add", "--intent-to-add", "--", CODE, GIT_INDEX_FILE=str(copy))
        patch = _git(*DIFF, GIT_INDEX_FILE=str(copy))
        if UNREADABLE not in patch:
            return patch
        # A file in another encoding than UTF-8: written as binary no byte of it is lost.
        attributes = Path(folder) / "attributes"
        attributes.write_text("* -diff\n")
        settings = ("-c", f"core.attributesFile={attributes}")
        return _git(*settings, *DIFF, GIT_INDEX_FILE=str(copy))


def _git(*arguments: str, **environment: str) -> str:
    """Run git here; "" where it fails or is not installed."""
    try:
        done = git_here(*arguments, errors="replace", **environment)
    except InputError:
        return ""
    return "" if done.returncode else done.stdout


def dvc_hashes(lock: Path, running: str) -> dict[str, str]:
    """Read the md5 of every dependency and output of the stages before `running` by its path.

    The lock still holds the last run's hashes of the stage that is running and of all that
    depends on it: those are left out. Without a lock there are none.
    """
    if not lock.is_file():
        return {}
    with lock.open("rb") as file:
        content = yaml.load(file, Loader=yaml.CSafeLoader)  # a fifth of a second faster
    stages: dict[str, Any] = content.get("stages") or {}
    for name in _outdated(stages, running):
        stages.pop(name, None)
    entries = [entry for stage in stages.values() for entry in _entries(stage)]
    return {entry["path"]: entry["md5"] for entry in entries if "md5" in entry}


def _entries(stage: Mapping[str, Any]) -> list[dict[str, str]]:
    return [*stage.get("deps", []), *stage.get("outs", [])]


def _outdated(stages: Mapping[str, Any], running: str) -> set[str]:
    found = {running}
    while True:
        made = {out["path"] for name in found for out in stages.get(name, {}).get("outs", [])}
        more = {name for name, stage in stages.items() if _needs(stage, made)} - found
        if not more:
            return found
        found |= more


def _needs(stage: Mapping[str, Any], made: set[str]) -> bool:
    """Tell whether a stage depends on one of these paths, on a part of one or on its folder."""
    return any(
        dep["path"] == path
        or f"{dep['path']}/".startswith(f"{path}/")
        or f"{path}/".startswith(f"{dep['path']}/")
        for dep in stage.get("deps", [])
        for path in made
    )


def file_md5(path: Path) -> str:
    """Compute the md5 of a file, the hash that DVC gives it; once, as long as it stays as it is."""
    state = path.stat()
    return _md5(path.absolute(), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1024)
def _md5(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def dvc_experiment() -> dict[str, str]:
    """Name the DVC experiment and the commit it starts from; nothing outside `dvc exp run`."""
    wanted = {"dvc.experiment": EXPERIMENT, "dvc.baseline": BASELINE}
    return {tag: os.environ[name] for tag, name in wanted.items() if os.environ.get(name)}


def environment() -> dict[str, str]:
    """Describe Python, the packages that results depend on, and the machine."""
    return {
        "python": platform.python_version(),
        **{name: version_of(name) for name in PACKAGES},
        "platform": platform.platform(),
        "cpu_count": str(os.cpu_count()),
    }


def version_of(package: str) -> str:
    """Name the installed version of a package; "none" where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"  # TensorFlow comes under other names, too, such as tensorflow-cpu


def source() -> dict[str, str]:
    """Name program and person in the tags that MLflow's UI shows as source and user."""
    return {
        "mlflow.source.name": Path(sys.argv[0]).name,
        "mlflow.source.type": "LOCAL",
        "mlflow.user": _user(),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "none"  # a container may run under a number that has no name
