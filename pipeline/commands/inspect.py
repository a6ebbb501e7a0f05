"""Look before you leap: say what `prepare` would read from a folder, and write nothing."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from pipeline.commands.source import settings_for, source_arguments
from pipeline.data.card.frame_summary import FrameSummary
from pipeline.data.quarantine import REASONS, Reject, count_rows
from pipeline.data.reading.plan import Plan
from pipeline.data.split import with_split
from pipeline.settings.schema import Params
from pipeline.stages import prepare

_EXAMPLES = 3  # files or rows named per reason


@source_arguments
def run(path: str, layout: str | None = None, naming: str | None = None) -> None:
    """Print files, subjects, clips, frames, action units, labels and problems of a path."""
    settings = settings_for(path, layout, naming)
    with TemporaryDirectory() as scratch:
        plan = prepare.make_plan(settings, Path(scratch))
        for line in describe(plan, settings):
            print(line)


def describe(plan: Plan, settings: Params) -> list[str]:
    """Read everything that a plan names, and say in lines what was there."""
    summary = FrameSummary(plan.aus)
    rejects = list(plan.rejects)
    emotions: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for checked in prepare.read_all(plan, settings.prepare.min_confidence):
        frames = checked.frames
        summary.add(with_split(frames, np.zeros(frames.num_rows, dtype=np.int32)))
        rejects += checked.rejects
        emotions += _count(frames["emotion"])
        classes += _count(frames["valence_class"])
    summary.finish()
    quarantined = count_rows(rejects).total()
    warnings = summary.warnings() + plan.check_mode()
    warnings += plan.check_labels(prepare.make_naming(settings))
    data = settings.data
    return [
        f"{data.path}: layout {data.layout}, written by {plan.extractor}"
        f"{'' if plan.mode == 'unknown' else f', {plan.mode} mode'}",
        f"files     {plan.files} read, {len(plan.ignored)} ignored{_few(plan.ignored)}",
        f"subjects  {len(plan.subjects)}{_few(plan.subjects)}",
        f"clips     {len(plan.clips)}",
        f"frames    {summary.frames} kept, {quarantined} rows quarantined",
        f"AUs       {', '.join(plan.aus)}",
        f"emotions  {_share(emotions)}",
        f"valence   {_share(classes)}",
        *_problems(rejects),
        *(f"warning {item['code']}: {item['message']}" for item in warnings),
        f"to use it: -S data.path={data.path} -S data.layout={data.layout} "
        f"-S data.naming={data.naming}",
    ]


def _count(column: pa.ChunkedArray) -> Counter[str]:
    found = column.combine_chunks().value_counts()
    return Counter({str(e["values"]): e["counts"].as_py() for e in found if e["values"].is_valid})


def _share(counts: Counter[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in sorted(counts.items())) or "none"


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
