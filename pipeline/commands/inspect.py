"""Look before you leap: say what `prepare` would read from a folder, and write nothing."""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import params, prepare
from pipeline.data.extractors import PYFEAT, recognise
from pipeline.data.folders import files_below
from pipeline.data.header import UnreadableError, read_header
from pipeline.data.layouts import PLANNERS
from pipeline.data.plan import Plan
from pipeline.data.quarantine import REASONS, Reject, count_rows
from pipeline.data.split import with_split
from pipeline.data.summary import FrameSummary
from pipeline.data.table_file import BROKEN
from pipeline.errors import InputError
from pipeline.schema import Params

_EXAMPLES = 3  # files or rows named per reason


def add_to(commands: Any) -> None:
    """Add this command to a parser's subcommands."""
    parser = commands.add_parser("inspect", help=__doc__, description=__doc__)
    parser.add_argument("path", help="a folder or file of recordings")
    parser.add_argument("--layout", choices=list(PLANNERS), help="guessed where not given")
    parser.add_argument("--naming", help="an entry of `naming` in params.yaml; its data.naming")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print files, subjects, clips, frames, action units, labels and problems of a path."""
    settings = params.load()
    layout = options.layout or guess_layout(Path(options.path))
    changed = {"path": options.path, "layout": layout, "naming": options.naming}
    data = settings.data.model_copy(update={k: v for k, v in changed.items() if v})
    if data.naming not in settings.naming:
        raise InputError(f"--naming is {data.naming}; allowed are {', '.join(settings.naming)}.")
    settings = settings.model_copy(update={"data": data})
    with TemporaryDirectory() as scratch:
        plan = prepare.make_plan(settings, Path(scratch))
        for line in describe(plan, settings):
            print(line)


def guess_layout(path: Path) -> str:
    """Tell the layout from the names of folders, files and columns.

    Raises `InputError` where nothing there looks like a table of action units.
    """
    if (path / "AUs").is_dir() and (path / "Valences").is_dir():
        return "expression"
    for file in sorted(files_below(path)) if path.exists() else []:
        try:
            names = _columns(file)
        except (UnreadableError, *BROKEN):
            continue
        if extractor := recognise(names):
            if "clip" in names:
                return "table"
            return "pyfeat" if extractor == PYFEAT else "openface"
    raise InputError(
        f"{path} holds no CSV or Parquet file with action units such as AU06_r or AU06. Name the "
        "folder that holds them."
    )


def _columns(file: Path) -> frozenset[str]:
    if file.suffix.lower() == ".parquet":
        return frozenset(pq.read_schema(file).names)
    return read_header(file).names if file.suffix.lower() == ".csv" else frozenset()


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
