"""Measure evaluation: the whole stage on the demo data, and its numbers at up to 10 million rows.

Run as `python -m benchmarks.speed.evaluation`. The stage runs again and again in a copy where all
before it is done, by turns with its import alone. The numbers: labels and predictions of four
models for six emotions are generated, a tenth of the rows as validation, the rest as test; each
subject has 150 rows, from a million rows on 3,000. What is measured is all that the stage computes
from predictions: thresholds, scores of every model, intervals of every model, metric and gain of
2,000 resamples of subjects, the verdict, means by split, and scores of each subject. Then the
logistic regression on so many training rows. `--sizes 3000 10000000` takes some minutes and 3 GB.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from throwaway import make_clone, run

from benchmarks.measuring import (
    Record,
    by_turns,
    in_own_process,
    options_of,
    processor_of_children,
    ratio,
    tell,
)
from benchmarks.memory import peak
from pipeline.evaluation import baselines
from pipeline.evaluation.all_models import Bounds, build_case, mean_table
from pipeline.evaluation.baselines.logistic_regression import MOST_ROWS, fit_logistic
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.judgement import judge, network_by_group
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats, Ints

EMOTIONS = ("happiness", "anger", "sadness", "guilt", "fear", "anxiety")
MODELS = (baselines.NETWORK, baselines.CONSTANT, baselines.LOGISTIC, baselines.RULE)
RESAMPLES = 2000
FEW_EACH, MANY_EACH, LONG = 150, 3_000, 1_000_000  # rows of a subject, and from how many on many
FEATURES = 12

IMPORT = "import pipeline.stages.steps.evaluating"  # what the stage loads


def make_case(rows: int, each: int) -> tuple[Floats, dict[str, Floats], np.ndarray, Ints]:
    """Make labels of which a tenth are positive, predictions, splits and subjects."""
    random = np.random.default_rng(1)
    true = random.random((rows, len(EMOTIONS)), dtype=np.float32) ** 3
    predicted: dict[str, Floats] = {}
    for model in MODELS:
        noise = random.standard_normal(true.shape, dtype=np.float32)
        noise *= 0.3
        noise += true
        predicted[model] = np.clip(noise, 0, 1, out=noise)
    predicted[baselines.CONSTANT] = training_mean(true[: rows // 10], rows)
    subject = np.arange(rows) // each
    split = np.where(subject <= max(2, subject[-1] // 10), "val", "test")
    split = np.where(subject == 0, "train", split)
    return true, predicted, split, subject


def numbers(rows: int) -> list[Record]:
    """Compute what so many predictions come to, in this process."""
    true, predicted, split, subject = make_case(rows, FEW_EACH if rows < LONG else MANY_EACH)
    held = peak()
    begin, worked = time.perf_counter(), time.process_time()
    case = build_case(EMOTIONS, split, true, predicted, Bounds(0.5, 0.5))
    judgement = judge(case, subject, Resampling(RESAMPLES, 7, 0.95))
    intervals = len(judgement.tables()["intervals"])
    mean_table(case)
    names = [str(name) for name in range(int(subject[-1]) + 1)]
    network_by_group(case, subject, names, "subject")
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    name = f"numbers of {rows:,} rows, {judgement.certainty.subjects:,} test subjects"
    counted = Record(name, "intervals", "", [intervals])
    return [counted, *spent(name, [(seconds, worked)]), *memory(name, held)]


def regression(rows: int) -> list[Record]:
    """Fit logistic regression to so many rows, and predict them, in this process."""
    random = np.random.default_rng(2)
    features = random.random((rows, FEATURES), dtype=np.float32) * 5
    true = random.random((rows, len(EMOTIONS)), dtype=np.float32) ** 3
    held = peak()
    begin, worked = time.perf_counter(), time.process_time()
    learnt = draw_rows(np.ones(rows, dtype=bool), 7, MOST_ROWS)
    fit_logistic(features[learnt], true[learnt]).predict(features)
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    name = f"regression fitted to {len(learnt):,} of {rows:,} rows"
    return [*spent(name, [(seconds, worked)]), *memory(name, held)]


def spent(case: str, rounds: Sequence[tuple[float, float]]) -> list[Record]:
    """Record seconds elapsed and of processor."""
    elapsed, worked = zip(*rounds, strict=True)
    return [Record(case, "time", "s", elapsed), Record(case, "processor time", "s", worked)]


def memory(case: str, held: float) -> list[Record]:
    """Record the peak of this process, and that of making its arrays (MB)."""
    return [
        Record(case, "peak memory", "MB", [peak()]),
        Record(case, "of it before", "MB", [held]),
    ]


def time_python(clone: Path, *arguments: str) -> tuple[float, float]:
    """Run Python in the copy; give seconds elapsed and of processor."""
    begin, worked = time.perf_counter(), processor_of_children()
    run(clone, "python", *arguments)
    return time.perf_counter() - begin, processor_of_children() - worked


def stage(rounds: int) -> Iterator[Record]:
    """Run the evaluate stage again and again where all before it is done."""
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder))
        for target in ("demo/dvc.yaml", "train"):
            run(clone, "dvc", "repro", target)
        contenders = {
            "stage on the demo data": partial(time_python, clone, "-m", "pipeline.stages.evaluate"),
            "its import alone": partial(time_python, clone, "-c", IMPORT),
        }
        found = by_turns(contenders, rounds)
    for case, timed in found.items():
        yield from spent(case, timed)
    whole, start = ([elapsed for elapsed, _ in timed] for timed in found.values())
    yield ratio("stage on the demo data", "time / import's", whole, start)


def measured(sizes: Sequence[int], rounds: int) -> Iterator[Record]:
    yield from stage(rounds)
    for part in PARTS:  # each in a process of its own, for its own peak
        for rows in sizes:
            command = ("benchmarks.speed.evaluation", "--part", part, "--sizes", str(rows))
            yield from (Record(**one) for one in in_own_process(*command))


PARTS = {"numbers": numbers, "regression": regression}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[3_000, 1_000_000], help="rows")
    parser.add_argument("--rounds", type=int, default=5, help="of the stage")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        (rows,) = options.sizes
        print(json.dumps([asdict(record) for record in PARTS[options.part](rows)]))
        return
    tell(measured(options.sizes, options.rounds), options.json)


if __name__ == "__main__":
    main()
