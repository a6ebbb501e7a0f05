"""Tell OpenFace's intensities that lost their suffix (`AU06`) from py-feat's activations.

Both are called alike. Activations lie in 0-1, intensities in 0-5: columns and values together say
which they are.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.data.reading.csv.column_names import recognise_names
from pipeline.data.reading.csv.header import Header
from pipeline.data.reading.csv.reader import read_head
from pipeline.data.reading.csv.text import UnreadableError
from pipeline.data.reading.extractors import BARE, OPENFACE_2, bare_aus, owner_of_bare

# The share of rows with a value over 1 from which on columns are no activations: some rows of
# py-feat may be damaged.
OVER_ONE = 0.1
_LOOKED_AT = 25  # files, evenly spread
# OpenFace ends at 5. What lost its suffix may come from a copy that does not; the strongest
# expressions would be lost. Twice as much is no such value.
_TOP, _BEYOND = 5.0, 10.0
CLIPPED = "intensities without suffix go beyond 5, where OpenFace ends, and are taken as 5 there"


def restore_suffixes(files: Sequence[tuple[Path, Header]]) -> tuple[list[Header], list[str]]:
    """Give the files' headers with the suffix restored where it was lost, and say so in notes."""
    headers = [header for _, header in files]
    pools: dict[str | None, list[int]] = defaultdict(list)
    for place, header in enumerate(headers):
        if bare_aus(header.names):
            pools[owner_of_bare(header.names)].append(place)
    notes = []
    for owner, places in pools.items():
        share = _share_over_one([files[place] for place in places])
        if owner != OPENFACE_2 and share < OVER_ONE:
            continue
        notes.append(describe(len(places), bare_aus(headers[places[0]].names), share))
        renamed = {headers[place]: _renamed(headers[place]) for place in places}
        for place in places:
            headers[place] = renamed[headers[place]]
    return headers, notes


def clip_intensities(table: pa.Table, header: Header) -> tuple[pa.Table, frozenset[str]]:
    """Take values a little over 5 as 5 where a suffix was restored; say whether there were any."""
    notes = frozenset[str]()
    spelled = zip(recognise_names(header.written), header.columns, strict=True)
    for name in (now for before, now in spelled if before != now):
        values = table[name].to_numpy()
        beyond = (values > _TOP) & (values <= _BEYOND)
        if beyond.any():
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.array(np.where(beyond, _TOP, values)))
            notes = frozenset([CLIPPED])
    return table, notes


def _renamed(header: Header) -> Header:
    given = {name: BARE[name] for name in bare_aus(header.names)}
    return replace(header, columns=tuple(given.get(name, name) for name in header.columns))


def describe(files: int, bare: Sequence[str], share: float) -> str:
    """Say which columns are taken for intensities, and by what."""
    if share < OVER_ONE:
        why = "py-feat does not write all of these columns, though hardly a value is over 1"
    else:
        why = f"{share:.0%} of the rows looked at have a value over 1, and py-feat's end at 1"
    return (
        f"OpenFace's intensities without suffix in {files} files: {', '.join(bare)} are read as "
        f"{', '.join(BARE[name] for name in bare)} ({why})"
    )


def _share_over_one(files: Sequence[tuple[Path, Header]]) -> float:
    """Give the share of rows with a value over 1 among the first rows of some of the files."""
    step = max(1, len(files) // _LOOKED_AT)
    rows = over = 0
    for path, header in files[::step]:
        try:
            sheet = read_head(path, header, bare_aus(header.names))
        except (UnreadableError, OSError):  # set aside when it is read
            continue
        found = [column.to_numpy() > 1 for column in sheet.table.columns]
        rows += sheet.table.num_rows
        over += int(np.logical_or.reduce(found).sum())
    return over / max(rows, 1)
