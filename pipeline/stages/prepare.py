"""Read AU files into one checked table, split by subject; set aside what breaks the contract."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.data import quarantine
from pipeline.data.reading.naming.labels_place import find_labels
from pipeline.data.warnings import warning
from pipeline.errors import InputError, run_main
from pipeline.settings import params, paths
from pipeline.settings.data_sections import DataSource, Split
from pipeline.stages.steps.ingest import Places, make_naming, make_plan, splitter, write_frames


def leaks(settings: Split) -> list[dict[str, Any]]:
    """Warn where the same people stand on both sides."""
    if settings.by == "subject":
        return []
    text = (
        f"prepare.split.by is {settings.by}: the same people stand in training and in test, so "
        "scores on test say nothing about new people. Use subject."
    )
    return [warning("leaky_split", 1, text)]


def show(account: dict[str, Any]) -> None:
    """Print the account of a run of this stage."""
    aside = f", {account['files_quarantined']} of them quarantined" * bool(
        account["files_quarantined"]
    )
    print(
        f"{account['files']:,} files ({account['extractor']}){aside}; {account['rows_read']:,} "
        f"rows read = {account['rows_kept']:,} kept + {account['rows_quarantined']:,} quarantined"
    )
    for reason, count in account["quarantined_by_reason"].items():
        print(f"  quarantined {count:,} rows: {reason} ({quarantine.REASONS[reason]})")
    splits = [
        f"{name} {counts['frames']:,} frames of {counts['subjects']:,} people"
        for name, counts in account["splits"].items()
    ]
    print("; ".join(splits))
    for note in account["notes"]:
        print(f"note: {note}")
    for item in account["warnings"]:
        print(f"warning {item['code']}: {item['message']}")


def unwatched(data: DataSource) -> list[str]:
    """Say that DVC does not see labels change that stand beside the one file of the data."""
    path = Path(data.path)
    labels = find_labels(path.parent) if path.is_file() else None
    if labels is None:
        return []
    return [
        f"{labels} stands beside data.path, where dvc does not see it change: after a change run "
        "`dvc repro -f prepare` first, or let data.path be the folder of both"
    ]


def first_aside() -> str:
    """Name the first row that was set aside, or the first file that had rows."""
    rows = pq.read_table(paths.QUARANTINE, filters=pc.field("rows") > 0).slice(0, 1).to_pylist()
    if not rows:
        return ""
    place = "" if rows[0]["row"] is None else f", row {rows[0]['row']}"
    return f" First: {rows[0]['file']}{place}: {rows[0]['detail']}."


def main() -> None:
    settings = params.load()
    paths.FRAMES.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=paths.FRAMES.parent) as scratch:
        plan = make_plan(settings, Path(scratch))
        add_split = splitter(plan, settings.prepare.split)
        account, activity = write_frames(plan, settings, add_split, Places())
    account["warnings"] += leaks(settings.prepare.split)
    account["notes"] += unwatched(settings.data)
    account["warnings"] += plan.check_labels(make_naming(settings))
    if empty := [name for name, counts in account["splits"].items() if not counts["frames"]]:
        reasons = account["quarantined_by_reason"].items()
        told = ", ".join(
            f"{reason} {rows}: {quarantine.REASONS[reason]}" for reason, rows in reasons
        )
        raise InputError(
            f"no frame is left for {', '.join(empty)}: {account['rows_quarantined']} of "
            f"{account['rows_read']} rows are quarantined ({told}); see {paths.QUARANTINE}."
            f"{first_aside()}"
        )
    paths.PREPARE_SUMMARY.write_text(json.dumps(account, indent=2) + "\n")
    content = {"aus": activity.rows(), "drift": activity.drift()}
    paths.ACTIVITY.write_text(json.dumps(content, indent=2) + "\n")
    show(account)


if __name__ == "__main__":
    run_main(main)
