"""Measure the numbers of an evaluation: 2,000 resamples of subjects; memory at 10 million rows.

Run as `python -m benchmarks.speed.evaluation`. Labels and predictions of four models for six
emotions are generated, a tenth of the rows as validation, the rest as test; each subject has 150
rows, in the large case 3,000. What is measured is all that the evaluate stage computes from
predictions: thresholds, scores of every model, intervals of every model, metric and gain, the
verdict, means by split, and scores of each subject. Then the logistic regression on so many
training rows.
"""

import argparse
import subprocess
import sys
import time

import numpy as np

from benchmarks.memory import peak
from pipeline.evaluation import baselines
from pipeline.evaluation.all_models import Bounds, build_case, mean_table
from pipeline.evaluation.judgement import judge, network_by_group
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats, Ints

EMOTIONS = ("happiness", "anger", "sadness", "guilt", "fear", "anxiety")
MODELS = (baselines.NETWORK, baselines.CONSTANT, baselines.LOGISTIC, baselines.RULE)
RESAMPLES = 2000
SIZES = {3_000: 150, 10_000_000: 3_000}  # rows, rows of a subject
FEATURES = 12


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
    predicted[baselines.CONSTANT] = baselines.constant(true[: rows // 10], rows)
    subject = np.arange(rows) // each
    split = np.where(subject <= max(2, subject[-1] // 10), "val", "test")
    split = np.where(subject == 0, "train", split)
    return true, predicted, split, subject


def measure(rows: int) -> None:
    """Print seconds and peak memory for so many rows."""
    true, predicted, split, subject = make_case(rows, SIZES[rows])
    held = peak()
    begin, worked = time.perf_counter(), time.process_time()
    case = build_case(EMOTIONS, split, true, predicted, Bounds(0.5, 0.5))
    judgement = judge(case, subject, Resampling(RESAMPLES, 7, 0.95))
    table = judgement.tables()["intervals"]
    mean_table(case)
    names = [str(name) for name in range(int(subject[-1]) + 1)]
    network_by_group(case, subject, names, "subject")
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    print(
        f"{rows:,} rows, {judgement.certainty.subjects} test subjects: {len(table)} intervals of "
        f"{RESAMPLES} resamples; {seconds:.1f} s ({worked:.1f} s of processor), "
        f"peak {peak():,.0f} MB ({held:,.0f} MB before)"
    )
    print("\n".join(judgement.verdict))


def measure_regression(rows: int) -> None:
    """Print seconds and peak memory of fitting and predicting so many rows."""
    random = np.random.default_rng(2)
    features = random.random((rows, FEATURES), dtype=np.float32) * 5
    true = random.random((rows, len(EMOTIONS)), dtype=np.float32) ** 3
    begin, worked = time.perf_counter(), time.process_time()
    learnt = draw_rows(np.ones(rows, dtype=bool), 7, baselines.MOST_ROWS)
    baselines.fit_logistic(features[learnt], true[learnt]).predict(features)
    print(
        f"logistic regression, fitted to {len(learnt):,} of {rows:,} rows, all predicted: "
        f"{time.perf_counter() - begin:.1f} s ({time.process_time() - worked:.1f} s of processor), "
        f"peak {peak():,.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("numbers", "regression"), help="one part alone")
    parser.add_argument("--rows", type=int, choices=SIZES, help="of that part")
    options = parser.parse_args()
    if options.only:
        {"numbers": measure, "regression": measure_regression}[options.only](options.rows)
        return
    for part in ("numbers", "regression"):  # each in a process of its own, for its own peak
        for rows in SIZES:
            chosen = ["--only", part, "--rows", str(rows)]
            subprocess.run(
                [sys.executable, "-m", "benchmarks.speed.evaluation", *chosen], check=True
            )


if __name__ == "__main__":
    main()
