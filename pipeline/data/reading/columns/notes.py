"""Say what was read under another name, and which columns of action units are not used."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.data.reading.columns.extractors import BARE, every_au_of
from pipeline.data.reading.csv.header import Header
from pipeline.data.warnings import some

_ANY_AU = re.compile(r"(?i)(?:x[._ ]+)?au[ ._-]?\d")


def describe_names(headers: Iterable[Header]) -> list[str]:
    """Say which names were read as others, that no one has to guess, and what was left out."""
    spelled: dict[tuple[str, str], None] = {}
    files = below = spare = 0
    for header, count in _count(headers):
        below += count * header.preamble
        spare += count * header.spare
        pairs = zip(header.written, header.columns, strict=True)
        if own := [(w, c) for w, c in pairs if w != c and BARE.get(w) != c]:
            spelled |= dict.fromkeys(own)
            files += count
    notes = []
    if below:
        notes.append(f"lines before the header (`sep=` or `# ...`) of {below} files are not read")
    if spare:
        notes.append(f"an empty last cell without a name is left out in {spare} files")
    if spelled:
        told = ", ".join(f"{written} as {meant}" for written, meant in spelled)
        notes.append(f"column names of {files} files are read as they are meant: {told}")
    return notes


def describe_left_out(
    aus: Sequence[str], extractor: str, headers: Iterable[Header], needed: Sequence[str]
) -> list[str]:
    """List the AU columns that are not used, and those of the extractor that are not there.

    Where it is known which are needed, others are neither missed nor worth a list.
    """
    every: Counter[str] = Counter()
    for header, count in _count(headers):
        every.update({name: count for name in header.columns if _ANY_AU.match(name)})
    unused = [name for name in every if name not in aus]
    if needed:
        return [f"AU columns that are not needed: {some(unused, 5)}"] if unused else []
    notes = []
    if unused:
        told = ", ".join(f"{name} (in {every[name]} files)" for name in unused)
        notes.append(f"AU columns that are left out: {told}")
    if aus and (absent := [name for name in every_au_of(extractor) if name not in every]):
        notes.append(f"AU columns of {extractor} that no file has: {', '.join(absent)}")
    return notes


def _count(headers: Iterable[Header]) -> list[tuple[Header, int]]:
    """Count the files of each header; those that are alike are one object."""
    listed = list(headers)
    counts = Counter(map(id, listed))
    return [(header, counts[key]) for key, header in {id(one): one for one in listed}.items()]
