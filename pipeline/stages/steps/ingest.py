"""Read a source as the settings say: plan, check every job, split, write frames and quarantine."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.data import quarantine, split
from pipeline.data.card.counting.au_activity import Activity
from pipeline.data.card.counting.frame_summary import FrameSummary
from pipeline.data.card.counting.losses import Losses
from pipeline.data.frames import RowGroupWriter, frame_schema
from pipeline.data.quarantine import Reject
from pipeline.data.reading.csv.text import FORMATS
from pipeline.data.reading.folders import describe_passed_over
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.naming.labels_file import read_labels
from pipeline.data.reading.naming.labels_place import describe_unread
from pipeline.data.reading.naming.people import check_people
from pipeline.data.reading.parallel import run_in_order
from pipeline.data.reading.plan import Job, Plan, Source
from pipeline.data.reading.rows import contract
from pipeline.data.reading.rows.contract import Checked
from pipeline.data.warnings import some
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.data_sections import DataSource, Split
from pipeline.settings.schema import Params
from pipeline.settings.workers import workers

AddSplit = Callable[[pa.Table, int], pa.Table]


def make_plan(settings: Params, scratch: Path, source: DataSource | None = None) -> Plan:
    """Find what there is to read; `scratch` is a folder for temporary files.

    `source` is read in the place of the settings' own data. Raises `InputError` as `plan_source`.
    """
    data = source or settings.data
    naming, human = make_naming(settings, data), settings.label.source == "human"
    made = Source(Path(data.path), naming, settings.prepare.face, scratch, human)
    return plan_source(settings, data, made)


def plan_source(settings: Params, data: DataSource, source: Source) -> Plan:
    """Plan what to read. Raises `InputError` where that is nothing, or a bad file must not be."""
    labels, plan = source.naming.labels, PLANNERS[data.layout](source)
    labels.listed(plan.clips)  # refuses a row that may mean several of them
    unread = describe_unread(plan.ignored, source.path)
    plan.notes.extend([*labels.notes, *unread, *describe_passed_over(plan.ignored)])
    if settings.prepare.on_bad_file == "fail":
        refuse_bad_files(plan.rejects)
    if not plan.clips:
        first = f" First: {plan.rejects[0].file}: {plan.rejects[0].detail}." if plan.rejects else ""
        first += "".join(f" Mind: {note}." for note in [*unread, *plan.hints])
        if plan.ignored:
            first += f" Not looked at: {some(plan.ignored, 3)}; {FORMATS} are read."
        raise InputError(
            f"{source.path} holds no usable clip ({plan.files} files seen, layout {data.layout}, "
            f"naming {data.naming}).{first}"
        )
    return plan


def gather_notes(plan: Plan, found: Iterable[tuple[str, str]]) -> list[str]:
    """Say once what was recognised or assumed, at planning and in how many files at reading."""
    files: dict[str, dict[str, None]] = {}
    for note, file in found:
        files.setdefault(note, {})[file] = None
    told = (f"{note} ({len(by)} files: {some(list(by), 3)})" for note, by in files.items())
    return [*plan.notes, *told]


def make_naming(settings: Params, source: DataSource | None = None) -> Naming:
    """Gather how clips are named. Raises `InputError` where the data's path does not exist."""
    data = source or settings.data
    path = Path(data.path)
    if not path.exists():
        raise InputError(
            f"params.yaml: path {path} does not exist. Check data.path, or the path below external."
        )
    chosen = settings.naming[data.naming]
    called = dict[str, str](chosen.columns.items())
    labels = read_labels(path if path.is_dir() else path.parent, called)
    return Naming(chosen.pattern, chosen.emotions, labels, called)


def refuse_bad_files(rejects: Iterable[Reject]) -> None:
    """Raise `InputError` for the first whole file that was set aside."""
    for reject in rejects:
        if reject.row is None:
            raise InputError(
                f"{reject.file}: {reject.detail} ({reject.reason}: "
                f"{quarantine.REASONS[reject.reason]}). Mend or remove it, or set "
                "prepare.on_bad_file: quarantine."
            )


