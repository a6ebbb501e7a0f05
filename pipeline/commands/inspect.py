"""Look before you leap: say what `prepare` would read under each naming, and write nothing.

Without --naming the recommended one is taken. Ends with exit code 1 where nothing could be trained
on: no row is kept, or there are too few people to split.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from pipeline.commands.source import Column, override, settings_for, source_arguments
from pipeline.data.action_units import ACTIVATIONS, INTENSITIES, PRESENCES, SPLITS, number
from pipeline.data.card.counting.frame_summary import FrameSummary
from pipeline.data.quarantine import REASONS, Reject, count_rows
from pipeline.data.reading.plan import Plan
from pipeline.data.split import with_split
from pipeline.errors import InputError
from pipeline.settings.data_sections import Split
from pipeline.settings.schema import Params
from pipeline.stages.steps import ingest
from pipeline.stages.steps.naming_choice import choose_naming

_EXAMPLES = 3  # files or rows named per reason


@dataclass
class Findings:
    """What is in the files that a plan names."""

    summary: FrameSummary
    rejects: list[Reject]
    notes: list[tuple[str, str]] = field(default_factory=list)
    emotions: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)


@source_arguments
def run(
    path: str,
    layout: str | None = None,
    naming: str | None = None,
    column: Sequence[Column] = (),
) -> None:
    """Print what each naming reads, then people, clips, frames, AUs, labels and problems.

    Raises `InputError` where nothing could be trained on.
    """
    settings = settings_for(path, layout, naming, column)
    with TemporaryDirectory() as names, TemporaryDirectory() as scratch:
        chosen, namings = choose_naming(settings, naming, Path(names))
        data = settings.data.model_copy(update={"naming": chosen})
        settings = settings.model_copy(update={"data": data})
        plan = ingest.make_plan(settings, Path(scratch))
        found = read(plan, settings)
        print(*describe(plan, found, settings, namings), sep="\n")
    refuse_unusable(plan, settings.prepare.split, found.summary.frames)
    print(f"to use it: dvc exp run {' '.join(overrides(found, settings, column))}")
    rest = found.summary.frames - found.emotions.total()
    if wants_human(found) and rest:
        print(f"then the {rest} frames without an emotion are set aside")


def refuse_unusable(plan: Plan, settings: Split, rows_kept: int) -> None:
    """Raise `InputError` where no row is kept, or where there are too few people to split."""
    if not rows_kept:
        raise InputError(
            f"none of the rows of {plan.files} files is kept: mend the files, or set data.layout, "
            "data.naming, prepare.face or prepare.min_confidence by what was set aside and why."
        )
    people = len(plan.subjects)
    if settings.by == "subject" and people < len(SPLITS):
        raise InputError(
            f"{people} to split ({', '.join(plan.subjects)}): prepare.split.by: subject needs "
            f"{len(SPLITS)} people at least, one each to train, to validate and to test. Add "
            "people, or check that data.naming tells one from another."
        )


def read(plan: Plan, settings: Params) -> Findings:
    """Read everything that a plan names."""
    found = Findings(FrameSummary(plan.aus), list(plan.rejects))
    with ingest.read_all(plan, settings) as jobs:
        for checked in jobs:
            frames = checked.frames
            found.summary.add(with_split(frames, np.zeros(frames.num_rows, dtype=np.int32)))
            found.rejects += checked.rejects
            found.notes += checked.notes
            found.emotions += _count(frames["emotion"])
            found.classes += _count(frames["valence_class"])
    found.summary.finish()
    return found


def describe(
    plan: Plan, found: Findings, settings: Params, namings: Sequence[str] = ()
) -> list[str]:
    """Say in lines what is there."""
    kept, quarantined = found.summary.frames, count_rows(found.rejects).total()
    warnings = ingest.gather_warnings(plan, found.summary)
    warnings += plan.check_labels(ingest.make_naming(settings))
    data = settings.data
    return [
        f"{data.path}: layout {data.layout}, written by {plan.extractor}"
        f"{'' if plan.mode == 'unknown' else f', {plan.mode} mode'}",
        *namings,
        f"files     {plan.files} read, {len(plan.ignored)} ignored{_few(plan.ignored)}",
        f"subjects  {len(plan.subjects)}{_few(plan.subjects)}",
        f"clips     {len(plan.clips)}",
        f"frames    {kept} kept, {quarantined} rows quarantined",
        f"AUs       {_kinds(plan.aus)}",
        f"emotions  {_share(found.emotions, kept)}",
        f"valence   {_share(found.classes, kept)}",
        *(f"note: {note}" for note in ingest.gather_notes(plan, found.notes)),
        *_problems(found.rejects),
        *(f"warning {item['code']}: {item['message']}" for item in warnings),
    ]


def overrides(found: Findings, settings: Params, column: Sequence[Column]) -> list[str]:
    """Write the parameters with which `dvc exp run` trains on the data, for a shell."""
    data, label = settings.data, settings.label
    values = {"data.path": data.path, "data.layout": data.layout, "data.naming": data.naming}
    values |= {f"++naming.{data.naming}.columns.{ours}": theirs for ours, theirs in column}
    if wants_human(found):
        values["label.source"] = "human"
    elif label.gate == "clip" and found.classes.total() < found.summary.frames:
        values["label.gate"] = "none"
    return [override(key, value) for key, value in values.items()]


def wants_human(found: Findings) -> bool:
    """Say whether people named enough for their categories to be learned."""
    return len(found.emotions) > 1


def _count(column: pa.ChunkedArray) -> Counter[str]:
    found = column.combine_chunks().value_counts()
    return Counter({str(e["values"]): e["counts"].as_py() for e in found if e["values"].is_valid})


def _kinds(aus: Sequence[str]) -> str:
    """List action units by what is measured of them: `intensities 6, 12; presences 6`."""
    kinds = {"intensities": INTENSITIES, "presences": PRESENCES, "activations": ACTIVATIONS}
    own = {kind: [name for name in aus if name in names] for kind, names in kinds.items()}
    told = (
        f"{kind} {', '.join(str(number(name)) for name in names)}"
        for kind, names in own.items()
        if names
    )
    return "; ".join(told)


def _share(counts: Counter[str], frames: int) -> str:
    if not counts:
        return "none"
    rest = frames - counts.total()
    told = ", ".join(f"{word} {count}" for word, count in sorted(counts.items()))
    return f"{told}; none for {rest} frames" if rest else told


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    if not listed:
        return ""
    return f" ({', '.join(listed[:8])}{' ...' if len(listed) > 8 else ''})"


def _problems(rejects: list[Reject]) -> list[str]:
    lines = []
    for reason, count in sorted(count_rows(rejects).items()):
        own = [reject for reject in rejects if reject.reason == reason]
        lines.append(f"problem {reason}: {count} rows; {REASONS[reason]}")
        for reject in own[:_EXAMPLES]:
            row = "" if reject.row is None else f", row {reject.row}"
            lines.append(f"  {reject.file}{row}: {reject.detail}")
    return lines
