"""Recognise column names as R, SQL, spreadsheets and hands leave them: ` X.au1_R` is `AU01_r`."""

import re
from collections.abc import Sequence

from pipeline.data.action_units import ACTIVATIONS, INTENSITIES, OPENFACE_COLUMNS

_OTHERS = (
    "frame",
    "timestamp",
    "success",
    "confidence",
    "face_id",
    "face",
    "FaceScore",
    "Identity",
    "Image",
    "Valences",
    "clip",
    "subject",
    "emotion",
    "valence_class",
    "valence",
)
# R puts X before a name that begins with a blank, and a dot in the place of each odd letter.
_PREFIX = r"(?:x[._ ]+)?"
_AU = re.compile(rf"(?i){_PREFIX}au[ ._-]?(\d\d?)(?:[ ._-]?([rc]))?")
_OTHER = {re.sub("[^a-z0-9]", "", name.lower()): name for name in _OTHERS}
# Blanks, among them those that web pages and spreadsheets leave and nobody sees, and quotes; in
# front the mark of a comment, as numpy writes a header.
_EDGE = re.compile(r"^[\s\ufeff\"'`#]+|[\s\ufeff\"'`]+$")


def clean(written: str) -> str:
    """Take blanks and quotes off a name."""
    return _EDGE.sub("", written)


def is_known(name: str) -> bool:
    """Say whether a name, as it was meant, is one that may be read."""
    return name in _AUS or name in _OTHERS


def recognise_names(written: Sequence[str]) -> tuple[str, ...]:
    """Give the names that these stand for; a name that says nothing stays as it is.

    Of columns that are no action units and mean the same, the first one counts, and one that is
    written as here before all others.
    """
    names = []
    taken = set(written)
    for name in written:
        meant = _meant(name)
        if meant != name and not meant.startswith("AU") and meant in taken:
            meant = name
        taken.add(meant)
        names.append(meant)
    return tuple(names)


def _meant(name: str) -> str:
    if match := _AU.fullmatch(name):
        meant = f"AU{int(match[1]):02d}" + (f"_{match[2].lower()}" if match[2] else "")
        return meant if meant in _AUS else name
    key = re.sub("[^a-z0-9]", "", re.sub(f"^{_PREFIX}", "", name.lower()))
    return _OTHER.get(key, name)


# Those of OpenFace 2 with and without suffix, of py-feat, and two that tell OpenFace 3.
_AUS = {
    *OPENFACE_COLUMNS,
    *ACTIVATIONS,
    *(name.removesuffix("_r") for name in INTENSITIES),
    "AU03_r",
    "AU08_r",
}
