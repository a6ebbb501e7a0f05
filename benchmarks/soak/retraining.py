"""Retrain on data that brings a gain, none, or harm, seed by seed; see what the gate makes of it.

Run as `python -m benchmarks.soak.retraining`. People are simulated as for the demo data (labels by
the rules of params.yaml). Champion and challenger are trained as `train` does, with fewer epochs,
and judged on the same test people by the demands in params.yaml. A seed has three cases:

- gain: the champion knew `FEW` people, the challenger `MANY`;
- none: both knew `MANY`, but others;
- harm: to the champion's `MANY` come as many whose labels belong to other frames.

Beside each verdict stands the true change: the same metric on `CROWD` people of whom the gate knows
nothing. A promotion is right where the data was made to bring a gain, and wrong elsewhere.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.comparison.paired import Pair, Side, find, measure
from pipeline.data.labels import facs_rules
from pipeline.model.training.fit import Data, Settings, fit
from pipeline.model.training.saving import Predictor
from pipeline.promotion.decision import demands_of
from pipeline.promotion.gate import judge
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.stages import demo

FEW, MANY, VALIDATION, TEST, CROWD = 2, 40, 8, 40, 100
EPOCHS = 12
WANTED = {"gain": (9, 10), "none": (0, 1), "harm": (0, 1)}  # promotions of 10, lowest and highest

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class People:
    """Rows of some people: features (rows, AUs), labels (rows, emotions), each row's subject."""

    features: Array
    labels: Array
    subject: npt.NDArray[np.str_]

    def without_meaning(self, rng: np.random.Generator) -> "People":
        """Deal the labels to other frames."""
        return replace(self, labels=self.labels[rng.permutation(len(self.labels))])

    def __add__(self, other: "People") -> "People":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return People(*(np.concatenate(pair) for pair in pairs))


def simulate(settings: Params, subjects: int, seed: int) -> People:
    """Simulate so many people who occur in no other call with another seed."""
    asked = {"subjects": subjects, "clips_per_subject": 3, "frames_per_clip": 20, "seed": seed}
    clips = demo.generate(settings.demo.model_copy(update=asked))
    rules = {name: rule.weights for name, rule in settings.label.rules.items()}
    gates = np.array([rule.valence for rule in settings.label.rules.values()])
    features, labels, names = [], [], []
    for clip in clips:
        aus = clip.aus.drop(columns="Image").astype(np.float32)
        columns = {str(name): aus[name].to_numpy() for name in aus}
        scores = facs_rules.rule_scores(columns, rules, settings.chosen.divisors)
        features.append(aus.to_numpy())
        labels.append(scores * (gates == clip.name[-1]))
        names += [f"{seed}-{clip.name.split('_')[0]}"] * len(aus)
    return People(np.concatenate(features), np.concatenate(labels).astype("f4"), np.array(names))


def train(settings: Params, known: People, validation: People, seed: int) -> Predictor:
    """Train the recipe's network, without weights and for a few epochs."""
    recipe, asked = settings.chosen, settings.train
    chosen = Settings(
        seed=seed,
        hidden=recipe.hidden,
        dropout=recipe.dropout,
        batch_norm=recipe.batch_norm,
        weights=[1.0] * known.labels.shape[1],
        weight_mode="none",
        learning_rate=asked.learning_rate,
        batch_size=asked.batch_size,
        epochs=EPOCHS,
        early_stopping_patience=None,
        lr_patience=None,
        lr_factor=asked.lr_factor,
        lr_lowest=asked.lr_lowest,
    )
    data = Data((known.features, known.labels), (validation.features, validation.labels))
    with tempfile.TemporaryDirectory() as folder:
        trained = fit(data, chosen, lambda *_: {}, lambda *_: None, Path(folder))
    return Predictor(trained.model)


def compare(settings: Params, people: People, old: Predictor, new: Predictor) -> Pair:
    """Let both predict the same people."""
    bounds = np.full(len(settings.label.rules), settings.evaluate.threshold)
    return Pair(
        subject=people.subject,
        clip=people.subject,
        emotions=list(settings.label.rules),
        true=people.labels,
        first=Side(old(people.features), bounds),
        second=Side(new(people.features), bounds),
        positive_at=settings.evaluate.positive_at,
    )


def one_seed(settings: Params, seed: int) -> dict[str, tuple[str, float, float]]:
    """Play the three cases; give outcome, measured and true change of each."""
    many, others, more = (simulate(settings, MANY, 1000 * seed + i) for i in range(3))
    few, validation = (simulate(settings, n, 1000 * seed + n) for n in (FEW, VALIDATION))
    test, crowd = (simulate(settings, n, 1000 * seed + n) for n in (TEST, CROWD))
    harmed = many + more.without_meaning(np.random.default_rng(seed))
    known = {"few": few, "many": many, "others": others, "harmed": harmed}
    models = {name: train(settings, people, validation, seed) for name, people in known.items()}
    cases = {"gain": ("few", "many"), "none": ("many", "others"), "harm": ("many", "harmed")}
    demands = demands_of(settings)
    hardly = replace(demands.resampling, resamples=2)  # the crowd's interval is not looked at
    found: dict[str, tuple[str, float, float]] = {}
    for case, (old, new) in cases.items():
        pair = compare(settings, test, models[old], models[new])
        measured = measure(pair, demands.metrics, demands.resampling)
        crowd_pair = compare(settings, crowd, models[old], models[new])
        true = find(measure(crowd_pair, demands.metrics, hardly), demands.metric)
        outcome = judge(measured, [], demands).outcome
        change = find(measured, demands.metric).change
        found[case] = outcome, change.point, true.change.point
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    settings = params.load()
    counted: dict[str, Counter[str]] = {case: Counter() for case in WANTED}
    for seed in range(1, seeds + 1):
        for case, (outcome, change, true) in one_seed(settings, seed).items():
            counted[case][outcome] += 1
            told = f"measured {change:+.3f}, true {true:+.3f}"
            print(f"seed {seed:2d}  {case}: {outcome:9s} {told}", flush=True)
    told = "; ".join(f"{case}: {dict(outcomes)}" for case, outcomes in counted.items())
    print(f"{seeds} seeds. {told}")
    shares = {case: outcomes["promoted"] / seeds for case, outcomes in counted.items()}
    if any(not low / 10 <= shares[case] <= high / 10 for case, (low, high) in WANTED.items()):
        raise SystemExit(f"promotions beyond what is allowed: {shares}")


if __name__ == "__main__":
    main()
