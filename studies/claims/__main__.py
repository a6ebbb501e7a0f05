"""Hold the recipe's promises and the recommendations against the data, with a verdict on each."""

from collections.abc import Mapping

from pipeline.errors import run_main
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.claims.asking import (
    PLACE,
    Asked,
    Network,
    against,
    ask,
    networks_of,
    recipe_of,
    tried,
)
from studies.claims.labels import OWN, Truth, labels_of, own_truth, peoples_truth
from studies.claims.page import FIGURE, Found, claims_page, draw
from studies.claims.verdicts import Line, promises, recommendations, table_of
from studies.frames import load_whole
from studies.recording import Inner, Result, finish
from studies.scores import refuse_metric
from studies.settings import ClaimsParams, refuse_one_seed


def truths_of(network: Network) -> list[Truth]:
    """Give what a recipe is judged by: its own labels, and people's where they labelled."""
    whole = load_whole(network.labels)
    people = peoples_truth(whole, network.settings)
    return [own_truth(whole, network.settings), *([people] if people else [])]


def run(study: ClaimsParams, settings: Params) -> Result:
    """Train all networks, and lay out what was found."""
    refuse_one_seed(study.seeds, PLACE)
    names = study.baseline, study.improved
    own = {name: Network(one := recipe_of(settings, name), labels_of(one)) for name in names}
    truths = {name: truths_of(one) for name, one in own.items()}
    whole, judged = load_whole(own[study.improved].labels), truths[study.improved]
    chosen = settings.evaluate
    refuse_metric(chosen.primary, judged[0].scorer)
    asked = ask(study, networks_of(study, own), whole)
    baseline, improved = ((asked[name], truths[name]) for name in names)
    found = Found(
        study=study,
        settings=settings,
        whole=whole,
        promises=promises(baseline, improved, chosen.confidence),
        recommendations=recommendations(study, asked, judged, chosen.primary),
        courses={name: asked[name] for name in names},
    )
    return result_of(found, asked)


def result_of(found: Found, asked: Mapping[str, Asked]) -> Result:
    """Put together what is written and recorded."""
    lines = [*found.promises, *found.recommendations]
    decided = [one for one in lines if one.verdict]
    return Result(
        study="claims",
        page=claims_page(found),
        figures={FIGURE: draw(found)},
        tables={"claims": table_of(lines)},
        metrics={f"{one.claim}/{_key(one)}": one.change.point for one in decided},
        inner=[_inner(name, one, found) for name, one in asked.items()],
    )


def _key(line: Line) -> str:
    return line.key if line.truth == OWN else f"{line.key}/people"


def _inner(name: str, asked: Asked, found: Found) -> Inner:
    """Record a network with the numbers that its claims compare."""
    sides = {
        found.study.baseline: [(_key(one), one.without) for one in found.promises],
        found.study.improved: [(_key(one), one.own) for one in found.promises],
    }
    for one in found.recommendations:
        sides.setdefault(against(one.claim), []).append((_key(one), one.without))
        sides.setdefault(tried(one.claim), []).append((_key(one), one.own))
    values = asked.network.settings.flat()
    decided = {k: v for k, v in values.items() if k.startswith(("features.", "recipe.", "train."))}
    share = {"people": asked.network.share}
    return Inner(name, decided | share, {key: side.point for key, side in sides[name]}, {})


def main() -> None:
    study = params.load_as(ClaimsParams, PLACE)
    settings = params.load()
    finish(run(study, settings), settings)


if __name__ == "__main__":
    run_main(main)
