"""Label a whole frame table as the settings say, batch by batch."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.card.label_distribution import Distribution
from pipeline.data.frames import RowGroupWriter, batches, find_runs
from pipeline.data.labels import facs_rules
from pipeline.data.labels.assign import facs_labels, human_labels
from pipeline.settings.data_sections import Label
from pipeline.settings.schema import Params

Labeller = Callable[[pa.Table], NDArray[np.float32]]


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
    rules = settings.label.weights
    needed = ["clip", "valence_class", "valence", *facs_rules.rule_columns(rules, columns)]
    return list(rules), needed, facs_labeller(settings.label, settings.chosen.divisors)


def facs_labeller(label: Label, divisors: Mapping[str, float]) -> Labeller:
    """Give the function that labels a batch by the rules; see `facs_labels`."""
    valences = {emotion: rule.valence for emotion, rule in label.rules.items()}
    return partial(
        facs_labels, rules=label.weights, valences=valences, divisors=divisors, gate=label.gate
    )


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
