"""Find the table of labels in a folder of recordings, and say which others are not read."""

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.data.warnings import some
from pipeline.errors import InputError

LABELS_FILE = "labels.csv"
# A text file of this name may hold anything, so it is none.
_LABELS = re.compile(r"(?i)labels\.[ct]sv(?:\.gz)?")


def is_labels(path: Path) -> bool:
    """Say whether a file is called as a table of labels is: `labels.csv`, `Labels.tsv.gz`."""
    return _LABELS.fullmatch(path.name) is not None


def find_labels(folder: Path) -> Path | None:
    """Find the table of labels in a folder; `labels.csv` wins over any other spelling.

    Raises `InputError` where there are several others.
    """
    if (folder / LABELS_FILE).is_file():
        return folder / LABELS_FILE
    try:
        found = sorted(path for path in folder.iterdir() if is_labels(path) and path.is_file())
    except OSError:  # not allowed to look inside, which is said where its files are listed
        return None
    if len(found) > 1:
        raise InputError(
            f"{folder} has {', '.join(path.name for path in found)}; one table of labels is "
            f"allowed. Keep one, or call the right one {LABELS_FILE}."
        )
    return found[0] if found else None


def describe_unread(ignored: Iterable[str], root: Path) -> list[str]:
    """Say which tables of labels stand where they are not read; `root` is what is read."""
    unread = [file for file in ignored if is_labels(Path(file))]
    if not unread:
        return []
    folder = root if root.is_dir() else root.parent
    return [
        f"labels are read from one {LABELS_FILE} in {folder} alone, not from {some(unread, 3)}: "
        "write all rows into that one, clips with their folder"
    ]
