"""Give a training the folder in which it survives being killed, and the run it resumes.

A training is told by the hash of all that decides its result. The folder lies outside DVC's
outputs, which DVC deletes before a stage runs.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.settings import paths
from pipeline.tracking.outbox.journal import DamagedError, Journal, is_key, new_key
from pipeline.tracking.provenance import PACKAGES, file_md5, version_of
from pipeline.tracking.store.connection import journals_folder, local_folder, main_root

_PACKAGE = Path(__file__).parents[1]
KEPT = 5  # folders of trainings that nobody works on
_KEY, _DONE, _LOCK = "run", "done", "lock"


@dataclass(frozen=True)
class Training:
    """A training's folder, and the key of its run."""

    folder: Path
    key: str

    def finish(self, result: Path) -> None:
        """Note that the stage has written its result, `run.json`."""
        (self.folder / _DONE).write_text(file_md5(result))


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """Hash what decides a training: the inputs given, the code that is loaded, the libraries."""
    files = {Path(str(module.__file__)) for module in sys.modules.values() if _is_ours(module)}
    code = {path.relative_to(_PACKAGE).as_posix(): file_md5(path) for path in files}
    versions = {name: version_of(name) for name in PACKAGES}
    text = json.dumps({"inputs": inputs, "code": code, "versions": versions}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_ours(module: Any) -> bool:
    """Tell whether a module is the pipeline's; the running stage itself is named `__main__`."""
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(_PACKAGE)


@contextmanager
def own_training(inputs: Mapping[str, Any], *, fresh: bool) -> Iterator[Training]:
    """Own the folder of a training with these inputs for the length of the block.

    What an earlier process left there is resumed, unless `fresh` or DVC has its result
    already. Where another living process trains the same, the folder is one of its own.
    """
    parent = local_folder() / "training"
    folder, lock = _claim(parent, fingerprint(inputs))
    try:
        if fresh or _recorded(folder):
            _empty(folder)
        yield Training(folder, _run_of(folder))
    finally:
        lock.release()
    _forget_oldest(parent)


def _claim(parent: Path, name: str) -> tuple[Path, FileLock]:
    """Lock the first folder of this name that no living process has."""
    for number in count():
        folder = parent / f"{name}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return folder, lock
    raise AssertionError("there is always a next number")


def _run_of(folder: Path) -> str:
    """Read the key of the folder's run, or make one: also where the run's journal is damaged.

    The new run is told of the epochs before as well, see `pipeline.model.training.fit`.
    """
    path = folder / _KEY
    if not path.exists() or not _sound(path.read_text(errors="replace")):
        draft = path.with_suffix(".draft")
        draft.write_text(new_key())
        draft.replace(path)
    return path.read_text()


def _sound(key: str) -> bool:
    if not is_key(key):
        return False
    try:
        Journal(journals_folder() / key).check()
    except DamagedError:
        return False
    return True


def _recorded(folder: Path) -> bool:
    """Tell whether DVC has saved the finished result: then the stage runs because it should."""
    done = folder / _DONE
    if not done.exists():
        return False
    md5 = done.read_text(errors="replace")
    saved = main_root() / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    return saved.is_file() or (
        len(md5) == 32 and paths.LOCK.is_file() and md5 in paths.LOCK.read_text()
    )


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != _LOCK:
            path.unlink()


def _forget_oldest(parent: Path) -> None:
    folders = sorted(parent.iterdir(), key=lambda folder: folder.stat().st_mtime)
    for folder in folders[:-KEPT]:
        try:
            with FileLock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            continue
