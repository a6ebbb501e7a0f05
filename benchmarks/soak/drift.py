"""Count how often `drift` alarms where it must, and where it must not.

Run as `python -m benchmarks.soak.drift --ravdess CLIPS.csv`. For each source and number of new
people, 100 times: people are drawn at random to be the new data, the others are training. They are
compared as they are (an alarm is false), with one action unit raised by half a point (each in turn;
no alarm is a miss), and divided by 5, as a scale of 0-1. Then networks are trained on generated
people, and fresh ones are compared, predictions included. RAVDESS is not part of this repository: a
CSV of clip means with AU columns, clips named as its files are.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.soak.people import Frames, demo, ravdess, spread
from pipeline.data.card.profile import Predict, Profile, nothing
from pipeline.data.frames import as_matrix
from pipeline.data.labels import facs_rules
from pipeline.drift.shift_test import DriftBounds, compare
from pipeline.settings import params
from pipeline.settings.schema import Params

RAISED = 0.5
FALSE_ALLOWED = 0.05
ENOUGH = 12  # new people, beside as many at least, of whom no shift is missed
TRAINED = 12  # people that a network learns from; 4 more validate
FRESH = 8


@dataclass(frozen=True)
class Counts:
    """Of so many draws: false alarms, misses by action unit, alarms at another unit."""

    draws: int
    false: int
    missed: Counter[str]
    units: int


def draw(frames: Frames, new: int, draws: int, bounds: DriftBounds) -> Counts:
    """Deal people to new and training so often, and compare the three ways."""
    rng = np.random.default_rng(bounds.seed)
    whole, raised, scaled = (
        Frames(frames.aus, values.astype(np.float32), frames.subject).profile([], nothing)
        for values in (
            frames.intensities,
            np.minimum(frames.intensities + RAISED, 5),
            frames.intensities / 5,
        )
    )
    false = units = 0
    missed: Counter[str] = Counter()
    for number in range(draws):
        order = rng.permutation(len(whole.counts))
        chosen, rest = order[:new], order[new:]
        training = Profile(whole.items, whole.counts[rest])
        au = number % len(frames.aus)
        one = whole.counts[chosen]
        one[:, au] = raised.counts[chosen, au]

        def outcome(counts: NDArray[np.int64], training: Profile = training) -> str:
            return compare(training, Profile(training.items, counts), bounds).outcome

        false += outcome(whole.counts[chosen]) == "drift"
        missed[frames.aus[au]] += outcome(one) != "drift"
        units += outcome(scaled.counts[chosen]) == "drift"
    return Counts(draws, false, +missed, units)


def show(name: str, people: int, new: int, found: Counts) -> bool:
    """Print a row; tell whether false alarms were few, and nothing missed that must be found."""
    misses = ", ".join(f"{au} {times}" for au, times in sorted(found.missed.items())) or "none"
    print(
        f"| {name} | {people - new} | {new} | {found.false} | {found.missed.total()} ({misses}) | "
        f"{found.units} of {found.draws} |",
        flush=True,
    )
    missed = found.missed.total() if new >= ENOUGH else 0
    return found.false <= FALSE_ALLOWED * found.draws and found.units == found.draws and not missed


def train(settings: Params, frames: Frames, valence: NDArray[np.str_]) -> Predict:
    """Train a network by the chosen recipe on all people but the last four, who validate."""
    from pipeline.evaluation.scoring.emotion_scores import epoch_scores
    from pipeline.model.training.fit import Data, fit
    from pipeline.model.training.saving import Predictor
    from pipeline.stages.steps.training import fit_settings

    rules = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
    columns = dict(zip(frames.aus, frames.intensities.T, strict=True))
    gate = np.array([valence == rule.valence for rule in settings.label.rules.values()]).T
    labels = facs_rules.rule_scores(columns, rules, settings.chosen.divisors) * gate
    rows = np.isin(frames.subject, np.unique(frames.subject)[:TRAINED])
    weights = {"weights": dict.fromkeys(rules, 1.0), "mode": "none"}
    train, others = (
        (frames.intensities[part], labels[part].astype(np.float32)) for part in (rows, ~rows)
    )
    score = partial(epoch_scores, emotions=list(rules), positive_at=0.5, threshold=0.5)
    with tempfile.TemporaryDirectory() as folder:
        chosen = fit_settings(settings, weights)
        trained = fit(Data(train, others), chosen, score, lambda *_: None, Path(folder))
    network = Predictor(trained.model)
    return lambda table: network(as_matrix(table, frames.aus))


def predictions(settings: Params, networks: int, draws: int, bounds: DriftBounds) -> Counter[str]:
    """Compare fresh people with what networks were trained on; count alarms by what shifted."""
    emotions = list(settings.label.rules)
    alarms: Counter[str] = Counter()
    for number in range(networks):
        frames, valence = demo(1000 + number, TRAINED + 4)
        predict = train(settings, frames, valence)
        rows = np.isin(frames.subject, np.unique(frames.subject)[:TRAINED])
        seen = Frames(frames.aus, frames.intensities[rows], frames.subject[rows])
        training = seen.profile(emotions, predict)
        for fresh in range(draws // networks):
            people, _ = demo(2000 + number * draws + fresh, FRESH)
            found = compare(training, people.profile(emotions, predict), bounds)
            alarms.update(found.items["kind"][found.items["drift"]].unique())
            alarms["any"] += found.outcome == "drift"
    return alarms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ravdess", type=Path, help="CSV of clip means; left out where not given")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--networks", type=int, default=5)
    options = parser.parse_args()
    settings = params.load()
    bounds = DriftBounds(**settings.drift.model_dump())
    sources: dict[str, tuple[Frames, int, tuple[int, ...]]] = {}
    sources["demo, 20 people"] = demo(20, 20)[0], 20, (4, 8)
    sources["demo, 60 people"] = demo(21, 60)[0], 60, (4, 8, 12, 20)
    if options.ravdess:
        sources["RAVDESS, 24 actors"] = ravdess(options.ravdess), 24, (3, 5, 8, 12)
    print(f"| source | training | new | false alarms of {options.draws} | misses | units |")
    print("|---|---:|---:|---:|---|---:|")
    sound = [
        show(name, people, new, draw(frames, new, options.draws, bounds))
        for name, (frames, people, groups) in sources.items()
        for new in groups
    ]
    for name, (frames, *_) in sources.items():
        print(f"{name}: means of people differ by a standard deviation of {spread(frames)}")
    alarms = predictions(settings, options.networks, options.draws, bounds)
    print(
        f"{sum(sound)} of {len(sound)} rows as they must be; with predictions ({options.networks} "
        f"networks, {options.draws} groups of {FRESH} fresh people of the same kind) "
        f"{alarms['any']} false alarms ({alarms['prediction']} by predictions, {alarms['AU']} by "
        "action units)"
    )
    if not all(sound) or alarms["any"] > FALSE_ALLOWED * options.draws:
        raise SystemExit("too many false alarms, or a shift or another unit that was not noticed")


if __name__ == "__main__":
    main()
