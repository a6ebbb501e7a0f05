"""Read `AUs/<clip>_aus.csv` with `Valences/<clip>_valences.csv`, joined on `Image`."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import value_range
from pipeline.data.quarantine import Reject
from pipeline.data.reading.bad_files import open_header, printable, reject_file
from pipeline.data.reading.columns.extractors import OPENFACE_2
from pipeline.data.reading.csv.bad_lines import Sheet
from pipeline.data.reading.csv.reader import read_sheet
from pipeline.data.reading.csv.text import UnreadableError, sheet_stem
from pipeline.data.reading.folders import files_below
from pipeline.data.reading.naming.clip_names import Clip, Naming
from pipeline.data.reading.naming.labels_place import find_labels
from pipeline.data.reading.plan import Plan, Source, plan_clips
from pipeline.data.reading.rows.parts import Face, Part
from pipeline.errors import InputError

_AUS, _VALENCES = "_aus", "_valences"  # end a file's name, before its suffix


def plan(source: Source) -> Plan:
    """Pair the files of AUs/ and Valences/; a file without its partner is quarantined.

    Raises `InputError` where one of the two folders is missing.
    """
    root = source.path
    for folder in ("AUs", "Valences"):
        if not (root / folder).is_dir():
            raise InputError(
                f"{root} has no folder {folder}; data.layout: expression needs AUs/ and Valences/."
            )
    au_files, valence_files = _by_clip(root / "AUs", _AUS), _by_clip(root / "Valences", _VALENCES)
    known = {*au_files.values(), *valence_files.values(), find_labels(root)}
    return plan_clips(
        (
            _clip(name, path, valence_files.get(name), source.naming)
            for name, path in au_files.items()
        ),
        read,
        source,
        OPENFACE_2,
        files=len(au_files) + len(valence_files),
        rejects=[
            reject_file(path, "no_partner", "has no file in AUs/")
            for name, path in valence_files.items()
            if name not in au_files
        ],
        ignored=sorted(printable(path) for path in files_below(root) if path not in known),
    )


def _by_clip(folder: Path, ending: str) -> dict[str, Path]:
    """Find the files whose names have this ending, by clip; of two of one the first counts.

    Hidden ones are left out: a Mac lays a `._x_aus.csv` beside each file on other disks.
    """
    files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    stems = [(sheet_stem(path.name) or "", path) for path in sorted(files, reverse=True)]
    found = {s.removesuffix(ending): path for s, path in stems if s.endswith(ending)}
    return dict(sorted(found.items()))


def _clip(name: str, path: Path, partner: Path | None, naming: Naming) -> Clip | Reject:
    """Describe a clip, or say why its AU file cannot be used.

    Where the AU file is set aside its partner is not opened: the account counts a pair's images
    once, by the AU file.
    """
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    if "Image" not in header.names:
        return reject_file(path, "missing_column", "lacks Image", header)
    if partner is None:
        return reject_file(path, "no_partner", "has no file in Valences/", header)
    identity = naming.describe(name)
    if identity is None:
        return reject_file(path, "unnamed", naming.why_not(name), header)
    return Clip(name, identity, path, header, partner)


def read(clips: Sequence[Clip], aus: list[str], _face: Face) -> list[Part]:
    """Read the images of clips; rows that only one of a clip's two files has are set aside."""
    return [_read_one(clip, aus) for clip in clips]


def _read_one(clip: Clip, aus: list[str]) -> Part:
    if clip.partner is None:
        raise ValueError(f"clip {clip.name} has no valence file")
    try:
        sheet = read_sheet(clip.path, clip.header, aus, ["Image"])
    except UnreadableError as error:
        reject = reject_file(clip.path, error.reason, error.detail, clip.header)
        names = [*aus, "valence", "frame"]
        nothing = pa.table({name: pa.array([], pa.float64()) for name in names})
        return Part(clip, nothing, np.zeros(0, dtype=np.int64), [reject])
    if not sheet.rows_read:
        sheet.rejects.append(Reject(str(clip.path), None, 0, "empty", "a header and no rows"))
    other = _read_valences(clip.partner)
    if isinstance(other, Reject):
        # The valence file is named as the cause; its rows count once, as the AU file's.
        cause = Reject(other.file, None, 0, other.reason, other.detail)
        other = Sheet(_no_valences(), np.zeros(0, dtype=np.int64), [cause])
    images, partners = _words(sheet), _words(other)
    position = _positions(images, partners)
    both = (position >= 0) & (images != "")
    rejects = sheet.rejects + other.rejects
    rejects += _set_aside(clip.path, sheet.row, images, ~both, "no_partner", "is not in Valences/")
    lone, again = ~np.isin(partners, images) | (partners == ""), _repeated(partners)
    rejects += _set_aside(
        clip.partner, other.row, partners, lone & ~again, "no_partner", "is not in AUs/"
    )
    rejects += _set_aside(
        clip.partner, other.row, partners, again, "duplicate_frame", "stands again"
    )
    valence = other.table["Valences"].to_numpy()[position[both]]
    frame = _frame_numbers(images[both], sheet.row[both])
    table = sheet.table.select(aus).filter(pa.array(both))
    table = table.append_column("valence", pa.array(valence, pa.float64()))
    table = table.append_column("frame", pa.array(frame, pa.float64()))
    return Part(clip, table, sheet.row[both], rejects)


def _read_valences(path: Path) -> Sheet | Reject:
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    if lacking := [name for name in ("Image", "Valences") if name not in header.names]:
        return reject_file(path, "missing_column", f"lacks {', '.join(lacking)}", header)
    try:
        return read_sheet(path, header, ["Valences"], ["Image"])
    except UnreadableError as error:
        return reject_file(path, error.reason, error.detail, header)


def _no_valences() -> pa.Table:
    return pa.table({"Valences": pa.array([], pa.float64()), "Image": pa.array([], pa.string())})


def _words(sheet: Sheet) -> NDArray[np.str_]:
    words = (word.strip().strip('"').strip() for word in sheet.table["Image"].to_pylist())
    return np.array(list(words), np.str_)


def _positions(images: NDArray[np.str_], partners: NDArray[np.str_]) -> NDArray[np.int64]:
    """Find each image's first place among the partners; -1 where it has none."""
    at = {partner: i for i, partner in reversed(list(enumerate(partners)))}
    return np.array([at.get(image, -1) for image in images], dtype=np.int64)


def _repeated(images: NDArray[np.str_]) -> NDArray[np.bool_]:
    _, first = np.unique(images, return_index=True)
    return ~np.isin(np.arange(len(images)), first)


def _frame_numbers(images: NDArray[np.str_], row: NDArray[np.int64]) -> NDArray[np.float64]:
    """Take the number that ends each image's name, where these tell the images apart.

    Elsewhere an image has the number of the first row that names it, so that an image that
    stands again is a frame that stands again.
    """
    known, first, which = np.unique(images, return_index=True, return_inverse=True)
    found = [re.search(r"(?<!\d)(\d+)\D*$", Path(str(image)).stem) for image in known]
    number = np.array([float(match[1]) if match else np.inf for match in found], dtype=np.float64)
    if len(np.unique(number)) < len(known) or not (number <= value_range("frame")[1]).all():
        number = row[first].astype(np.float64)
    return number[which]


def _set_aside(
    path: Path,
    row: NDArray[np.int64],
    images: NDArray[np.str_],
    chosen: NDArray[np.bool_],
    reason: str,
    detail: str,
) -> list[Reject]:
    return [
        Reject(str(path), int(row[i]), 1, reason, f"{images[i]} {detail}")
        for i in np.flatnonzero(chosen)
    ]
