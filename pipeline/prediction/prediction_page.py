"""Show predictions on one page: who, which clips, emotions over time, what was set aside."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.data.quarantine import REASONS
from pipeline.prediction.account import Told
from pipeline.prediction.predicting import Predicted
from pipeline.prediction.stored_model import UNTUNED, StoredModel
from pipeline.prediction.tables import FRAMES, MOST_PROBABLE, PREDICTED
from pipeline.report.figures.clip_timeline import ShownClip, timeline
from pipeline.report.figures.files import svg
from pipeline.report.pages.document import Block, Items, Page, Picture, Section, Table
from pipeline.report.pages.webpage import to_html

MOST_ROWS = 200  # clips in a table; the file beside has all
_NOTE = (
    "A probability is the model's, not a feeling: people smile when they are not happy. The dotted "
    "line is the threshold from which an emotion counts as present, tuned on other people."
)


def page_text(found: Predicted, told: Told) -> str:
    """Return the page as one HTML file."""
    page, model = prediction_page(found, told), told.model
    drawn = {
        _picture_name(i): svg(timeline([clip], model.emotions, model.bounds.tolist(), _name(clip)))
        for i, clip in enumerate(found.shown)
    }
    return to_html(page, drawn)


def _predicted(account: Mapping[str, Any]) -> str:
    kept, read = account["rows_kept"], account["rows_read"]
    return f"all {kept:,}" if kept == read else f"{kept:,} of {read:,}"


def prediction_page(found: Predicted, told: Told) -> Page:
    """Return the page: what was found first, then people, clips, figures, what was set aside."""
    account, model = told.account, told.model
    subjects = len(set(found.clips["subject"].to_pylist()))
    return Page(
        title=f"Emotions in {Path(told.data).name}",
        about=[f"read from {told.data}", f"predicted by {model.name}"],
        lead=[
            f"{_many(found.clips.num_rows, 'clip', 'clips')} of "
            f"{_many(subjects, 'person', 'people')}: {_predicted(account)} frames predicted.",
            *told.warnings,
            told.drift,
        ],
        sections=[
            Section("Each person", [_people(found.clips, model)]),
            Section("Emotions over time", _over_time(found)),
            Section("Each clip", _clips(found.clips, model)),
            Section("What was set aside", _aside(account)),
            Section("The model", _model(model)),
        ],
    )


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _people(clips: pa.Table, model: StoredModel) -> Table:
    """Average each person's frames."""
    rows = clips.to_pylist()
    lines: list[list[object]] = []
    for subject, group in groupby(rows, key=lambda row: row["subject"]):
        own = list(group)
        frames = np.array([row[FRAMES] for row in own])
        means = [
            float(np.average([row[f"{PREDICTED}{name}"] for row in own], weights=frames))
            for name in model.emotions
        ]
        lines.append([str(subject), len(own), int(frames.sum()), *means])
    header = ["person", "clips", "frames", *model.emotions]
    shown = "" if len(lines) <= MOST_ROWS else f", of the first {MOST_ROWS} of {len(lines)}"
    return Table(f"Mean probability of all frames{shown}", header, lines[:MOST_ROWS])


def _clips(clips: pa.Table, model: StoredModel) -> list[Block]:
    shown = clips.slice(0, MOST_ROWS).to_pylist()
    lines = [
        [
            row["clip"],
            row["subject"],
            row[FRAMES],
            row[MOST_PROBABLE],
            *(row[f"{PREDICTED}{name}"] for name in model.emotions),
        ]
        for row in shown
    ]
    rest = "" if clips.num_rows <= MOST_ROWS else f", the first {MOST_ROWS} of {clips.num_rows:,}"
    header = ["clip", "person", "frames", "most probable", *model.emotions]
    return [Table(f"Mean probability of each clip's frames{rest}", header, lines)]


def _over_time(found: Predicted) -> list[Block]:
    if not found.shown:
        return ["No clip has enough frames to be drawn."]
    blocks: list[Block] = [_NOTE]
    if len(found.shown) < found.clips.num_rows:
        blocks.append(
            f"Drawn are {len(found.shown)} of {found.clips.num_rows:,} clips: the first that have "
            "enough frames. The files have all."
        )
    return [*blocks, *(_picture(i, clip) for i, clip in enumerate(found.shown))]


def _picture(place: int, clip: ShownClip) -> Picture:
    caption = f"Probability of each emotion over the frames of {clip.name}"
    words = f"Predicted probability of each emotion over the frames of clip {clip.name}."
    return Picture(_picture_name(place), caption, words, f"{_picture_name(place)}.svg")


def _name(clip: ShownClip) -> str:
    return f"{clip.name} ({clip.why})"


def _picture_name(place: int) -> str:
    return f"clip{place}"


def _aside(account: Mapping[str, Any]) -> list[Block]:
    counts = account["quarantined_by_reason"]
    rows = [[reason, rows, REASONS[reason]] for reason, rows in counts.items()]
    told = (
        f"{account['rows_read']:,} rows read = {account['rows_kept']:,} kept + "
        f"{account['rows_quarantined']:,} quarantined."
    )
    table = [Table("Rows by reason", ["reason", "rows", "meaning"], rows)] if rows else []
    notes = [Items(account["notes"])] if account["notes"] else []
    return [told, *table, *notes]


def _model(model: StoredModel) -> list[Block]:
    calibrated = (
        "Each person's own level and spread was taken out of them, as in training."
        if model.features.population
        else "They were taken as they are."
    )
    untuned = [name for name in model.emotions if name not in model.thresholds]
    note = f", but for {', '.join(untuned)}, where {UNTUNED} stands" if untuned else ""
    rows = zip(model.emotions, model.bounds.tolist(), strict=True)
    return [
        f"It was trained on {model.extractor}'s action units and takes "
        f"{', '.join(model.features.columns)}. {calibrated}",
        Table(f"Thresholds, tuned on validation rows{note}", ["emotion", "threshold"], [*rows]),
    ]
