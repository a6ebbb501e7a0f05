"""Keep one face of a clip, or each as a subject of its own, where OpenFace followed several."""

import re
from collections.abc import Container, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from pipeline.data.quarantine import Reject
from pipeline.data.reading.csv.bad_lines import MISSING
from pipeline.data.reading.naming.clip_names import Clip
from pipeline.data.reading.rows.parts import Face, Part

COLUMN = "face_id"
IDENTITY = "Identity"  # of py-feat, in words such as Person_1
_SEPARATOR = "/face "


def number_identities(words: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Give identities the number that ends each word, else one in their order; none is NaN."""
    known = [str(word).strip() for word in words.unique().to_pylist()]
    named = [word for word in known if word.lower() not in MISSING]
    ends = [re.search(r"\d+$", word) for word in named]
    told = [float(end[0]) if end else -1.0 for end in ends]
    numbers = told if len(set(told)) == len(named) and -1 not in told else range(len(named))
    number = dict(zip(named, numbers, strict=True))
    return np.array([number.get(str(word).strip(), np.nan) for word in words.to_pylist()])


def choose_faces(part: Part, face: Face) -> Iterator[Part]:
    """Give the part of the face that is asked for, or one part a face.

    `main` keeps the face of most rows (of equals the lowest id), a number the face of that id;
    the other faces' rows are set aside. `each` keeps all, each face as a subject of its own:
    OpenFace numbers faces anew in every clip, so a number says nothing about the person.
    """
    part = _without_unknown(part)
    ids = part.table[COLUMN].to_numpy()
    table = part.table.drop_columns([COLUMN])
    if face == "main" and len(ids) and ids.min() == ids.max():
        yield replace(part, table=table)
        return
    known, counts = np.unique(ids, return_counts=True)
    if face == "each" and len(known) > 1:
        rejects = part.rejects
        for one in known:
            chosen = ids == one
            yield replace(_select(part, table, chosen), clip=_own(part, one), rejects=rejects)
            rejects = []
        return
    wanted = known[np.argmax(counts)] if isinstance(face, str) and len(known) else face
    kept = _select(part, table, ids == wanted)
    others = [
        Reject(str(part.clip.path), int(row), 1, "other_face", f"{COLUMN} is {one:g}")
        for row, one in zip(part.row[ids != wanted], ids[ids != wanted], strict=True)
    ]
    yield replace(kept, rejects=part.rejects + others)


def _without_unknown(part: Part) -> Part:
    """Set the rows aside that do not say whose face they are."""
    ids = part.table[COLUMN].to_numpy()
    known = np.isfinite(ids)
    if known.all():
        return part
    unknown = [
        Reject(str(part.clip.path), int(row), 1, "not_finite", f"{COLUMN} is {one:g}")
        for row, one in zip(part.row[~known], ids[~known], strict=True)
    ]
    return replace(_select(part, part.table, known), rejects=part.rejects + unknown)


def owner(name: str, known: Container[str]) -> str:
    """Name the known subject or clip that a face comes from; its faces share its split.

    A name of its own may hold the separator, as the path of a clip does in a folder `face 1`.
    """
    while name not in known and _SEPARATOR in name:
        name = name.rsplit(_SEPARATOR, 1)[0]
    return name


def _select(
    part: Part, table: pa.Table, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Part:
    if chosen.all():
        return replace(part, table=table)
    return replace(part, table=table.filter(pa.array(chosen)), row=part.row[chosen])


def _own(part: Part, face: float) -> Clip:
    identity = part.clip.identity
    name = f"{part.clip.name}{_SEPARATOR}{face:g}"
    subject = f"{identity.subject}{_SEPARATOR}{part.clip.name} {face:g}"
    return replace(part.clip, name=name, identity=replace(identity, subject=subject))
