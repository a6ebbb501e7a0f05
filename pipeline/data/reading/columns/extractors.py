"""Recognise which program wrote a file by its AU columns, and refuse units that do not fit.

A silent mix-up of units is worse than any crash: py-feat's 0-1 read as 0-5 trains a model that
looks fine. OpenFace 3.0 numbers its eight outputs AU01_r to AU08_r, which are not those AUs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.data.action_units import (
    ACTIVATIONS,
    AU_COLUMNS,
    INTENSITIES,
    OPENFACE_COLUMNS,
    PRESENCES,
)
from pipeline.errors import InputError

OPENFACE_2, OPENFACE_3, PYFEAT = "OpenFace 2", "OpenFace 3", "py-feat"
_OPENFACE_3_ONLY = {"AU03_r", "AU08_r"}  # AU03 and AU08 are no outputs of OpenFace 2
_COLUMNS = {OPENFACE_2: OPENFACE_COLUMNS, PYFEAT: ACTIVATIONS}
# Intensities of OpenFace that lost their suffix, as `AU06`, are called like py-feat's activations.
BARE = {name.removesuffix("_r"): name for name in INTENSITIES}
_PYFEAT_ONLY = set(ACTIVATIONS) - set(BARE)
_OPENFACE_ONLY = {*(set(BARE) - set(ACTIVATIONS)), *PRESENCES}


def recognise(columns: Iterable[str]) -> str | None:
    """Name the extractor whose AU columns these are; None where there are none.

    Without a suffix they are py-feat's, unless its own are missing and OpenFace's own are there.
    """
    names = set(columns)
    if names & _OPENFACE_3_ONLY:
        return OPENFACE_3
    if names & set(OPENFACE_COLUMNS) or owner_of_bare(names) == OPENFACE_2:
        return OPENFACE_2
    return PYFEAT if names & set(ACTIVATIONS) else None


def bare_aus(columns: Iterable[str]) -> list[str]:
    """List the AU columns that may be intensities without suffix: none beside others with one."""
    names = set(columns)
    return [] if names & set(INTENSITIES) else [bare for bare in BARE if bare in names]


def owner_of_bare(columns: Iterable[str]) -> str | None:
    """Name the extractor that alone writes one of these columns; None where that is no or both."""
    names = set(columns)
    openface, pyfeat = bool(names & _OPENFACE_ONLY), bool(names & _PYFEAT_ONLY)
    if openface == pyfeat:
        return None
    return OPENFACE_2 if openface else PYFEAT


def every_au_of(extractor: str) -> tuple[str, ...]:
    """List all AU columns that an extractor writes."""
    return _COLUMNS[extractor]


def au_columns_of(extractor: str, columns: Iterable[str]) -> frozenset[str]:
    """Pick the columns that hold this extractor's action units."""
    return frozenset(_COLUMNS[extractor]) & set(columns)


def choose_aus(sets: Iterable[frozenset[str]], needed: Sequence[str]) -> list[str]:
    """Choose the AU columns that most files have; those needed where a file has them all.

    `sets` has the AU columns of each file. None where no file has any.
    """
    counts = Counter(filter(None, sets))
    chosen = frozenset(needed)
    if not chosen or not any(names >= chosen for names in counts):
        chosen = max(counts, key=lambda names: (counts[names], len(names)), default=frozenset())
    return [name for name in AU_COLUMNS if name in chosen]


def refuse_other(
    files: Iterable[tuple[str, Iterable[str]]], wanted: str | None, notes: Sequence[str] = ()
) -> str | None:
    """Check that one extractor wrote all files, and that it is the wanted one where that is set.

    `notes` say what was assumed so far. Returns the extractor. Raises `InputError` for OpenFace
    3.0, for another one than wanted, and for a mixture; files without any AU column do not count.
    """
    first: dict[str, str] = {}
    for file, columns in files:
        if found := recognise(columns):
            first.setdefault(found, file)
    if OPENFACE_3 in first:
        raise InputError(
            f"{first[OPENFACE_3]} has AU03_r or AU08_r: OpenFace 3.0 writes eight columns AU01_r-"
            "AU08_r that are not the FACS action units of these names. OpenFace 2 and py-feat are "
            "allowed; extract the action units with OpenFace 2.2."
        )
    if len(first) > 1:
        each = "; ".join(f"{name}: {file}" for name, file in first.items())
        raise InputError(
            f"action units of several extractors, whose units differ, cannot be mixed ({each}). "
            "Keep the files of one."
        )
    found = next(iter(first), None)
    if wanted and found and found != wanted:
        advice = "data.layout: openface."
        if found == PYFEAT:
            advice = (
                "data.layout: pyfeat, or give the columns OpenFace's names (AU06_r) if they are "
                "its intensities; without suffix and with hardly a value over 1 they are taken "
                "for py-feat's."
            )
        raise InputError(
            f"{first[found]} was written by {found}, not by {wanted}: its units differ. "
            f"{' '.join(f'{note}.' for note in notes)}{' ' if notes else ''}Set {advice}"
        )
    return found


def mode(columns: Iterable[str]) -> str | None:
    """Say whether a file comes from a video or from single images; None where it does not show.

    OpenFace times the frames of a video, and numbers the faces of a single image under `face`.
    Levels differ: for a video it takes each person's own neutral face into account.
    """
    names = set(columns)
    if "timestamp" in names:
        return "video"
    return "image" if names & {"face", "Image"} else None
