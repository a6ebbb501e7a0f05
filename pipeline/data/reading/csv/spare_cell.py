"""Recognise an empty last cell that has no name: a delimiter that ends all rows, or the header.

R writes the names of rows without a name of their own, and then each row has a cell more, too. To
take these for action units would shift every column by one in silence, so that whatever may be
such a file is left as it is, and its rows are set aside.
"""

import csv
from collections.abc import Sequence

ROWS_SEEN = 2  # two tell whether numbers differ


def ends_spare(rows: Sequence[str], delimiter: str, width: int, first: str) -> bool:
    """Say whether rows have one cell more than the header, empty, that holds nothing back.

    `first` is the name of the first column.
    """
    cells = _split(rows, delimiter)
    longer = all(len(row) == width + 1 and not row[-1].strip() for row in cells)
    return bool(cells) and longer and not _begin_with_names(rows, cells, first)


def lack_last(rows: Sequence[str], delimiter: str, width: int) -> bool:
    """Say whether rows have one cell less than the header."""
    cells = _split(rows, delimiter)
    return bool(cells) and all(len(row) == width - 1 for row in cells)


def _split(rows: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [next(csv.reader([row], delimiter=delimiter, skipinitialspace=True)) for row in rows]
    except csv.Error:
        return []


def _begin_with_names(rows: Sequence[str], cells: Sequence[Sequence[str]], first: str) -> bool:
    """Say whether the first cells may be R's names of rows: quoted, or whole numbers that differ.

    Those of `frame` differ of themselves; behind names the frames stand in the second cells.
    """
    if any(row.lstrip().startswith('"') for row in rows):
        return True
    told = [row[first == "frame"].strip() for row in cells]
    whole = all(cell.isdecimal() for cell in told)
    return whole and len(set(told)) == len(told) and told != ["0"]  # as a face_id is
