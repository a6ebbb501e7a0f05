"""Keep the probabilities of the first clips over time, for a page to draw."""

import numpy as np
from numpy.typing import NDArray

from pipeline.prediction.batches import Batch
from pipeline.prediction.tables import FRAME, clip_runs
from pipeline.report.figures.clip_timeline import LEAST_FRAMES, ShownClip

MOST_CLIPS = 24  # a page with more opens slowly; the tables have all


class Traces:
    """Keep the first clips of at least `LEAST_FRAMES` frames as batches stream by."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str], list[NDArray[np.int64]]] = {}
        self._predicted: dict[tuple[str, str], list[NDArray[np.float32]]] = {}

    def add(self, batch: Batch) -> None:
        """Take the frames of a batch."""
        frame = batch.frames[FRAME].to_numpy()
        for clip, rows in clip_runs(batch.frames):
            fits = len(self._frames) < MOST_CLIPS and rows.stop - rows.start >= LEAST_FRAMES
            if fits or clip in self._frames:
                self._frames.setdefault(clip, []).append(frame[rows])
                self._predicted.setdefault(clip, []).append(batch.predicted[rows])

    def clips(self) -> list[ShownClip]:
        """Give the clips in their order."""
        found = []
        for (subject, name), parts in self._frames.items():
            frame = np.concatenate(parts)
            predicted = np.concatenate(self._predicted[subject, name])
            why = f"subject {subject}, {len(frame):,} frames"
            found.append(ShownClip(subject, name, why, frame, None, predicted))
        return found
