"""Read a folder of OpenFace 2 or py-feat tables, one clip a file, in video or image mode."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.quarantine import Reject
from pipeline.data.reading.bad_files import open_header, printable, reject_file
from pipeline.data.reading.columns.extractors import OPENFACE_2, PYFEAT, recognise
from pipeline.data.reading.columns.lost_suffix import end_at_five
from pipeline.data.reading.csv.bad_lines import Sheet
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_sheet
from pipeline.data.reading.csv.text import UnreadableError, is_plain_text, sheet_stem
from pipeline.data.reading.folders import files_among
from pipeline.data.reading.naming.clip_names import Clip, Naming
from pipeline.data.reading.naming.labels_place import find_labels, is_labels
from pipeline.data.reading.plan import Plan, Source, plan_clips
from pipeline.data.reading.rows.faces import COLUMN, IDENTITY, choose_faces, number_identities
from pipeline.data.reading.rows.frame_order import settle_frames
from pipeline.data.reading.rows.parts import Face, Part, without_silent

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
_TOLD_APART = f"several faces are told apart by {IDENTITY}"


def plan(source: Source) -> Plan:
    """Find every table below the path; a clip is named by its path without the suffix."""
    return _plan(source, OPENFACE_2)


def plan_pyfeat(source: Source) -> Plan:
    """Do the same for files that py-feat wrote."""
    return _plan(source, PYFEAT)


def _plan(source: Source, extractor: str) -> Plan:
    root = source.path
    base = root if root.is_dir() else root.parent
    labels = find_labels(base)
    every = sorted(path for path in files_among(root, source.chosen) if path != labels)
    names = {
        path: path.relative_to(base).with_name(stem).as_posix()
        for path in every
        if (stem := sheet_stem(path.name)) and not is_labels(path) and _is_data(path)
    }
    first = {name: path for path, name in reversed(names.items())}
    return plan_clips(
        (
            _clip(path, name, source.naming) if path == first[name] else _twin(path, first[name])
            for path, name in names.items()
        ),
        read,
        source,
        extractor,
        files=len(names),
        rejects=[],
        ignored=[printable(path) for path in every if path not in names],
    )


def _is_data(path: Path) -> bool:
    """Say whether a file is one to read: a text file may hold anything, so its columns tell."""
    if not is_plain_text(path.name):
        return True
    header = open_header(path)
    return isinstance(header, Header) and recognise(header.names) is not None


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
        return reject_file(path, "unnamed", naming.why_not(name), header)
    return Clip(name, identity, path, header)


def read(clips: Sequence[Clip], aus: list[str], face: Face) -> list[Part]:
    """Read clips; where a file has no frame number, its rows are numbered from 1."""
    return [part for clip in clips for part in _read_clip(clip, aus, face)]


def _read_clip(clip: Clip, aus: list[str], face: Face) -> list[Part]:
    extras = _extras(clip.header)
    told = [IDENTITY] if IDENTITY in clip.header.names and COLUMN not in extras.values() else []
    names = [*aus, *extras.values()]
    try:
        sheet = read_sheet(clip.path, clip.header, [*aus, *extras], told)
    except UnreadableError as error:
        reject = reject_file(clip.path, error.reason, error.detail, clip.header)
        columns = {*names, "frame"} - {COLUMN}  # as the tables of parts whose face is chosen
        nothing = pa.table({name: pa.array([], pa.float64()) for name in columns})
        return [Part(clip, nothing, np.zeros(0, dtype=np.int64), [reject])]
    part = _part(clip, sheet, [*names, *told])
    parts = choose_faces(part, face) if COLUMN in part.table.column_names else [part]
    return [
        settle_frames(
            one,
            partial(_timestamps, one),
            faces_share=recognise(clip.header.names) == PYFEAT,
        )
        for one in parts
    ]


def _extras(header: Header) -> dict[str, str]:
    """Map the file's names of what is no action unit to ours; of two names the first counts."""
    extras: dict[str, str] = {}
    for theirs, ours in _EXTRAS.items():
        if theirs in header.names and ours not in extras.values():
            extras[theirs] = ours
    return extras


def _part(clip: Clip, sheet: Sheet, names: list[str]) -> Part:
    rejects, notes = sheet.rejects, sheet.notes
    if not sheet.rows_read:
        rejects = [Reject(str(clip.path), None, 0, "empty", "the file has a header and no rows")]
    table, silent = without_silent(sheet.table.rename_columns(names))
    notes |= silent
    for name in sorted(clip.header.restored & set(names)):
        column = end_at_five(table[name].combine_chunks())
        table = table.set_column(table.column_names.index(name), name, column)
    if IDENTITY in names:
        faces = number_identities(table[IDENTITY])
        table = table.drop_columns([IDENTITY])
        if not np.isnan(faces).all():
            table = table.append_column(COLUMN, pa.array(faces))
            notes |= {_TOLD_APART} if np.nanmin(faces) < np.nanmax(faces) else set()
    if "frame" not in names:
        # Several faces without frames are the faces of one image.
        image = COLUMN in table.column_names
        frame = np.ones(len(sheet.row)) if image else sheet.row.astype(np.float64)
        table = table.append_column("frame", pa.array(frame, pa.float64()))
    return Part(clip, table, sheet.row, rejects, notes)


def _timestamps(part: Part) -> NDArray[np.float64] | None:
    """Read the time of each row of a part, in the file's unit; NaN where there is none."""
    header = part.clip.header
    if "timestamp" not in header.names:
        return None
    sheet = read_sheet(part.clip.path, header, ["timestamp"])
    time = np.full(max(sheet.rows_read, int(part.row.max(initial=0))) + 1, np.nan)
    time[sheet.row] = sheet.table["timestamp"].to_numpy()
    return time[part.row]
