"""What a page says, apart from how it looks: Markdown, HTML and text come from the same blocks.

In words, `code` stands between backticks.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

UNDEFINED = "-"
# A number, with an interval behind it or not: `0.71`, `-0.1 to +0.3`, `0.71 (0.6 to 0.8)`.
_NUMBER = r"[+-]?[\d.,]+%?"
_NUMBERS = re.compile(rf"{_NUMBER}( \(?{_NUMBER} to {_NUMBER}\)?| to {_NUMBER})?")


@dataclass(frozen=True)
class Link:
    """A way to a file beside the page."""

    text: str
    file: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Commands or settings to copy, as they are."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table under a caption; columns without any word stand to the right.

    The first column heads its row. An undefined number (None or NaN) is shown as `UNDEFINED`.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Picture:
    """A figure: its name, a caption, in words what it shows, and where it lies as a file."""

    name: str
    caption: str
    words: str
    file: str


Block: TypeAlias = str | Items | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; one without blocks is not shown.

    The table of contents lists those that are not `inner`; a `folded` one opens on request.
    """

    title: str
    blocks: Sequence[Block]
    inner: bool = False
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """A title, the lines that a hurried reader needs, and sections.

    `lead` opens with the finding in ten words; `about` says of what the page speaks: run, date,
    data, what lies beside it.
    """

    title: str
    lead: Sequence[str]
    sections: Sequence[Section]
    about: Sequence[str | Link] = ()


def cell(value: object) -> str:
    """Write a value as a table shows it: numbers with a fraction to three decimals."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def bounded(value: float | None, low: float, high: float, sign: str = "") -> str:
    """Write a value with its interval, where there is one: `0.712 (0.60 to 0.80)`.

    `sign` is "+" for a difference.
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    text = f"{value:{sign}.3f}"
    return text if math.isnan(low) else f"{text} ({low:{sign}.2f} to {high:{sign}.2f})"


def words(table: Table) -> list[bool]:
    """Tell which columns hold words, and so stand to the left."""
    columns = range(len(table.header))
    return [any(_is_word(row[i]) for row in table.rows) for i in columns]


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value != UNDEFINED and not _NUMBERS.fullmatch(value)
