"""Ask every model about every fold, and gather what each says of all people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.evaluation.baselines import NETWORK
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.cells import Cell, Said, cell_of, compute
from studies.frames import Array, Whole
from studies.people import Part, parts_of
from studies.scores import Scorer, best_of, pool
from studies.settings import FoldsParams, params_of

BY_VALIDATION = f"{NETWORK} chosen by validation"
Folds = tuple[tuple[Said, ...], ...]  # by seed, then by fold


@dataclass(frozen=True)
class Asked:
    """A model within a variant: what it said by seed and fold, and how it did in each cell.

    `tested` and `validated` are (seeds, folds), of the primary metric; the latter NaN where a
    model needs no validation people.
    """

    variant: str
    model: str
    said: Folds
    tested: Array
    validated: Array

    def pooled(self, rows: int) -> list[Array]:
        """Give the predictions of all rows, one array a seed."""
        return [pool(folds, rows) for folds in self.said]


def plan(study: FoldsParams, settings: Params, parts: Mapping[int, Sequence[Part]]) -> list[Cell]:
    """List the cells: variant by variant, model by model, seed by seed, fold by fold."""
    return [
        cell_of(NETWORK if name in study.networks else name, own, part, seed)
        for variant in study.variants
        for name, own in models_of(study, settings, variant).items()
        for seed in study.seeds
        for part in parts[seed]
    ]


def models_of(study: FoldsParams, settings: Params, variant: str) -> dict[str, Params]:
    """Give each model's settings: the project's, the variant's, and a network's own."""
    place, base = params_of("folds"), study.variants[variant]
    networks = {
        name: params.with_values(settings, {**base, **own}, place)
        for name, own in study.networks.items()
    }
    return networks | dict.fromkeys(study.learners, params.with_values(settings, base, place))


def ask(study: FoldsParams, settings: Params, whole: Whole, scorer: Scorer) -> list[Asked]:
    """Compute all cells; return every model of every variant."""
    parts = {seed: parts_of(whole.people, study.folds, seed) for seed in study.seeds}
    cells = plan(study, settings, parts)
    said = iter(compute(cells, study.jobs))
    metric = settings.evaluate.primary
    found = []
    for variant in study.variants:
        own = []
        for name in models_of(study, settings, variant):
            by_seed = [[next(said) for _ in parts[seed]] for seed in study.seeds]
            own.append(_gather(variant, name, by_seed, scorer, metric))
        networks = [one for one in own if one.model in study.networks]
        if len(networks) > 1:
            own.insert(len(networks), choose(variant, networks))
        found += own
    return found


def _gather(
    variant: str, model: str, said: Sequence[Sequence[Said]], scorer: Scorer, metric: str
) -> Asked:
    def score(part: Said) -> tuple[float, float]:
        tested = scorer.point(part.predicted, part.places, metric)
        if not len(part.validation):
            return tested, np.nan
        return tested, scorer.point(part.validation, part.validation_places, metric)

    scores = np.array([[score(part) for part in folds] for folds in said], dtype=np.float32)
    return Asked(variant, model, tuple(map(tuple, said)), scores[..., 0], scores[..., 1])


def choose(variant: str, networks: Sequence[Asked]) -> Asked:
    """Take in each fold the network that did best on its validation people, over all seeds.

    So it is what a choice among them is worth: the test people of a fold had no say in it.
    """
    by_name = {one.model: one for one in networks}
    seeds, folds = networks[0].validated.shape
    best = [
        by_name[best_of({n: float(one.validated[:, k].mean()) for n, one in by_name.items()})]
        for k in range(folds)
    ]
    return Asked(
        variant,
        BY_VALIDATION,
        tuple(tuple(best[k].said[s][k] for k in range(folds)) for s in range(seeds)),
        np.stack([best[k].tested[:, k] for k in range(folds)], axis=1),
        np.stack([best[k].validated[:, k] for k in range(folds)], axis=1),
    )
