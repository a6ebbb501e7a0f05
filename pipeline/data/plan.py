"""Say what will be read, in which order, before any row is read."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.clips import Clip
from pipeline.data.quarantine import Reject
from pipeline.data.rows import Raw, constant_key
from pipeline.data.sheet import Header, Sheet, UnreadableError, read_header
from pipeline.data.units import AU_COLUMNS
from pipeline.errors import InputError

# OpenFace 3.0 numbers its eight outputs AU01_r..AU08_r; FACS has no AU03 and no AU08 like it.
_OPENFACE_3_ONLY = {"AU03_r", "AU08_r"}


@dataclass(frozen=True)
class Plan:
    """Jobs that yield rows in the order of the frame table, and what is known beforehand."""

    jobs: list[Callable[[], Raw]]
    subjects: list[str]
    clips: list[str]
    aus: list[str]
    files: int
    rejects: list[Reject] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def plan_clips(
    found: Iterable[Clip | Reject],
    read: Callable[[Clip, list[str]], Raw],
    *,
    files: int,
    rejects: list[Reject],
    ignored: list[str],
) -> Plan:
    """Plan one job a clip, by subject and clip; files that could not be used are rejects."""
    clips: list[Clip] = []
    for item in found:
        if isinstance(item, Clip):
            clips.append(item)
        else:
            rejects = [*rejects, item]
    clips, aus, lacking = settle_columns(clips)
    clips.sort(key=lambda clip: (clip.identity.subject, clip.name))
    return Plan(
        jobs=[partial(read, clip, aus) for clip in clips],
        subjects=sorted({clip.identity.subject for clip in clips}),
        clips=[clip.name for clip in clips],
        aus=aus,
        files=files,
        rejects=rejects + lacking,
        ignored=ignored,
    )


def refuse_foreign_units(header: Header, path: Path) -> None:
    """Raise `InputError` on columns that look like OpenFace 2 and mean something else."""
    if _OPENFACE_3_ONLY & set(header.names):
        raise InputError(
            f"{path}: AU03_r and AU08_r are OpenFace 3.0 columns, whose AU01_r-AU08_r are not the "
            "FACS units of these names. Only OpenFace 2 intensities (0-5) are allowed; extract "
            "the action units with OpenFace 2.2."
        )


def settle_columns(clips: Sequence[Clip]) -> tuple[list[Clip], list[str], list[Reject]]:
    """Choose the AU columns that most files have; set aside the files that lack any of them.

    Raises `InputError` where no file has an AU column.
    """
    sets = Counter(frozenset(clip.header.names.keys() & set(AU_COLUMNS)) for clip in clips)
    chosen = max(sets, key=lambda columns: (sets[columns], len(columns)), default=frozenset())
    if not chosen:
        raise InputError(
            f"none of the {len(clips)} files has an AU column such as AU06_r. Check data.path and "
            "data.layout."
        )
    aus = [name for name in AU_COLUMNS if name in chosen]
    kept, rejects = [], []
    for clip in clips:
        if lacking := [name for name in aus if name not in clip.header.names]:
            rejects.append(reject_file(clip.path, "missing_column", f"lacks {', '.join(lacking)}"))
        else:
            kept.append(clip)
    return kept, aus, rejects


def reject_file(path: Path, reason: str, detail: str) -> Reject:
    """Set a whole file aside, with the number of data rows that it holds."""
    return Reject(str(path), None, count_rows(path), reason, detail)


def count_rows(path: Path) -> int:
    """Count the lines of a file below its header that are not blank."""
    with path.open("rb") as file:
        return max(0, sum(1 for line in file if line.strip()) - 1)


def open_header(path: Path) -> Header | Reject:
    """Read a file's header, or say why it cannot be read."""
    try:
        header = read_header(path)
    except UnreadableError as error:
        return reject_file(path, error.reason, error.detail)
    refuse_foreign_units(header, path)
    if count := len(header.raw) - len(header.names):
        return reject_file(path, "unreadable", f"{count} column names stand twice")
    return header


def raw_of_clip(clip: Clip, sheet: Sheet, numbers: dict[str, NDArray[np.float64]]) -> Raw:
    """Give the rows of one clip the clip's subject, name, valence class and emotion."""
    keys = {
        name: constant_key(value, len(sheet.row))
        for name, value in (
            ("subject", clip.identity.subject),
            ("clip", clip.name),
            ("valence_class", clip.identity.valence_class),
            ("emotion", clip.identity.emotion),
        )
    }
    return Raw(str(clip.path), sheet.row, keys, numbers, sheet.rejects)
