"""Say what will be read, in which order, before any row is read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.data.quarantine import Reject
from pipeline.data.reading.bad_files import reject_file
from pipeline.data.reading.columns.extractors import au_columns_of, choose_aus, mode, refuse_other
from pipeline.data.reading.columns.likely import describe_not_asked
from pipeline.data.reading.columns.lost_suffix import Look, restore_suffixes
from pipeline.data.reading.columns.notes import describe_left_out, describe_names
from pipeline.data.reading.csv.reader import read_head
from pipeline.data.reading.naming.clip_names import Clip, Naming, join_spellings
from pipeline.data.reading.naming.labels_place import LABELS_FILE
from pipeline.data.reading.rows.contract import KEYS, Raw
from pipeline.data.reading.rows.parts import Face, Read, key_of, read_group
from pipeline.data.warnings import some, warning
from pipeline.errors import InputError

# A job reads about so many bytes of CSV: enough to keep overhead low, little enough that a few
# of them fit in memory at once.
JOB_BYTES = 16 << 20

Job = Callable[[], Raw]


@dataclass(frozen=True)
class Source:
    """What a layout needs to plan: the path, how clips are named, which face of several to keep.

    `scratch` is a folder for temporary files, which lives as long as the jobs.
    """

    path: Path
    naming: Naming
    face: Face
    scratch: Path
    labelled: bool = False  # whether a clip without an emotion is set aside
    chosen: tuple[Path, ...] = ()  # what is read below the path, where not all of it
    aus: tuple[str, ...] = ()  # the AU columns that are needed, where others do not matter


@dataclass(frozen=True)
class Plan:
    """Jobs that yield rows in the order of the frame table, and what is known beforehand."""

    jobs: list[Job]
    subjects: list[str]
    clips: list[str]
    aus: list[str]
    extractor: str
    files: int
    rejects: list[Reject] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    whose: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)  # of a file
    notes: list[str] = field(default_factory=list)  # what was recognised or assumed
    owners: dict[str, str] = field(default_factory=dict)  # the subject of each clip
    paths: dict[str, str] = field(default_factory=dict)  # the file of a clip that has its own
    hints: list[str] = field(default_factory=list)  # what may help where no clip is usable
    mode: str = "unknown"  # video, image, `image and video`, as far as the files show it

    def check_mode(self) -> list[dict[str, Any]]:
        """Warn where files of videos and of single images stand side by side."""
        if " and " not in self.mode:
            return []
        text = "OpenFace measured some files in video mode and some in image mode: levels differ."
        return [warning("mixed_modes", 1, f"{text} Extract all of them in one mode.")]

    def check_labels(self, naming: Naming) -> list[dict[str, Any]]:
        """Warn of clips that labels.csv does not list, and of clips it lists that are not there.

        Raises `InputError` where one of its rows may mean several clips.
        """
        labels = naming.labels
        if not labels.rows:
            return []
        meant = labels.listed(self.clips)
        found = []
        if missing := sorted(set(self.clips) - set(meant.values())):
            message = f"{_some(missing)} not listed in labels.csv; their names alone describe them."
            found.append(warning("clip_without_label", len(missing), message))
        if absent := sorted(set(labels.rows) - set(meant)):
            message = f"{_some(absent)} listed in labels.csv without a usable file."
            found.append(warning("label_without_clip", len(absent), message))
        if rows := [str(number) for number in labels.nameless]:
            message = f"{len(rows)} rows of labels.csv name no clip (rows {', '.join(rows[:5])})."
            found.append(warning("label_without_name", len(rows), message))
        return found


def _some(names: Sequence[str]) -> str:
    rest = " ..." if len(names) > 5 else ""
    return f"{len(names)} clips ({', '.join(names[:5])}{rest}) are"


def plan_clips(
    found: Iterable[Clip | Reject],
    read: Read,
    source: Source,
    wanted: str,
    *,
    files: int,
    rejects: list[Reject],
    ignored: list[str],
) -> Plan:
    """Plan jobs of whole clips, by subject and clip; files that could not be used are rejects."""
    items = list(found)
    clips = [item for item in items if isinstance(item, Clip)]
    rejects = rejects + [item for item in items if isinstance(item, Reject)]
    if source.labelled:
        rejects += [reject_unlabelled(clip) for clip in clips if clip.identity.emotion is None]
        clips = [clip for clip in clips if clip.identity.emotion is not None]
    clips, joined = join_spellings(clips)
    whose = {str(clip.path): _whose(clip) for clip in clips}
    clips, notes = _with_suffixes(clips)
    refuse_other(((str(clip.path), clip.header.names) for clip in clips), wanted, notes)
    notes += describe_names(clip.header for clip in clips)
    headers = [clip.header for clip in clips]
    clips, aus, lacking = settle_columns(clips, wanted, source.aus)
    notes += describe_left_out(aus, wanted, headers, source.aus)
    notes += describe_not_asked(headers) + joined
    clips.sort(key=lambda clip: (clip.identity.subject, clip.name))
    return Plan(
        jobs=[partial(read_group, read, group, aus, source.face) for group in _groups(clips)],
        subjects=sorted({clip.identity.subject for clip in clips}),
        clips=[clip.name for clip in clips],
        aus=aus,
        extractor=wanted,
        files=files,
        rejects=rejects + lacking,
        ignored=ignored,
        whose=whose,
        notes=notes,
        owners={clip.name: clip.identity.subject for clip in clips},
        paths={clip.name: str(clip.path) for clip in clips},
        mode=" and ".join(sorted({told for clip in clips if (told := mode(clip.header.names))}))
        or "unknown",
    )


def _with_suffixes(clips: Sequence[Clip]) -> tuple[list[Clip], list[str]]:
    """Give columns the names that they lost on the way, and say so."""
    looks = [Look(c.path, c.header.names, partial(read_head, c.path, c.header)) for c in clips]
    given, notes = restore_suffixes(looks)
    renamed = [
        replace(clip, header=clip.header.renamed(names)) if names else clip
        for clip, names in zip(clips, given, strict=True)
    ]
    return renamed, notes


def _whose(clip: Clip) -> dict[str, str | None]:
    return {name: key_of(clip, name) for name in KEYS if name != "clip"}


def settle_columns(
    clips: Sequence[Clip], extractor: str, needed: Sequence[str]
) -> tuple[list[Clip], list[str], list[Reject]]:
    """Choose the AU columns as `choose_aus`; set aside the files that lack any of them.

    Raises `InputError` where there are files and none has an AU column.
    """
    sets = [au_columns_of(extractor, clip.header.names) for clip in clips]
    aus = choose_aus(sets, needed)
    if clips and not aus:
        raise InputError(
            f"none of {len(clips)} files such as {clips[0].path} has an AU column such as AU06_r; "
            f"its columns are {some(clips[0].header.written)}. Check data.path and data.layout."
        )
    kept, rejects = [], []
    for clip in clips:
        if lacking := [name for name in aus if name not in clip.header.names]:
            detail = f"lacks {', '.join(lacking)}"
            rejects.append(reject_file(clip.path, "missing_column", detail, clip.header))
        else:
            kept.append(clip)
    return kept, aus, rejects


def _groups(clips: Iterable[Clip]) -> Iterator[list[Clip]]:
    """Gather clips, in their order, into groups of about JOB_BYTES."""
    group: list[Clip] = []
    size = 0
    for clip in clips:
        group.append(clip)
        size += clip.path.stat().st_size
        if size >= JOB_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def reject_unlabelled(clip: Clip) -> Reject:
    """Set a clip aside of which nobody says which emotion it shows."""
    detail = f"neither its name nor {LABELS_FILE} says its emotion, which label.source: human needs"
    return reject_file(clip.path, "unlabelled", detail, clip.header)
