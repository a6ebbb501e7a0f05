import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.report.pages.text import to_markdown
from pipeline.settings import params
from studies.cells import CELLS, cell_of
from studies.folds.__main__ import check, run
from studies.folds.asking import BY_VALIDATION, Asked, choose
from studies.frames import load_whole
from studies.people import parts_of
from studies.recording import finish
from studies.settings import Dealing, FoldsParams, params_of

CALIBRATED = {"features.calibrate": "subject"}


@pytest.fixture(scope="module")
def study():
    return FoldsParams(
        folds=Dealing(number=2, given=None, validation=0.25),
        seeds=(1, 2),
        variants={"plain": {}},
        networks={"network": {}},
        learners=("constant", "logistic regression", "linear discriminant analysis"),
        reference="logistic regression",
        published=(),
        jobs=1,
    )


@pytest.fixture(scope="module")
def found(study, studied, settings):
    with contextlib.chdir(studied):
        return run(study, settings)


def test_a_study_that_was_killed_finds_the_same(
    found, study, studied, settings, monkeypatch, capsys
):
    monkeypatch.chdir(studied)
    part = parts_of(load_whole().people, study.folds, seed=1)[0]
    for model in (baselines.NETWORK, baselines.LOGISTIC):
        (CELLS / f"{cell_of(model, settings, part, 1).key}.parquet").unlink()
    (CELLS / "half.1234").write_text("a cell that was being written")
    again = run(study, settings)
    assert "2 of 2: " in capsys.readouterr().out
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert to_markdown(found.page) == to_markdown(again.page)


def test_a_study_tells_of_every_model_emotion_and_person(found, study):
    scores = found.tables["scores"]
    assert set(scores["model"]) == {"network", *study.learners}
    assert set(scores["emotion"]) == {"all", "anger", "joy", "sadness"}
    assert len(found.tables["people"]) == 8
    assert len(found.tables["cells"]) == 4 * 2 * 2
    best = scores.query("model == 'linear discriminant analysis' and metric == 'clip_accuracy'")
    assert best["value"].min() > 0.9
    page = to_markdown(found.page)
    assert "Who is not understood" in page
    assert "recall of clips" in page


def test_one_run_holds_the_study_and_one_below_it_each_model(
    study, world, settings, store, client, monkeypatch
):
    world()
    params_of("folds").parent.mkdir(parents=True)
    params_of("folds").write_text("")
    study = study.model_copy(update={"networks": {}, "variants": {"own level": CALIBRATED}})
    finish(run(study, settings), settings)
    experiment = client.get_experiment_by_name("au-emotion studies")
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [one for one in runs if "mlflow.parentRunId" not in one.data.tags]
    below = [one for one in runs if one.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(below) == len(runs) - 1 == 3
    assert {one.info.status for one in runs} == {"FINISHED"}
    assert parent.data.metrics["own level/constant"] == pytest.approx(
        next(one for one in below if one.info.run_name == "own level: constant").data.metrics[
            "clip_accuracy"
        ]
    )
    assert "report.html" in {item.path for item in client.list_artifacts(parent.info.run_id)}


def test_the_choice_among_networks_looks_at_validation_alone():
    def asked(name, validated, tested):
        said = ((f"{name} of fold 1", f"{name} of fold 2"),)
        return Asked("v", name, said, np.array([tested]), np.array([validated]))

    one = asked("one", [0.9, 0.1], [0.0, 0.0])
    other = asked("other", [0.5, 0.5], [1.0, 1.0])
    found = choose("v", [one, other])
    assert found.model == BY_VALIDATION
    assert found.said == (("one of fold 1", "other of fold 2"),)
    assert found.tested.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({"learners": ("network",)}, "learners has .'network'.; allowed are"),
        ({"reference": "oracle"}, "reference is 'oracle'"),
        ({"networks": {"constant": {}}}, "is a network and a model"),
    ],
)
def test_models_that_do_not_fit_are_one_line(study, update, told):
    with pytest.raises(InputError, match=told):
        check(study.model_copy(update=update))


def test_a_value_that_the_project_does_not_know_is_one_line(study, world, settings):
    world()
    wrong = study.model_copy(update={"networks": {"network": {"recipe.hiden": [4]}}})
    with pytest.raises(InputError, match=r"studies/folds/params.yaml: .*Did you mean 'hidden'"):
        run(wrong, settings)


def test_the_parameters_that_ship_are_read():
    study = params.load_as(FoldsParams, params_of("folds"))
    check(study)
    assert baselines.LOGISTIC in study.learners


def test_what_nobody_has_asked_is_not_missed_by_dvc():
    for file in (Path(__file__).parents[2] / "studies").glob("*/dvc.yaml"):
        for stage in yaml.safe_load(file.read_text())["stages"].values():
            assert {True} == {
                isinstance(out, dict) and all(not options["cache"] for options in out.values())
                for out in stage["outs"]
            }, f"{file}: `dvc pull` fails where they are not"
