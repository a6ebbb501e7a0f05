"""Train every network that a claim is about, for every fold and seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.evaluation.baselines import NETWORK
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.cells import READ_BY_NETWORK, Cell, Said, cell_of, compute
from studies.frames import Array, Whole
from studies.people import Part, fewer, parts_of
from studies.scores import pool
from studies.settings import ClaimsParams, Values, params_of

PLACE = params_of("claims")
MORE = "more people"
DIVISORS = "recipe.divisors"


@dataclass(frozen=True)
class Network:
    """How a network is trained: settings, labels, the share of its training people."""

    settings: Params
    labels: Path
    share: float = 1.0


@dataclass(frozen=True)
class Asked:
    """What a network said by seed, then by fold."""

    network: Network
    said: tuple[tuple[Said, ...], ...]
    rows: int

    def pooled(self) -> list[Array]:
        """Give the predictions of all rows, one array a seed."""
        return [pool(folds, self.rows) for folds in self.said]


def recipe_of(settings: Params, name: str) -> Params:
    """Take another recipe; raises `InputError` where there is none of that name."""
    return params.with_values(settings, {"recipe": name}, PLACE)


def tried(name: str) -> str:
    """Call the network that follows a recommendation."""
    return f"{name}: followed"


def against(name: str) -> str:
    """Call the network that does not."""
    return f"{name}: not followed"


def networks_of(study: ClaimsParams, own: Mapping[str, Network]) -> dict[str, Network]:
    """List all networks by name; `own` are those of the two recipes.

    Raises `InputError` where a recommendation changes the labels, or not the network, or has the
    name of the one that is always asked.
    """
    _refuse_name(study)
    found, base = dict(own), own[study.improved]

    def add(name: str, key: str, values: Values) -> None:
        wrong = [k for k in values if not k.startswith(READ_BY_NETWORK) or k.startswith(DIVISORS)]
        if wrong:
            raise InputError(
                f"{PLACE}: recommendations.{key} sets {wrong[0]}, which changes the labels, or not "
                "the network; a gain is told of another network with the same labels. Allowed are "
                f"{', '.join(READ_BY_NETWORK)}, without {DIVISORS}."
            )
        found[name] = Network(params.with_values(base.settings, values, PLACE), base.labels)

    for key, one in study.recommendations.items():
        add(tried(key), key, one.tried)
        add(against(key), key, one.against)
    found[tried(MORE)] = base
    found[against(MORE)] = Network(base.settings, base.labels, study.fewer_people)
    return found


def _refuse_name(study: ClaimsParams) -> None:
    if MORE in study.recommendations:
        raise InputError(
            f"{PLACE}: recommendations has {MORE!r}, the name of what `fewer_people` asks; rename "
            "yours, to 'more of the people', say."
        )


def plan(network: Network, parts: Mapping[int, Sequence[Part]]) -> list[Cell]:
    """List the cells of a network, seed by seed, fold by fold."""
    return [
        cell_of(NETWORK, network.settings, _part(network, part, seed), seed, network.labels)
        for seed, folds in parts.items()
        for part in folds
    ]


def _part(network: Network, part: Part, seed: int) -> Part:
    if network.share == 1:
        return part
    return fewer(part, max(1, round(network.share * len(part.train))), seed)


def ask(study: ClaimsParams, networks: Mapping[str, Network], whole: Whole) -> dict[str, Asked]:
    """Compute all cells; return what every network said of all rows."""
    parts = {seed: parts_of(whole.people, study.folds, seed) for seed in study.seeds}
    cells = [cell for one in networks.values() for cell in plan(one, parts)]
    said = iter(compute(cells, study.jobs))
    return {
        name: Asked(
            one,
            tuple(tuple(next(said) for _ in folds) for folds in parts.values()),
            len(whole.labels),
        )
        for name, one in networks.items()
    }
