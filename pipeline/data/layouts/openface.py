"""Read a folder of OpenFace 2 or py-feat CSV files, one clip a file, in video or image mode."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.data.clips import LABELS_FILE, Clip, Naming
from pipeline.data.extractors import OPENFACE_2, PYFEAT
from pipeline.data.faces import COLUMN, choose_faces
from pipeline.data.folders import files_below
from pipeline.data.header import Header
from pipeline.data.plan import Face, Part, Plan, Source, open_header, plan_clips, reject_file
from pipeline.data.quarantine import Reject
from pipeline.data.sheet import Sheet, read_sheets

# What a file may call a number, and what the contract calls it. In image mode OpenFace numbers
# the faces of its one image under `face`.
_EXTRAS = {
    "frame": "frame",
    "success": "success",
    "confidence": "confidence",
    "FaceScore": "confidence",
    "face_id": COLUMN,
    "face": COLUMN,
}


def plan(source: Source) -> Plan:
    """Find every CSV file below the path; a clip is named by its path without the suffix."""
    return _plan(source, OPENFACE_2)


def plan_pyfeat(source: Source) -> Plan:
    """Do the same for files that py-feat wrote."""
    return _plan(source, PYFEAT)


def _plan(source: Source, extractor: str) -> Plan:
    root = source.path
    base = root if root.is_dir() else root.parent
    every = sorted(path for path in files_below(root) if path.name != LABELS_FILE)
    files = [path for path in every if path.suffix.lower() == ".csv"]
    names = [path.relative_to(base).with_suffix("").as_posix() for path in files]
    first = dict(zip(reversed(names), reversed(files), strict=True))
    return plan_clips(
        (
            _clip(path, name, source.naming) if path == first[name] else _twin(path, first[name])
            for path, name in zip(files, names, strict=True)
        ),
        read,
        source,
        extractor,
        files=len(files),
        rejects=[],
        ignored=[str(path) for path in every if path.suffix.lower() != ".csv"],
    )


def _twin(path: Path, first: Path) -> Reject:
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    return reject_file(path, "duplicate_clip", f"is the clip of {first.name}", header)


def _clip(path: Path, name: str, naming: Naming) -> Clip | Reject:
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    identity = naming.describe(name)
    if identity is None:
        detail = f"{name} does not match {naming.pattern}"
        return reject_file(path, "unnamed", detail, header)
    return Clip(name, identity, path, header)


def read(clips: Sequence[Clip], aus: list[str], face: Face) -> list[Part]:
    """Read clips; where a file has no frame number, its rows are numbered from 1."""
    parts: list[Part] = []
    for header, alike in groupby(clips, key=lambda clip: clip.header):
        group = list(alike)
        extras = _extras(header)
        sheets = read_sheets([clip.path for clip in group], header, [*aus, *extras])
        for clip, sheet in zip(group, sheets, strict=True):
            part = _part(clip, sheet, [*aus, *extras.values()])
            parts += choose_faces(part, face) if COLUMN in part.table.column_names else [part]
    return parts


def _extras(header: Header) -> dict[str, str]:
    """Map the file's names of what is no action unit to ours; of two names the first counts."""
    extras: dict[str, str] = {}
    for theirs, ours in _EXTRAS.items():
        if theirs in header.names and ours not in extras.values():
            extras[theirs] = ours
    return extras


def _part(clip: Clip, sheet: Sheet, names: list[str]) -> Part:
    rejects = sheet.rejects
    if not sheet.rows_read:
        rejects = [Reject(str(clip.path), None, 0, "empty", "the file has a header and no rows")]
    table = sheet.table.rename_columns(names)
    if "frame" not in names:
        # Several faces without frames are the faces of one image.
        frame = np.ones(len(sheet.row)) if COLUMN in names else sheet.row.astype(np.float64)
        table = table.append_column("frame", pa.array(frame, pa.float64()))
    return Part(clip, table, sheet.row, rejects)
