"""Predict a frame table into files, and keep what is said of it: clips, doubts, traces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.data.card.profile import Profile
from pipeline.prediction.batches import Batch, predict_frames
from pipeline.prediction.doubts import NewProfile, OwnLevels
from pipeline.prediction.files import beside, writer
from pipeline.prediction.stored_model import StoredModel
from pipeline.prediction.tables import FRAME, FRAMES, ClipMeans, frame_table, schema
from pipeline.prediction.traces import Traces
from pipeline.report.figures.clip_timeline import ShownClip


@dataclass(frozen=True)
class Predicted:
    """What is known once all frames are predicted: `clips` as a table, `shown` for a page."""

    clips: pa.Table
    profile: Profile
    warnings: list[dict[str, Any]]
    shown: list[ShownClip]


def predict_table(
    frames: Path, model: StoredModel, out: Path, told: Callable[[int], object]
) -> Predicted:
    """Predict a frame table that has rows; write its frames to `out`, its clips beside.

    `told` hears how many frames each batch had.
    """
    clips, traces = ClipMeans(model), Traces()
    profile, levels = NewProfile(model), OwnLevels(model)
    adds: list[Callable[[Batch], None]] = [clips.add, traces.add, profile.add, levels.add]
    network = model.load()
    with writer(out, schema(model, FRAME)) as write:
        for batch in predict_frames(frames, model, network):
            write(frame_table(batch, model))
            for add in adds:
                add(batch)
            told(batch.frames.num_rows)
    table = clips.table()
    with writer(beside(out, "clips"), schema(model, FRAMES)) as write:
        write(table)
    return Predicted(table, profile.profile(), levels.warnings(), traces.clips())
