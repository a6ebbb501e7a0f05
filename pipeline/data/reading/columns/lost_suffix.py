"""Tell OpenFace's intensities that lost their suffix (`AU06`) from py-feat's activations.

Both are called alike. Activations lie in 0-1, intensities in 0-5: columns and values together say
which they are.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.data.reading.columns.extractors import BARE, OPENFACE_2, bare_aus, owner_of_bare
from pipeline.data.reading.csv.text import UnreadableError
from pipeline.errors import InputError

# The share of rows with a value over 1 from which on columns are no activations: some rows of
# py-feat may be damaged.
OVER_ONE = 0.1
LOOKED_AT = 25  # files, evenly spread
# What lost its suffix may come from a copy of OpenFace that does not end at 5, and the strongest
# expressions would be lost. Twice as much is no such value.
_TOP, _BEYOND = 5.0, 10.0


class Look(NamedTuple):
    """A file, its column names, and how to read the first rows of some of them as floats."""

    file: Path
    names: frozenset[str]
    read: Callable[[Sequence[str]], pa.Table]


def restore_suffixes(files: Sequence[Look]) -> tuple[list[Mapping[str, str]], list[str]]:
    """Give each file's new names of columns, by their old ones, and say so in notes.

    Raises `InputError` where values are so large that they are of neither extractor.
    """
    given: list[Mapping[str, str]] = [{} for _ in files]
    pools: dict[str | None, list[int]] = defaultdict(list)
    for place, file in enumerate(files):
        if bare_aus(file.names):
            pools[owner_of_bare(file.names)].append(place)
    notes = []
    for owner, places in pools.items():
        share = _share_over_one([files[place] for place in places])
        if owner != OPENFACE_2 and share < OVER_ONE:
            continue
        notes.append(_describe(len(places), bare_aus(files[places[0]].names), share))
        for place in places:
            given[place] = {name: BARE[name] for name in bare_aus(files[place].names)}
    return given, notes


def end_at_five(values: pa.Array) -> pa.Array:
    """Take values a little over 5 as 5, in a column whose suffix was restored."""
    floats = values.to_numpy(zero_copy_only=False)
    return pa.array(np.where((floats > _TOP) & (floats <= _BEYOND), _TOP, floats), values.type)


def _describe(files: int, bare: Sequence[str], share: float) -> str:
    if share < OVER_ONE:
        why = "py-feat does not write all of these columns, though hardly a value is over 1"
    else:
        why = f"{share:.0%} of the rows looked at have a value over 1, and py-feat's end at 1"
    return (
        f"OpenFace's intensities without suffix in {files} files: {', '.join(bare)} are read as "
        f"{', '.join(BARE[name] for name in bare)} ({why}); values from {_TOP:g} to {_BEYOND:g} "
        f"are taken as {_TOP:g}, where OpenFace ends"
    )


def _share_over_one(files: Sequence[Look]) -> float:
    """Give the share of rows with a value over 1 among the first rows of some of the files.

    Raises `InputError` where many are beyond what either extractor gives.
    """
    step = max(1, len(files) // LOOKED_AT)
    rows = over = beyond = 0
    largest = {file.file: 0.0 for file in files}
    for file in files[::step]:
        try:
            table = file.read(bare_aus(file.names))
        except (UnreadableError, OSError, pa.ArrowException):  # set aside when it is read
            continue
        highest = np.fmax.reduce([column.to_numpy() for column in table.columns])
        sound = highest[np.isfinite(highest)]
        rows += table.num_rows
        over += int((highest > 1).sum())
        beyond += int((sound > _BEYOND).sum())
        largest[file.file] = sound.max(initial=0.0)
    if rows and beyond >= OVER_ONE * rows:
        worst = max(largest, key=largest.__getitem__)
        raise InputError(
            f"{worst}: columns such as {bare_aus(files[0].names)[0]} reach {largest[worst]:g}, and "
            f"{beyond / rows:.0%} of the rows looked at have a value over {_BEYOND:g}: they are "
            "neither OpenFace's intensities (0-5) nor py-feat's activations (0-1). If they are "
            "percent, divide them by 100 and choose data.layout: pyfeat."
        )
    return over / max(rows, 1)