@contextmanager
def read_all(plan: Plan, settings: Params) -> Iterator[Iterator[Checked]]:
    """Read and check every job in the block, here or on a cluster, in the order of the plan.

    Raises `InputError` as `workers` does.
    """
    run = partial(_read_one, aus=plan.aus, min_confidence=settings.prepare.min_confidence)
    with workers(settings.parallel), closing(run_in_order(run, plan.jobs)) as checked:
        yield checked


def _read_one(job: Job, aus: list[str], min_confidence: float) -> Checked:
    return contract.check(job(), aus, min_confidence)


def splitter(plan: Plan, settings: Split) -> AddSplit:
    """Give the function that adds `split` to a batch of frames."""
    shares = split.Shares(settings.validation, settings.test, settings.seed)
    if settings.by == "frame":
        return partial(split.split_frames, shares)
    if settings.by == "clip":
        return partial(split.split_by, "clip", split.deal(plan.clips, shares))
    named = {"val": settings.validation_subjects, "test": settings.test_subjects}
    return partial(split.split_by, "subject", split.deal_subjects(plan.subjects, shares, named))


@dataclass(frozen=True)
class Places:
    """Where frames and quarantine go."""

    frames: Path = paths.FRAMES
    quarantine: Path = paths.QUARANTINE


def write_frames(
    plan: Plan, settings: Params, add_split: AddSplit, places: Places
) -> tuple[dict[str, Any], Activity]:
    """Stream all jobs into the frame table and the quarantine; return account and AU activity."""
    summary = FrameSummary(plan.aus)
    read = sum(reject.rows for reject in plan.rejects)
    counts = quarantine.count_rows(plan.rejects)
    files = quarantine.whole_files(plan.rejects)
    notes: list[tuple[str, str]] = []
    losses = Losses(plan.whose)
    losses.add(frame_schema(plan.aus).empty_table(), plan.rejects)
    with (
        RowGroupWriter(places.frames, frame_schema(plan.aus)) as frames,
        RowGroupWriter(places.quarantine, quarantine.SCHEMA) as aside,
        read_all(plan, settings) as jobs,
    ):
        aside.write(quarantine.as_table(plan.rejects))
        for batch, checked in enumerate(jobs):
            table = add_split(checked.frames, batch)
            frames.write(table)
            summary.add(table)
            losses.add(table, checked.rejects)
            aside.write(quarantine.as_table(checked.rejects))
            counts.update(quarantine.count_rows(checked.rejects))
            files |= quarantine.whole_files(checked.rejects)
            notes += checked.notes
            if settings.prepare.on_bad_file == "fail":
                refuse_bad_files(checked.rejects)
            read += checked.rows_read
    summary.finish()
    account = _account(plan, summary, read, counts)
    account["warnings"] += losses.warnings(summary.split_of())
    account |= {"files_quarantined": len(files), "notes": gather_notes(plan, notes)}
    return account, summary.activity


def gather_warnings(plan: Plan, summary: FrameSummary) -> list[dict[str, Any]]:
    """Warn of what is odd about the data as it was planned and read."""
    people = check_people(plan.owners)
    return summary.warnings() + plan.check_mode() + people + summary.copies.warnings(plan.paths)


def _account(plan: Plan, summary: FrameSummary, read: int, counts: Counter[str]) -> dict[str, Any]:
    if read != summary.frames + counts.total():
        raise AssertionError(f"{read} rows read, {summary.frames} kept, {counts} quarantined")
    return {
        "extractor": plan.extractor,
        "mode": plan.mode,
        "files": plan.files,
        "files_ignored": len(plan.ignored),
        "rows_read": read,
        "rows_kept": summary.frames,
        "rows_quarantined": counts.total(),
        "quarantined_by_reason": dict(sorted(counts.items())),
        **summary.as_dict(),
        "warnings": gather_warnings(plan, summary),
    }
