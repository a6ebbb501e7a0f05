"""Label every frame with emotion intensities in [0, 1], by FACS rule or from human categories."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.card.data_card import data_card, dead_rules
from pipeline.data.card.label_distribution import Distribution
from pipeline.data.csv_files import write_rows
from pipeline.data.frames import RowGroupWriter, batches
from pipeline.data.labels import facs_rules
from pipeline.data.runs import find_runs
from pipeline.data.words import chosen, folded
from pipeline.errors import InputError, run_main
from pipeline.settings import params, paths
from pipeline.settings.schema import Label, Params

CHUNK = 1 << 14  # frames whose columns fit in a core's cache: several times the speed

Labeller = Callable[[pa.Table], NDArray[np.float32]]


def facs_labels(
    frames: pa.Table, settings: Label, divisors: dict[str, float]
) -> NDArray[np.float32]:
    """Label frames by rule, shape (frames, emotions).

    `min(1, mean(AUs) / divisor)`, times the gate: 1 where the clip's valence class is the
    emotion's and 0 elsewhere (`clip`), the frame's valence in the emotion's direction, at
    least 0 (`frame`), or 1 (`none`). Raises `InputError` where the gate's column has nulls.
    """
    rules = {emotion: rule.weights for emotion, rule in settings.rules.items()}
    columns = facs_rules.rule_columns(rules, frames.column_names)
    needed = {name: frames.column(name).to_numpy() for name in columns}
    gates = _gates(frames, settings)
    labels = np.empty((len(rules), frames.num_rows), dtype=np.float32)

    def label_chunk(start: int) -> None:
        rows = slice(start, start + CHUNK)
        chunk = {name: values[rows] for name, values in needed.items()}
        scores = facs_rules.rule_scores(chunk, rules, divisors).T
        for score, rule in zip(scores, settings.rules.values(), strict=True):
            score *= gates[rule.valence][rows]
        labels[:, rows] = scores

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy computes outside the lock
        list(pool.map(label_chunk, range(0, frames.num_rows, CHUNK)))
    return labels.T


def _gates(frames: pa.Table, settings: Label) -> dict[str, NDArray[np.float64]]:
    """Give each valence class's factor per frame, in [0, 1]."""
    if settings.gate == "none":
        return dict.fromkeys(("P", "N"), np.ones(frames.num_rows))
    return {valence: _gate(frames, settings.gate, valence) for valence in ("P", "N")}


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


def find_categories(label: Label) -> list[str]:
    """List the human categories to learn: those of `label.emotions`, or all that occur.

    Raises `InputError` where one of `label.emotions` does not occur.
    """
    found: set[str] = set()
    for batch in batches(paths.FRAMES, ["emotion"]):
        found.update(batch.column("emotion").cast(pa.string()).unique().to_pylist())
    known = sorted(found - {None})
    return chosen(label.emotions, known, "label.emotions", "categories") or known


def choose_labeller(
    settings: Params, columns: Sequence[str], categories: Sequence[str]
) -> tuple[list[str], list[str], Labeller]:
    """Give the emotions, the frame columns to read, and the function that labels a batch.

    `columns` are those of the frame table, `categories` what is learned from human labels.
    """
    if settings.label.source == "human":
        return (
            list(categories),
            ["clip", "emotion"],
            partial(human_labels, emotions=categories),
        )
    rules = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
    needed = ["clip", "valence_class", "valence", *facs_rules.rule_columns(rules, columns)]
    divisors = settings.chosen.divisors
    return list(rules), needed, partial(facs_labels, settings=settings.label, divisors=divisors)


def write_labels(
    settings: Params, frames: Path, labels: Path, categories: Sequence[str]
) -> Distribution:
    """Stream a frame table into a table of labels; return the label distribution."""
    columns = pq.read_schema(frames).names
    emotions, needed, label = choose_labeller(settings, columns, categories)
    distribution = Distribution(emotions)
    schema = pa.schema([(emotion, pa.float32()) for emotion in emotions])
    with RowGroupWriter(labels, schema) as writer:
        for batch in batches(frames, [*needed, "subject", "split"]):
            found = label(batch)
            writer.write(pa.table(list(found.T), schema=schema))
            distribution.add(found, find_runs(batch, clips=False))
    return distribution


def write_card(settings: Params, distribution: Distribution) -> list[dict[str, Any]]:
    """Write the data card; return the warnings about the labels."""
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    warnings = distribution.warnings()
    if settings.label.source == "facs":
        rules = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
        warnings += dead_rules(rules, account["aus"])
    activity = json.loads(paths.ACTIVITY.read_text())
    card = data_card(account, activity, distribution, warnings)
    paths.DATA_CARD.write_text(json.dumps(card, indent=2) + "\n")
    return warnings


def main() -> None:
    settings = params.load()
    categories = find_categories(settings.label) if settings.label.source == "human" else []
    distribution = write_labels(settings, paths.FRAMES, paths.LABELS, categories)
    rows, warnings = distribution.rows(), write_card(settings, distribution)
    write_rows(rows, paths.LABEL_DISTRIBUTION)
    summary = {"emotions": distribution.emotions, "warnings": warnings}
    paths.LABEL_SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    print(f"{int(distribution.frames.sum())} frames labelled ({settings.label.source})")
    for row in rows:
        if row["split"] == "all":
            print("  {emotion}: {above_0_1} > 0.1, {at_least_0_5} >= 0.5".format(**row))
    for item in warnings:
        print(f"warning {item['code']}: {item['message']}")


if __name__ == "__main__":
    run_main(main)
