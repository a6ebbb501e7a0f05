"""Tell which column of labels.csv is which, and what to do where that is not to be told."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import InputError

COLUMNS = ("clip", "subject", "emotion", "valence_class")
# What spreadsheets leave behind the last column, and pandas writes above its index.
_UNNAMED = re.compile(r"unnamed: \d+")


def recognise_columns(path: Path, header: Sequence[str], called: Mapping[str, str]) -> list[str]:
    """Give the columns our names, none to one without a name; `called` says what it calls them.

    Raises `InputError` where the clip is missing, a column is unknown or there twice.
    """
    ours = {theirs.casefold(): name for name, theirs in called.items()}
    written = [cell.strip().casefold() for cell in header]
    columns = [ours.get(cell, "" if _UNNAMED.fullmatch(cell) else cell) for cell in written]
    counts = Counter(filter(None, columns))
    if twice := [name for name, count in counts.items() if count > 1]:
        raise InputError(f"{path} has the column {', '.join(twice)} twice; one is allowed.")
    others = [w for w, c in zip(header, columns, strict=True) if c and c not in COLUMNS]
    if "clip" not in columns or others:
        raise InputError(
            f"{path} has the columns {', '.join(header)}; clip and any of "
            f"{', '.join(COLUMNS[1:])} are allowed. {_advise(others, told='clip' in columns)}"
        )
    return columns


def _advise(others: Sequence[str], *, told: bool) -> str:
    """Say what to do with columns of other names; `told` where one of the table is the clip."""
    where = "below the entry of naming in params.yaml (or `--column {}=<its name>`)"
    if told:
        return (
            f"Remove {', '.join(others)}, or say what one of them is: `columns: {{emotion: <its "
            f"name>}}` {where.format('emotion')}."
        )
    return (
        f"Say which of them is the clip: `columns: {{clip: <its name>}}` {where.format('clip')}, "
        "and likewise for the rest, or rename them; remove what is none of these."
    )
