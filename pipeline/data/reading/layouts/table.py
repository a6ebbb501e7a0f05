"""Read a table (CSV and its kin, Parquet, or a folder of both) that has a `clip` column.

One row is a frame, or a whole clip: without a `frame` column the rows of a clip are numbered
from 1. `subject`, `emotion`, `valence_class` and `valence` are used where they stand; what is
missing is read from labels.csv or the clip's name. A file's `frame`, `success`, `confidence` or
`valence` without any value is as if absent. The table may be larger than memory.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.names.words import one_spelling
from pipeline.data.quarantine import Reject
from pipeline.data.reading.columns.extractors import refuse_other
from pipeline.data.reading.columns.likely import describe_others
from pipeline.data.reading.columns.notes import describe_left_out
from pipeline.data.reading.csv.text import FORMATS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.plan import Plan, Source
from pipeline.data.reading.table.clip_index import (
    Clips,
    DamagedError,
    Piece,
    count_words,
    find_clips,
    has_large_groups,
    pieces_in_order,
)
from pipeline.data.reading.table.clip_rows import Words, read
from pipeline.data.reading.table.files import Search, find_files, settle
from pipeline.data.reading.table.headers import describe_partitions
from pipeline.data.reading.table.parquet import TableFile
from pipeline.data.reading.table.regroup import spread
from pipeline.data.warnings import some
from pipeline.errors import InputError


def plan(source: Source) -> Plan:
    """Find the rows of each clip; jobs read whole clips, whatever the order in the table.

    Raises `InputError` where the table has no clip column or no action unit.
    """
    search = find_files(source)
    found = search.found
    extractor = refuse_other(((file.name, file.header.columns) for file in found), None)
    if extractor is None:
        raise _no_table(source.path, search)
    files, schema, lacking = settle(found, extractor, source.aus)
    aus = [name for name in AU_COLUMNS if name in schema.names]
    clips, damaged = _clips(files, source.naming)
    one, notes = _categories(files, source.naming, clips)
    words = Words(source.naming, one, source.labelled)
    pieces, lost = _pieces(
        [file for file in files if file.name not in {reject.file for reject in damaged}],
        schema,
        clips,
        source.scratch,
    )
    ranked = [(clip, clips.subject[clip]) for clip in clips.ranked()]
    owners = {clip: owner for clip, owner in ranked if clip and owner}
    headers = [file.header for file in found]
    left_out = describe_left_out(aus, extractor, headers, source.aus)
    hints = describe_others(headers)
    hints += describe_partitions((Path(file.name) for file in found), source.path)
    return Plan(
        jobs=[partial(read, piece, schema, files, words) for piece in pieces],
        subjects=sorted(set(owners.values())),
        clips=list(owners),
        owners=owners,
        aus=aus,
        extractor=extractor,
        files=search.count,
        rejects=search.rejects + lacking + damaged + lost,
        ignored=search.ignored,
        notes=search.notes + left_out + hints + _describe_guessed(clips) + notes,
        hints=_describe_unowned(ranked) + hints,
    )


def _describe_unowned(ranked: Sequence[tuple[str | None, str | None]]) -> list[str]:
    """Say which clips nothing tells the subject of."""
    unowned = [clip for clip, owner in ranked if clip and not owner]
    if not unowned:
        return []
    told = "neither a column subject, nor labels.csv, nor data.naming"
    return [f"whose clips such as {', '.join(unowned[:3])} are is told by {told}"]


def _describe_guessed(clips: Clips) -> list[str]:
    """Say of which clips the table tells no subject, where it tells those of others."""
    guessed = sorted(clip for clip in clips.guessed if clip and clips.subject[clip])
    if not guessed or len(guessed) == sum(owner is not None for owner in clips.subject.values()):
        return []
    return [
        f"the table names no subject for {len(guessed)} of its clips ({some(guessed, 3)}); their "
        "names or labels.csv do, and may call the same person otherwise"
    ]


def _no_table(path: Path, search: Search) -> InputError:
    problems = [f"{reject.file}: {reject.detail}" for reject in search.rejects]
    columns = [some(file.header.written, 20) for file in search.found]
    others = f", {len(search.ignored)} others such as {search.ignored[0]}" if search.ignored else ""
    first = [*problems, *columns, f"no .parquet, {FORMATS}{others}"][0]
    return InputError(
        f"{path}: a table with a clip column and action units such as AU06_r is needed; found: "
        f"{first}. Check data.path and data.layout."
    )


def _clips(files: Sequence[TableFile], naming: Naming) -> tuple[Clips, list[Reject]]:
    """Find the clips; a file whose clips cannot be read is set aside, and the rest read anew."""
    rejects: list[Reject] = []
    left = list(files)
    while True:
        try:
            return find_clips(left, partial(_subject_of, naming)), rejects
        except DamagedError as error:
            rejects.append(error.reject)
            left.remove(error.file)


def _categories(
    files: Sequence[TableFile], naming: Naming, clips: Clips
) -> tuple[dict[str, str], list[str]]:
    """Find spellings of one category, in the table and in what names and labels.csv say."""
    counts = Counter[str]()
    for file in files:
        counts += count_words(file, "emotion")
    if naming.may_tell("emotion"):
        told = (naming.tell(clip).get("emotion") for clip in clips.rows if clip)
        counts.update(word for word in told if word)
    return one_spelling(counts)


def _subject_of(naming: Naming, clip: str) -> str | None:
    return naming.tell(clip).get("subject")


def _pieces(
    files: Sequence[TableFile], schema: pa.Schema, clips: Clips, scratch: Path
) -> tuple[list[Piece], list[Reject]]:
    if clips.ordered and not has_large_groups(files):
        return pieces_in_order(clips), []
    return spread(files, schema, clips.jobs(), scratch)
