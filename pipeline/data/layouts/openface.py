"""Read a folder of OpenFace 2 CSV files, one clip a file, in video or image mode."""

from pathlib import Path

import numpy as np

from pipeline.data.clips import LABELS_FILE, Clip, Naming
from pipeline.data.plan import Plan, open_header, plan_clips, raw_of_clip, reject_file
from pipeline.data.quarantine import Reject
from pipeline.data.rows import Raw
from pipeline.data.sheet import read_sheet

_EXTRAS = ("frame", "success", "confidence")


def plan(root: Path, naming: Naming) -> Plan:
    """Find every CSV file below `root`; a clip is named by its path without the suffix."""
    base = root if root.is_dir() else root.parent
    every = sorted(p for p in (root.rglob("*") if root.is_dir() else [root]) if p.is_file())
    files = [p for p in every if p.suffix.lower() == ".csv" and p.name != LABELS_FILE]
    return plan_clips(
        (_clip(p, p.relative_to(base).with_suffix("").as_posix(), naming) for p in files),
        read,
        files=len(files),
        rejects=[],
        ignored=[str(p) for p in every if p not in files and p.name != LABELS_FILE],
    )


def _clip(path: Path, name: str, naming: Naming) -> Clip | Reject:
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    identity = naming.describe(name)
    if identity is None:
        return reject_file(path, "unnamed", f"{name} does not match {naming.pattern}")
    return Clip(name, identity, path, header)


def read(clip: Clip, aus: list[str]) -> Raw:
    """Read one clip; where the file has no frame number, its rows are numbered from 1."""
    extras = [name for name in _EXTRAS if name in clip.header.names]
    sheet = read_sheet(clip.path, clip.header, [*aus, *extras])
    numbers = sheet.numbers
    if "frame" not in numbers:
        numbers = numbers | {"frame": sheet.row.astype(np.float64)}
    return raw_of_clip(clip, sheet, numbers)
