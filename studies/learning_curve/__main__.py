"""Tell what more people to train on, and more clips of a new person, would bring."""

from pipeline.errors import run_main
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.frames import load_whole
from studies.learning_curve.asking import PLACE, Asking, by_own_clips, by_people
from studies.learning_curve.figure import FIGURE, draw
from studies.learning_curve.found import Found, clips_table, curve_table
from studies.learning_curve.page import curve_page
from studies.learning_curve.power_law import fit_laws
from studies.recording import Inner, Result, finish
from studies.scores import Scorer, refuse_metric
from studies.settings import LearningCurveParams, refuse_one_seed


def run(study: LearningCurveParams, settings: Params) -> Result:
    """Ask all networks, and lay out what was found."""
    refuse_one_seed(study.seeds, PLACE)
    whole, primary = load_whole(), settings.evaluate.primary
    scorer = Scorer.of(whole, settings)
    refuse_metric(primary, scorer)
    asking = Asking(study, settings, whole, scorer)
    curve = by_people(asking)
    laws = fit_laws(curve.numbers, curve.scores)
    found = Found(study, settings, whole, curve, laws, by_own_clips(asking))
    return Result(
        study="learning_curve",
        page=curve_page(found),
        figures={FIGURE: draw(found)},
        tables={"people": curve_table(found), "clips": clips_table(found)},
        metrics={"expected_gain": found.further.point},
        inner=_inner(found, primary),
    )


def _inner(found: Found, primary: str) -> list[Inner]:
    """Record a run for each number of people, and of own clips."""
    curves = [("people", found.curve)]
    if found.own_clips is not None:
        curves.append(("own_clips", found.own_clips.by_number))
    return [
        Inner(f"{number:.0f} {kind}", {kind: number}, {primary: one.point_macro}, {})
        for kind, curve in curves
        for number, one in zip(curve.numbers, curve.scores, strict=True)
    ]


def main() -> None:
    study = params.load_as(LearningCurveParams, PLACE)
    settings = params.load()
    finish(run(study, settings), settings)


if __name__ == "__main__":
    run_main(main)
