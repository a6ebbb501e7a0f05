"""Read recordings that no training has seen as `prepare` reads its own, into one frame table."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.data.reading.naming.clip_names import NamingOrClip
from pipeline.data.reading.plan import Plan, Source
from pipeline.data.split import TEST, with_split
from pipeline.data.warnings import some
from pipeline.errors import InputError
from pipeline.settings.schema import Params
from pipeline.stages.steps.ingest import Places, make_naming, plan_source, write_frames

# Of what reading warns of, that which matters where nothing is trained.
HEEDED = ("large_loss", "uneven_loss", "mixed_modes", "same_recording")


@dataclass(frozen=True)
class Recordings:
    """Paths to read, below one folder or the only one of them."""

    root: Path
    chosen: tuple[Path, ...]


def gather(paths: Sequence[Path]) -> Recordings:
    """Find the folder that several paths share: clips are named by their paths below it.

    The order of the paths does not matter. Raises `InputError` for one that is not there.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist. Name a folder or file of recordings.")
    if len(paths) == 1:
        return Recordings(paths[0], ())
    named = [Path(os.path.normpath(path)) for path in paths]
    if any(path.is_absolute() for path in named):
        named = [Path(os.path.abspath(path)) for path in named]  # noqa: PTH100  # links stay
    root = Path(os.path.commonpath(named))
    return Recordings(root if root.is_dir() else root.parent, tuple(sorted(set(named))))


def plan_new(
    settings: Params, recordings: Recordings, needed: Sequence[str], scratch: Path
) -> Plan:
    """Plan what to read of the AU columns that are needed.

    A clip of which nothing says whose it is has a person of its own.
    """
    usual = make_naming(settings)
    naming = NamingOrClip(usual.pattern, usual.emotions, usual.labels, usual.columns)
    source = Source(
        recordings.root,
        naming,
        settings.prepare.face,
        scratch,
        chosen=recordings.chosen,
        aus=tuple(needed),
    )
    plan = plan_source(settings, settings.data, source)
    alone = sorted(clip for clip, owner in plan.owners.items() if clip == owner)
    if not alone:
        return plan
    note = (
        f"nothing tells whose {len(alone)} of {len(plan.clips)} clips are ({some(alone, 3)}): each "
        f"counts as a person of its own (naming {settings.data.naming}; `--naming` chooses another)"
    )
    return replace(plan, notes=[*plan.notes, note])


def write_new(
    plan: Plan, settings: Params, folder: Path, told: Callable[[int], object]
) -> tuple[dict[str, Any], Path]:
    """Write frames and quarantine into a folder; give the account and the frame table.

    `told` hears of each job that was read. Raises `InputError` where no frame is left.
    """
    places = Places(folder / "frames.parquet", folder / "quarantine.parquet")

    def all_test(frames: pa.Table, _batch: int) -> pa.Table:
        told(1)
        return with_split(frames, np.full(frames.num_rows, TEST, dtype=np.int32))

    account, _ = write_frames(plan, settings, all_test, places)
    account["warnings"] = [item for item in account["warnings"] if item["code"] in HEEDED]
    if not account["rows_kept"]:
        reasons = account["quarantined_by_reason"].items()
        raise InputError(
            f"no frame is left: all {account['rows_read']} rows were set aside "
            f"({', '.join(f'{reason} {rows}' for reason, rows in reasons)}). `python -m pipeline "
            "inspect` names them; mend the files, or set --layout and --naming."
        )
    return account, places.frames
