"""Measure how often intervals hold the truth, on data of which the truth is known.

Run as `python -m benchmarks.soak.coverage`. Two models score the same rows; an interval of the
difference of their macro scores is right where it holds the difference among endless subjects.
Subjects differ in how often they are positive and in how well each model does on them. In the
world `plain` one row in four is positive; in `harsh` one in nine, subjects differ twice as much
and some have twenty times as many rows as others. The second column is for the plain percentile
interval, without the widening for few subjects. Exit code 1 where intervals of at least `ENOUGH`
subjects hold the truth less often than `LOWEST`.
"""

import argparse

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.resampling.bootstrap import (
    Samples,
    difference,
    group,
    interval,
    samples_of,
)

METRICS = ("average_precision", "auroc", "f1")
EMOTIONS = ("joy", "anger", "fear")
SUBJECTS = (3, 4, 5, 8, 12, 20, 50)
RESAMPLES = 1000
ENDLESS = 30_000  # subjects whose scores stand for the truth
LEVEL = 0.95
ENOUGH, LOWEST = (
    5,
    0.91,
)  # three standard errors of 1,000 simulations below what is asked for, nearly
Floats = npt.NDArray[np.float64]
Truth = dict[str, float]  # by metric

# Mean share of positives, spread between subjects, rows of a subject (median, spread of the log).
WORLDS = {"plain": (0.25, 0.3, 35, 0.4), "harsh": (0.11, 0.6, 35, 0.75)}


def make_rows(
    random: np.random.Generator, subjects: int, world: str, gap: float
) -> tuple[Floats, list[Floats], npt.NDArray[np.int64]]:
    """Make labels, predictions of two models (the first better by `gap`) and rows' subjects."""
    share, spread, median, uneven = WORLDS[world]
    sizes = np.maximum(5, random.lognormal(np.log(median), uneven, subjects).astype(int))
    of = np.repeat(np.arange(subjects), sizes)
    true = np.empty((len(of), len(EMOTIONS)))
    models = [np.empty_like(true), np.empty_like(true)]
    for e in range(len(EMOTIONS)):
        often = random.beta(6 * share, 6 * (1 - share), subjects)
        true[:, e] = random.random(len(of)) < often[of]
        person, noise = random.normal(0, spread, (2, subjects)), random.normal(0, 0.7, len(of))
        for m, model in enumerate(models):
            skill, tilt = person + random.normal(0, spread, (2, subjects))
            skill += 1.2 + (gap if m == 0 else 0)
            own = noise + random.normal(0, 0.7, len(of))
            model[:, e] = 1 / (1 + np.exp(1.2 - true[:, e] * skill[of] - tilt[of] - own))
    return true, models, of


def gains(
    random: np.random.Generator, subjects: int, world: str, gap: float, resamples: int
) -> dict[str, Samples]:
    """Draw people and give the samples of the difference of the two models."""
    true, models, of = make_rows(random, subjects, world, gap)
    groups = group(of, resamples, int(random.integers(2**31)))
    settings = {"positive_at": 0.5, "thresholds": 0.35}
    first, second = (
        samples_of(true, model, groups, EMOTIONS, METRICS, **settings) for model in models
    )
    return {metric: difference(first[metric], second[metric]) for metric in METRICS}


def measure(subjects: int, world: str, gap: float, times: int, truth: Truth) -> list[float]:
    """Print and give the share of intervals that hold the truth; print how many were defined."""
    random = np.random.default_rng(subjects)
    found: dict[str, list[tuple[bool, bool]]] = {metric: [] for metric in METRICS}
    for _ in range(times):
        for metric, gain in gains(random, subjects, world, gap, RESAMPLES).items():
            right, bounds = truth[metric], interval(gain, LEVEL)
            if not bounds.reason:
                plain = np.nanquantile(gain.samples_macro, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
                held = plain[0] <= right <= plain[1]
                found[metric].append((bounds.low <= right <= bounds.high, bool(held)))
    shares = []
    for metric, held in found.items():
        if held:
            ours, percentile = np.mean(held, axis=0)
            shares.append(float(ours))
            print(
                f"{world} {subjects:3d} subjects  gain {truth[metric]:+.3f}  "
                f"{metric:18s} coverage {ours:6.1%}  percentile {percentile:6.1%}  "
                f"defined {len(held) / times:4.0%}",
                flush=True,
            )
    return shares


def truths(world: str, gap: float, subjects: int = ENDLESS) -> Truth:
    """Give the difference of the two models' macro scores among so many people, by metric."""
    found = gains(np.random.default_rng(1), subjects, world, gap, 1)
    return {metric: gain.point_macro for metric, gain in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="simulations a line")
    parser.add_argument("--gap", type=float, default=0.3, help="how much better the first is")
    options = parser.parse_args()
    few: list[float] = []
    many: list[float] = []
    for world in WORLDS:
        truth = truths(world, options.gap)
        for subjects in SUBJECTS:
            shares = measure(subjects, world, options.gap, options.times, truth)
            (many if subjects >= ENOUGH else few).extend(shares)
    print(
        f"{LEVEL:.0%} intervals hold the truth in {min(many):.1%} to {max(many):.1%} from {ENOUGH} "
        f"subjects on, in {min(few):.1%} to {max(few):.1%} with fewer; {options.times} simulations"
    )
    raise SystemExit(min(many) < LOWEST)


if __name__ == "__main__":
    main()
