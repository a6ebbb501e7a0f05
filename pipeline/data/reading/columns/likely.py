"""Name columns that are not read, and may tell whose a clip is and what it shows."""

import re
from collections import Counter
from collections.abc import Iterable

from pipeline.data.reading.csv.header import Header

_END = r"(?:[ ._-]?(?:id|no|nr|number|code|name|label))?"
_LIKELY = {
    "clip": re.compile(
        rf"(?i)(?:clip|file|filename|video|film|recording|source[ ._-]?file|path){_END}"
    ),
    "subject": re.compile(
        rf"(?i)(?:subject|participant|person|speaker|actor|patient|user|proband){_END}"
    ),
    "emotion": re.compile(
        rf"(?i)(?:emotion|label|class|category|target|affect|expression|feeling){_END}"
    ),
}


def describe_not_asked(headers: Iterable[Header]) -> list[str]:
    """Say which such columns stand in files that are a clip each, whose names are asked instead."""
    files: Counter[str] = Counter()
    for header in headers:
        files.update(header.names)
    patterns = [*_LIKELY.values(), re.compile("valence_class")]
    found = [n for n in files if any(pattern.fullmatch(n) for pattern in patterns)]
    if not found:
        return []
    told = ", ".join(f"{name} (in {files[name]} files)" for name in sorted(found))
    return [
        f"columns that are not read: {told}; of files that are a clip each, their names and "
        "labels.csv tell subject, emotion and valence class, and a file of several clips would "
        "count as one clip: take it out, or read it with data.layout: table"
    ]


def describe_others(headers: Iterable[Header]) -> list[str]:
    """Say which columns of a table may be the subject or the emotion, where none is called so."""
    names = dict.fromkeys(name for header in headers for name in header.columns)
    notes = []
    for key in ("subject", "emotion"):
        likely = [name for name in names if _LIKELY[key].fullmatch(name)]
        if likely and key not in names:
            notes.append(
                f"the table has no column {key}; if {likely[0]} is it, say `columns: {{{key}: "
                f"{likely[0]}}}` below the entry of naming in params.yaml, or `--column "
                f"{key}={likely[0]}` to inspect and predict"
            )
    return notes
