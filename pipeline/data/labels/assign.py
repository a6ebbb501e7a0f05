"""Label frames with emotion intensities in [0, 1], by FACS rule or from human categories."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.data.labels import facs_rules
from pipeline.data.names.words import folded
from pipeline.errors import InputError

CHUNK = 1 << 14  # frames whose columns fit in a core's cache: several times the speed


def facs_labels(
    frames: pa.Table,
    rules: facs_rules.Rules,
    valences: Mapping[str, str],
    divisors: Mapping[str, float],
    gate: str,
) -> NDArray[np.float32]:
    """Label frames by rule, shape (frames, emotions).

    `min(1, mean(AUs) / divisor)`, times the gate: 1 where the clip's valence class is the
    emotion's (P or N, see `valences`) and 0 elsewhere (`clip`), the frame's valence in the
    emotion's direction, at least 0 (`frame`), or 1 (`none`). Raises `InputError` where the gate's
    column has nulls.
    """
    columns = facs_rules.rule_columns(rules, frames.column_names)
    needed = {name: frames.column(name).to_numpy() for name in columns}
    gates = _gates(frames, gate)
    labels = np.empty((len(rules), frames.num_rows), dtype=np.float32)

    def label_chunk(start: int) -> None:
        rows = slice(start, start + CHUNK)
        chunk = {name: values[rows] for name, values in needed.items()}
        scores = facs_rules.rule_scores(chunk, rules, divisors).T
        for score, emotion in zip(scores, rules, strict=True):
            score *= gates[valences[emotion]][rows]
        labels[:, rows] = scores

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy computes outside the lock
        list(pool.map(label_chunk, range(0, frames.num_rows, CHUNK)))
    return labels.T


def _gates(frames: pa.Table, gate: str) -> dict[str, NDArray[np.float64]]:
    """Give each valence class's factor per frame, in [0, 1]."""
    if gate == "none":
        return dict.fromkeys(("P", "N"), np.ones(frames.num_rows))
    return {valence: _gate(frames, gate, valence) for valence in ("P", "N")}


def _gate(frames: pa.Table, gate: str, valence: str) -> NDArray[np.float64]:
    column = frames.column("valence_class" if gate == "clip" else "valence")
    if column.null_count:
        clip = frames.column("clip").filter(pc.is_null(column))[0].as_py()
        raise InputError(
            f"params.yaml: label.gate is {gate}, but {column.null_count} frames have no "
            f"{'valence class' if gate == 'clip' else 'valence'} (first: clip {clip}). Give them "
            "one (see data.naming and labels.csv), or set label.gate: none."
        )
    if gate == "clip":
        words = column.combine_chunks().dictionary_encode()
        matches = np.array([float(word == valence) for word in words.dictionary.to_pylist()])
        found: NDArray[np.float64] = matches[words.indices.to_numpy()]
        return found
    values: NDArray[np.float32] = column.to_numpy()
    return np.maximum(0.0, values.astype(np.float64) * (1.0 if valence == "P" else -1.0))


def human_labels(frames: pa.Table, emotions: Sequence[str]) -> NDArray[np.float32]:
    """Label frames 1 for their human category and 0 for the others, shape (frames, emotions).

    A category outside `emotions` gives a row of zeros. Raises `InputError` on frames without one.
    """
    column = frames.column("emotion").cast(pa.string())
    if column.null_count:
        clip = frames.column("clip").filter(pc.is_null(column))[0].as_py()
        raise InputError(
            f"params.yaml: label.source is human, but {column.null_count} frames have no emotion "
            f"(first: clip {clip}). Give them one (see data.naming and labels.csv), or set "
            "label.source: facs."
        )
    words = column.combine_chunks().dictionary_encode()
    known = [folded(word) for word in words.dictionary.to_pylist()]
    # A set of its own may write a category otherwise than the training data does.
    wanted = [folded(emotion) for emotion in emotions]
    same = np.array([word == emotion for word in known for emotion in wanted], dtype=np.float32)
    labels: NDArray[np.float32] = same.reshape(len(known), -1)[words.indices.to_numpy()]
    return labels
