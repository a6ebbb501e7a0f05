"""Read labels.csv: what people say of clips, and which clip each row means.

Delimiter, coding, case and blanks of column names are recognised, empty rows, words for nothing
(`NA`, `-` ...), columns without a name and what stands before the header say nothing. A clip may
be listed with or without its folder or suffix.
"""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipeline.data.names.words import said
from pipeline.data.reading.csv.preamble import preamble_length
from pipeline.data.reading.csv.text import UnreadableError, chunks
from pipeline.data.reading.naming.labels_columns import recognise_columns
from pipeline.data.reading.naming.labels_place import LABELS_FILE, find_labels
from pipeline.errors import InputError

_CHUNK = 1 << 20  # bytes
_SUFFIX = re.compile(
    r"(?i)(?:\.(?:csv|tsv|txt|parquet|mp4|m4v|avi|mov|mkv|webm|wmv|flv|mpe?g|jpe?g|png|bmp|gz))+$"
)
Row = Mapping[str, str]


@dataclass(frozen=True)
class Labels:
    """What labels.csv says, by the names in which it lists the clips; empty without the file.

    `nameless` are the numbers of rows that say something and name no clip; `notes` what was
    assumed.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    nameless: Sequence[int] = ()
    notes: Sequence[str] = ()

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for listed in self.rows:
            found[_base(plain(listed))].append(listed)
        return dict(found)

    def find(self, clip: str) -> str | None:
        """Give the name in which a clip is listed; None where it is not.

        Raises `InputError` where several rows may mean it.
        """
        if clip in self.rows or not self.rows:
            return clip if clip in self.rows else None
        name = plain(clip)
        near = {listed: plain(listed) for listed in self._by_base.get(_base(name), ())}
        same = [listed for listed, other in near.items() if other == name]
        found = same or [listed for listed, other in near.items() if _is_end(other, name)]
        if len(found) > 1:
            raise InputError(
                f"{LABELS_FILE}: clip {clip} may be {' or '.join(found[:3])}. List it as {clip}."
            )
        return found[0] if found else None

    def of(self, clip: str) -> Row:
        """Give what is said of a clip."""
        listed = self.find(clip)
        return {} if listed is None else self.rows[listed]

    def listed(self, clips: Iterable[str]) -> dict[str, str]:
        """Give the clip that each row means, of those rows that mean one.

        Raises `InputError` where a row may mean several.
        """
        meant: dict[str, str] = {}
        for clip in clips:
            name = self.find(clip)
            if name is not None and meant.setdefault(name, clip) != clip:
                raise InputError(
                    f"{LABELS_FILE}: clip {name} may be {meant[name]} or {clip}. List each with "
                    "its folder."
                )
        return meant


def plain(name: str) -> str:
    """Give a clip's name with `/` between folders, without `./` in front and without suffixes.

    A Mac writes an accent into a file's name as a mark of its own, a table has one letter.
    """
    composed = unicodedata.normalize("NFC", name)
    return _SUFFIX.sub("", composed.replace("\\", "/").removeprefix("./"))


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _is_end(one: str, other: str) -> bool:
    return one.endswith(f"/{other}") or other.endswith(f"/{one}")


def read_labels(folder: Path, called: Mapping[str, str]) -> Labels:
    """Read labels.csv, if there is one; `called` says what it calls clip, subject and so on.

    Raises `InputError` on an unknown, missing or repeated column, a row of too many cells, a clip
    that is listed twice, and as `find_labels`.
    """
    path = find_labels(folder)
    if path is None:
        return Labels()
    lines = _cells(path)
    _, header = next(lines, (0, []))
    columns = recognise_columns(path, header, called)
    rows: dict[str, Row] = {}
    first: dict[str, int] = {}
    nameless: list[int] = []
    nothing: Counter[str] = Counter()
    for number, cells in lines:
        row = _row(path, number, columns, cells)
        nothing.update(cell.strip() for cell in cells if cell.strip() and said(cell) is None)
        clip = row.pop("clip", None)
        if clip is None:
            nameless += [number] if row else []
            continue
        if (before := first.setdefault(plain(clip), number)) != number:
            raise InputError(
                f"{path}, row {number}: clip {clip} is listed already (row {before}). Remove one."
            )
        rows[clip] = row
    return Labels(rows, nameless, _describe(nothing))


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of the header, as row 0, and of each row from 1, without those of blanks."""
    try:
        data = b"".join(chunks(path, _CHUNK))
        begin = preamble_length(data)
        text = data[begin:].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error.reason}). Save it as UTF-8.") from None
    except UnreadableError as error:
        raise InputError(f"{path}: {error.detail}.") from None
    lines = text.splitlines(keepends=True)
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    number = -1
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            if any("\n" in cell or "\r" in cell for cell in cells):
                raise csv.Error("a cell goes on in the next line; a quote is missing")
            yield number, cells
    except csv.Error as error:
        line = len(data[:begin].splitlines()) + reader.line_num
        raise InputError(f"{path}, line {line}: {error}. Mend this line.") from None


def _row(path: Path, number: int, columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Give what a row says; cells of blanks beyond the last column do not count."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise InputError(
            f"{path}, row {number} has {len(cells)} cells for the columns {', '.join(columns)}. "
            "Put quotes around a cell that holds the delimiter."
        )
    told = zip(columns, map(said, cells), strict=False)
    return {column: word for column, word in told if column and word is not None}


def _describe(nothing: Counter[str]) -> list[str]:
    if not nothing:
        return []
    words = ", ".join(f"{word} {count} times" for word, count in sorted(nothing.items()))
    return [f"{LABELS_FILE}: cells that stand for nothing say nothing ({words})"]
