"""Ask the network, its baselines and scikit-learn's models about folds of people."""

import numpy as np

from pipeline.errors import InputError, run_main
from pipeline.evaluation.baselines import NETWORK
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.cells import LEARNERS
from studies.folds.asking import ask, models_of
from studies.folds.page import FIGURE, Found, draw, folds_page
from studies.folds.tables import Scored, cells_table, people_table, score_all, scores_table
from studies.frames import load_whole
from studies.recording import Inner, Result, finish
from studies.scores import Scorer, refuse_metric
from studies.settings import FoldsParams, params_of


def check(study: FoldsParams) -> None:
    """Raise `InputError` where a model is not there, or means two things."""
    known = [name for name in LEARNERS if name != NETWORK]
    if wrong := [name for name in study.learners if name not in known]:
        raise InputError(f"{params_of('folds')}: learners has {wrong}; allowed are {known}.")
    if study.reference not in (*study.learners, *study.networks):
        raise InputError(
            f"{params_of('folds')}: reference is {study.reference!r}; one of learners "
            f"{list(study.learners)} or networks {list(study.networks)} is allowed."
        )
    if both := set(study.networks) & set(study.learners):
        raise InputError(f"{params_of('folds')}: {sorted(both)} is a network and a model; rename.")


def run(study: FoldsParams, settings: Params) -> Result:
    """Ask all models, and lay out what was found."""
    check(study)
    whole, primary = load_whole(), settings.evaluate.primary
    scorer = Scorer.of(whole, settings)
    refuse_metric(primary, scorer)
    found = score_all(ask(study, settings, whole, scorer), scorer)
    scores = scores_table(found, study.reference, primary, settings.evaluate.confidence)
    people, kind = people_table(found, scorer)
    cells = cells_table(found, primary, study.seeds)
    shown = Found(study, settings, whole, scores, people, kind)
    return Result(
        study="folds",
        page=folds_page(shown),
        figures={FIGURE: draw(shown)},
        tables={"scores": scores, "people": people, "cells": cells},
        metrics={f"{s.asked.variant}/{s.asked.model}": _value(s, primary) for s in found},
        inner=[_inner(one, study, settings, primary) for one in found],
    )


def _value(one: Scored, metric: str) -> float:
    return one.scores[metric].point_macro


def _inner(one: Scored, study: FoldsParams, settings: Params, primary: str) -> Inner:
    own = models_of(study, settings, one.asked.variant).get(one.asked.model, settings)
    decided = {k: v for k, v in own.flat().items() if k.startswith(("features.", "recipe."))}
    return Inner(
        name=f"{one.asked.variant}: {one.asked.model}",
        params={"variant": one.asked.variant, "model": one.asked.model} | decided,
        metrics={metric: _value(one, metric) for metric in one.scores},
        steps={f"fold/{primary}": [float(x) for x in one.asked.tested.ravel() if np.isfinite(x)]},
    )


def main() -> None:
    study = params.load_as(FoldsParams, params_of("folds"))
    settings = params.load()
    finish(run(study, settings), settings)


if __name__ == "__main__":
    run_main(main)
