"""Read `AUs/<clip>_aus.csv` with `Valences/<clip>_valences.csv`, joined on `Image`."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.clips import LABELS_FILE, Clip, Naming
from pipeline.data.plan import Plan, open_header, plan_clips, raw_of_clip, reject_file
from pipeline.data.quarantine import Reject
from pipeline.data.rows import Raw
from pipeline.data.sheet import Sheet, read_sheet
from pipeline.errors import InputError

_AUS, _VALENCES = "_aus.csv", "_valences.csv"


def plan(root: Path, naming: Naming) -> Plan:
    """Pair the files of AUs/ and Valences/; a file without its partner is quarantined.

    Raises `InputError` where one of the two folders is missing.
    """
    for folder in ("AUs", "Valences"):
        if not (root / folder).is_dir():
            raise InputError(
                f"{root} has no folder {folder}; data.layout: expression needs AUs/ and Valences/."
            )
    every = sorted(path for path in root.rglob("*") if path.is_file())
    au_files = sorted((root / "AUs").glob("*" + _AUS))
    valence_files = sorted((root / "Valences").glob("*" + _VALENCES))
    names = {path.name.removesuffix(_AUS) for path in au_files}
    known = {*au_files, *valence_files, root / LABELS_FILE}
    return plan_clips(
        (_clip(path, root, naming) for path in au_files),
        read,
        files=len(au_files) + len(valence_files),
        rejects=[
            reject_file(path, "no_partner", "has no file in AUs/")
            for path in valence_files
            if path.name.removesuffix(_VALENCES) not in names
        ],
        ignored=[str(path) for path in every if path not in known],
    )


def _clip(path: Path, root: Path, naming: Naming) -> Clip | Reject:
    name = path.name.removesuffix(_AUS)
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    if "Image" not in header.names:
        return reject_file(path, "missing_column", "lacks Image")
    partner = root / "Valences" / (name + _VALENCES)
    if not partner.is_file():
        return reject_file(path, "no_partner", "has no file in Valences/")
    identity = naming.describe(name)
    if identity is None:
        return reject_file(path, "unnamed", f"{name} does not match {naming.pattern}")
    return Clip(name, identity, path, header, partner)


def read(clip: Clip, aus: list[str]) -> Raw:
    """Read one clip's images; rows that only one of its two files has are set aside."""
    if clip.partner is None:
        raise ValueError(f"clip {clip.name} has no valence file")
    sheet = read_sheet(clip.path, clip.header, aus, ["Image"])
    other = _read_valences(clip.partner)
    if isinstance(other, Reject):
        whole = reject_file(clip.path, "no_partner", f"its valences: {other.detail}")
        return raw_of_clip(clip, _nothing([whole, other]), _no_numbers(aus))
    images, partners = sheet.texts["Image"], other.texts["Image"]
    at = {image: i for i, image in reversed(list(enumerate(partners)))}
    position = np.array([at.get(image, -1) for image in images], dtype=np.int64)
    rejects = sheet.rejects + other.rejects
    rejects += _orphans(clip.path, sheet, position < 0, "Valences")
    rejects += _orphans(clip.partner, other, ~np.isin(partners, images), "AUs")
    rejects += _repeated(clip.partner, other)
    both = position >= 0
    numbers = {name: values[both] for name, values in sheet.numbers.items()}
    numbers["valence"] = other.numbers["Valences"][position[both]]
    numbers["frame"] = _frame_numbers(images, sheet.row)[both]
    joined = Sheet(numbers, {}, sheet.row[both], rejects)
    return raw_of_clip(clip, joined, numbers)


def _read_valences(path: Path) -> Sheet | Reject:
    header = open_header(path)
    if isinstance(header, Reject):
        return header
    if lacking := [name for name in ("Image", "Valences") if name not in header.names]:
        return reject_file(path, "missing_column", f"lacks {', '.join(lacking)}")
    return read_sheet(path, header, ["Valences"], ["Image"])


def _frame_numbers(images: NDArray[np.str_], row: NDArray[np.int64]) -> NDArray[np.float64]:
    """Take the number that ends each image's name; the rows' own where a name has none."""
    found = [re.search(r"(\d+)\D*$", Path(image).stem) for image in images]
    if all(found):
        return np.array([float(match[1]) for match in found if match], dtype=np.float64)
    return row.astype(np.float64)


def _orphans(path: Path, sheet: Sheet, alone: NDArray[np.bool_], lacking: str) -> list[Reject]:
    return [
        Reject(
            str(path),
            int(sheet.row[i]),
            1,
            "no_partner",
            f"{sheet.texts['Image'][i]} is not in {lacking}/",
        )
        for i in np.flatnonzero(alone)
    ]


def _repeated(path: Path, sheet: Sheet) -> list[Reject]:
    images = sheet.texts["Image"]
    _, first = np.unique(images, return_index=True)
    return [
        Reject(str(path), int(sheet.row[i]), 1, "duplicate_frame", f"{images[i]} stands again")
        for i in np.setdiff1d(np.arange(len(images)), first)
    ]


def _nothing(rejects: list[Reject]) -> Sheet:
    return Sheet({}, {}, np.zeros(0, dtype=np.int64), rejects)


def _no_numbers(aus: list[str]) -> dict[str, NDArray[np.float64]]:
    return {name: np.zeros(0) for name in (*aus, "frame", "valence")}
