"""Weigh emotions by how rare their positives are in the training split.

`total / (2 * positives)`, clipped; 1 where an emotion has no positives. This is the balanced
class weight of King & Zeng (2001), as scikit-learn's `class_weight="balanced"` has it.
"""

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.frames import as_matrix, batches
from pipeline.errors import run_main
from pipeline.settings import params, paths


def count_positives(labels: NDArray[np.float32], above: float) -> NDArray[np.int64]:
    """Count labels above a bound per emotion; `labels` has shape (frames, emotions)."""
    counts: NDArray[np.int64] = np.count_nonzero(labels > above, axis=0)
    return counts


def class_weights(
    positives: NDArray[np.int64], total: int, lowest: float, highest: float
) -> NDArray[np.float64]:
    """Weigh emotions, shape (emotions,), each in [lowest, highest] or 1 without positives."""
    raw = total / (2.0 * np.maximum(positives, 1))
    return np.where(positives > 0, np.clip(raw, lowest, highest), 1.0)


def count_training(emotions: Sequence[str], above: float) -> tuple[NDArray[np.int64], int]:
    """Count positives per emotion, and frames, over the training split alone."""
    positives = np.zeros(len(emotions), dtype=np.int64)
    total = 0
    # Both tables have the same rows in the same row groups, so their batches align.
    splits, labels = batches(paths.FRAMES, ["split"]), batches(paths.LABELS, emotions)
    for split, label in zip(splits, labels, strict=True):
        chosen = pc.equal(split.column("split").cast(pa.string()), "train")
        training = as_matrix(label.filter(chosen), emotions)
        positives += count_positives(training, above)
        total += len(training)
    return positives, total


def main() -> None:
    settings = params.load()
    emotions = list(pq.read_schema(paths.LABELS).names)
    positives, total = count_training(emotions, settings.weigh.positive_above)
    if settings.chosen.weights == "none":
        weights = np.ones(len(emotions))
    else:
        weights = class_weights(positives, total, settings.weigh.lowest, settings.weigh.highest)
    mode = settings.chosen.weights
    counted = dict(zip(emotions, positives.tolist(), strict=True))
    weighed = dict(zip(emotions, weights.tolist(), strict=True))
    content = {"mode": mode, "training_frames": total, "positives": counted, "weights": weighed}
    paths.CLASS_WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    paths.CLASS_WEIGHTS.write_text(json.dumps(content, indent=2) + "\n")
    told = ", ".join(f"{emotion} {weight:.2f}" for emotion, weight in weighed.items())
    print(f"class weights from {total:,} training frames (mode {mode}): {told}")


if __name__ == "__main__":
    run_main(main)
