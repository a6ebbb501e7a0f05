"""Compare the label stage's rule with a loop over `DataFrame.iterrows`, on the same frames.

Run as `python -m benchmarks.speed.labels`. Both label the same rows in the same run and must agree.
"""

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.measuring import Record, options_of, ratio, tell
from pipeline.data.action_units import intensity
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.stages.steps.labelling import facs_labeller


def make_frames(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    aus = (1, 2, 4, 5, 6, 7, 12, 14, 15, 17, 20, 25)
    columns = {
        intensity(au): rng.normal(0, 1.5, rows).clip(0, 5).round(2).astype(np.float32) for au in aus
    }
    clip = np.arange(rows) // 1000
    classes = np.array(["P", "N", "M"])[clip % 3]
    return pd.DataFrame({"clip": clip.astype(str), "valence_class": classes, **columns})


def loop(frames: pd.DataFrame, settings: Params) -> np.ndarray:
    """Label as a notebook does: row by row."""
    labels = []
    for _, row in frames.iterrows():
        found = []
        for emotion, rule in settings.label.rules.items():
            if row["valence_class"] != rule.valence:
                found.append(0.0)
                continue
            values = [weight * float(row[intensity(au)]) for au, weight in rule.weights.items()]
            score = sum(values) / sum(rule.weights.values()) / settings.chosen.divisors[emotion]
            found.append(min(1.0, score))
        labels.append(found)
    return np.array(labels, dtype=np.float32)


def compare(rows: int, looped: int, rounds: int) -> Iterator[Record]:
    """Label with both, by turns, and hold them to each other."""
    settings = params.load()
    frames = make_frames(rows)
    table = pa.Table.from_pandas(frames, preserve_index=False)
    place = table.column_names.index("valence_class")  # words are encoded in the frame table
    table = table.set_column(place, "valence_class", table["valence_class"].dictionary_encode())
    label = facs_labeller(settings.label, settings.chosen.divisors)
    ours, theirs = [], []
    for _ in range(rounds):
        begin = time.perf_counter()
        labels = label(table)
        ours.append(rows / (time.perf_counter() - begin))
        begin = time.perf_counter()
        expected = loop(frames.head(looped), settings)
        theirs.append(looped / (time.perf_counter() - begin))
        np.testing.assert_array_equal(labels[:looped], expected)
    case = f"{rows:,} frames, {looped:,} in the loop"
    yield Record(case, "label stage", "frames/s", ours)
    yield Record(case, "loop over rows", "frames/s", theirs)
    yield ratio(case, "label stage / loop", ours, theirs)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    # The loop's rate does not depend on the number.
    parser.add_argument("--looped", type=int, default=5_000, help="rows that the loop is timed on")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    tell(compare(options.rows, options.looped, options.rounds), options.json)


if __name__ == "__main__":
    main()
