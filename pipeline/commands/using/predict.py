"""Predict the emotions of new recordings, by the readers, features and thresholds of training.

PATH is a file or folder in any layout that `inspect` recognises; several are read as one. Beside
OUT, which has a row a frame, stand OUT_clips (a row a clip: the means of its frames),
OUT_quarantine (every row that was set aside, with its reason) and OUT_summary.json. A clip of which
nothing tells whose it is counts as a person of its own.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.source import Column, layout_of, settings_for, source_options

if TYPE_CHECKING:
    from pipeline.commands.using.new_recordings import Recordings
    from pipeline.prediction.account import Told
    from pipeline.prediction.predicting import Predicted
    from pipeline.prediction.stored_model import StoredModel
    from pipeline.settings.schema import Params

EXIT_CODES = """\b
exit codes:
  0  done; what speaks against the predictions is said as a warning
  1  error: one line on stderr says what to do, and nothing was written
  2  wrong usage
"""
ANY, FILE = click.Path(path_type=Path), click.Path(dir_okay=False, path_type=Path)


@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=ANY)
@click.option(
    *("-o", "--out", "out"),
    type=FILE,
    required=True,
    metavar="OUT",
    help="A .parquet or a .csv.",
)
@click.option(
    "--model",
    metavar="MODEL",
    help="champion, a run (its id, name or experiment, models:/NAME@ALIAS, a git revision, "
    "workspace), or a .keras file. Else the champion, and without one the model in outputs/.",
)
@click.option("--report", type=FILE, metavar="PAGE.html", help="Write a page with figures, too.")
@click.option("--same-units", is_flag=True, help="Predict even where no intensity exceeds 1.")
@source_options
def run(
    paths: Sequence[Path],
    out: Path,
    model: str | None = None,
    report: Path | None = None,
    *,
    same_units: bool = False,
    layout: str | None = None,
    naming: str | None = None,
    column: Sequence[Column] = (),
) -> None:
    """Write the files and say what they hold; raise `InputError` where nothing can be said."""
    from pipeline.commands.using.new_recordings import gather
    from pipeline.drift.shift_test import DriftBounds
    from pipeline.prediction import files
    from pipeline.prediction.account import tell
    from pipeline.prediction.predicting import predict_table
    from pipeline.prediction.progress import progress

    files.refuse_place(out, paths)
    recordings = gather(paths)
    layout = layout or layout_of(recordings.chosen or (recordings.root,))
    settings = settings_for(str(recordings.root), layout, naming, column)
    with files.whole_files(out) as folder:
        chosen = _find(settings, model, folder.parent)
        account, frames = _read(settings, recordings, chosen, folder.parent, same_units=same_units)
        with progress("predicting", account["rows_kept"], "frames") as more:
            found = predict_table(frames, chosen, folder / out.name, more)
        bounds = DriftBounds(**settings.drift.model_dump())
        told = tell(str(recordings.root), chosen, account, found, bounds)
        _write_rest(folder / out.name, told, frames)
        if report:
            _write_report(report, found, told)
        made = [out.with_name(path.name) for path in sorted(folder.iterdir())]
    print(*told.lines(), sep="\n")
    print(f"written: {', '.join(map(str, [*made, *filter(None, [report])]))}")


def _find(settings: "Params", meant: str | None, folder: Path) -> "StoredModel":
    """Find the model, and say which it is."""
    from pipeline.commands.using.stored_models import find_model

    found = find_model(settings, meant, folder)
    champion = meant or found.name.startswith("champion ")
    print(f"model: {found.name}{'' if champion else ', for there is no champion'}")
    return found


def _read(
    settings: "Params",
    recordings: "Recordings",
    model: "StoredModel",
    scratch: Path,
    *,
    same_units: bool,
) -> tuple[dict[str, Any], Path]:
    """Read all frames; refuse those that the model was not made for."""
    from pipeline.commands.using.new_recordings import plan_new, write_new
    from pipeline.prediction.fitting import refuse_unfit, refuse_units
    from pipeline.prediction.progress import progress

    plan = plan_new(settings, recordings, model.features.columns, scratch)
    refuse_unfit(model, plan.extractor, plan.aus)
    with progress(f"reading {len(plan.clips):,} clips in", len(plan.jobs), "parts") as more:
        account, frames = write_new(plan, settings, scratch, more)
    if not same_units:
        refuse_units(model, account["aus"], account["rows_kept"])
    return account, frames


def _write_rest(out: Path, told: "Told", frames: Path) -> None:
    """Write what was set aside, and all that is said, beside the predictions."""
    from pipeline.prediction.files import beside, copy_table

    copy_table(frames.with_name("quarantine.parquet"), beside(out, "quarantine"))
    summary = json.dumps(told.content(), indent=2)
    beside(out, "summary", ".json").write_text(f"{summary}\n", encoding="utf-8")


def _write_report(report: Path, found: "Predicted", told: "Told") -> None:
    from pipeline.prediction.files import write_text
    from pipeline.prediction.prediction_page import page_text  # matplotlib

    write_text(page_text(found, told), report)
