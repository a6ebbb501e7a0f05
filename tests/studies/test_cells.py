from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starts import save_start
from wiring import NEUTRAL, ROOT, files_of, is_bare

from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.settings import params, paths
from studies.cells import CELLS, LEARNERS, cell_of, code, compute
from studies.learners import classic
from studies.people import Part

PART = Part(("p00", "p01", "p02", "p03"), ("p04", "p05"), ("p06", "p07"))
ASKED = [name for name in LEARNERS if name != baselines.RULE]


def relabel(labels, names):
    """Write labels (rows, emotions) anew."""
    pq.write_table(pa.table(list(labels.T), names=names), paths.LABELS)


@pytest.mark.parametrize("name", ASKED)
def test_no_model_sees_how_the_people_it_is_asked_about_were_labelled(name, world, settings):
    labels = world()
    cells = [cell_of(name, settings, PART, 7)]
    first = compute(cells, 1)[0]
    asked = np.arange(len(labels)) >= 36  # p06 and p07
    assert first.places.tolist() == np.flatnonzero(asked).tolist()
    labels[asked] = labels[asked][:, [1, 2, 0]]
    names = pq.read_schema(paths.LABELS).names
    relabel(labels, names)
    second = compute([cell_of(name, settings, PART, 7)], 1)[0]
    assert np.array_equal(first.predicted, second.predicted)
    assert len(list(CELLS.glob("*.parquet"))) == 2


@pytest.mark.parametrize("name", [n for n in ASKED if n not in ("constant", baselines.NETWORK)])
def test_models_learn_what_shows_and_nothing_from_labels_by_chance(name, world, settings):
    def accuracy(shown):
        labels = world(people=12, shown=shown, seed=5)
        part = Part(tuple(f"p{i:02}" for i in range(8)), ("p08",), ("p09", "p10", "p11"))
        said = compute([cell_of(name, settings, part, 7)], 1)[0]
        return (said.predicted.argmax(1) == labels[said.places].argmax(1)).mean()

    assert accuracy(3.0) > 0.9
    assert accuracy(0.0) < 0.75  # of a leak it would be 1


def test_a_cell_is_computed_once_and_again_where_something_that_decides_it_differs(
    world, settings, capsys
):
    world()
    cell = cell_of(baselines.LOGISTIC, settings, PART, 7)
    compute([cell, cell], 1)
    compute([cell], 1)
    told = capsys.readouterr().out
    assert "2 cells, 1 of them to be computed" in told
    assert "1 cells, 0 of them to be computed" in told
    calibrated = params.with_values(settings, {"features.calibrate": "subject"}, paths.PARAMS)
    wider = params.with_values(settings, {"recipe.hidden": [5]}, paths.PARAMS)
    other = cell_of(baselines.LOGISTIC, calibrated, PART, 7)
    assert other.key != cell.key
    assert cell_of(baselines.LOGISTIC, wider, PART, 7).key == cell.key
    network = [cell_of(baselines.NETWORK, s, PART, 7).key for s in (settings, wider)]
    assert len(set(network)) == 2


def test_a_network_starts_from_a_model_whose_content_decides_the_cell(world, settings):
    world()
    folder = Path("models/other")
    folder.mkdir(parents=True)
    save_start(folder, ("AU04_r", "AU12_r", "AU15_r"), pq.read_schema(paths.LABELS).names)
    like_it = {"recipe.hidden": [8, 4], "recipe.dropout": [0.1, 0.1], "recipe.batch_norm": True}
    random = params.with_values(settings, like_it, paths.PARAMS)
    started = params.with_values(random, {"train.start_from": folder.as_posix()}, paths.PARAMS)
    cells = [cell_of(baselines.NETWORK, one, PART, 7) for one in (random, started)]
    one, other = compute(cells, 1)
    assert not np.allclose(one.predicted, other.predicted, atol=0.1)
    before = cells[1].key
    (folder / "run.json").write_text((folder / "run.json").read_text() + " ")
    assert cells[1].key != before
    assert cell_of(baselines.LOGISTIC, started, PART, 7).key == (
        cell_of(baselines.LOGISTIC, random, PART, 7).key
    )


# What a learner's imports bring along, and no prediction depends on.
ASIDE = ("pipeline/data/card/profile.py", "pipeline/data/csv_files.py")
MODULES = {baselines.NETWORK: "network", baselines.CONSTANT: "baseline", "random forest": "classic"}


@pytest.mark.parametrize("learner", MODULES)
def test_code_that_decides_what_a_model_says_decides_its_cell(learner):
    beyond = (*NEUTRAL, *ASIDE)
    if learner != baselines.NETWORK:  # trains none, though the stage it takes features from does
        beyond = (*beyond, "pipeline/model/")
    files = files_of(f"studies.learners.{MODULES[learner]}", beyond=beyond)
    needed = {file for file in files if not is_bare(ROOT / file)}
    assert "pipeline/data/names/dealing.py" in needed
    assert needed - set(code(learner)) == set()


def test_seeds_count_where_a_model_draws(settings, world):
    world()
    keys = {
        name: len({cell_of(name, settings, PART, seed).key for seed in (1, 2)}) for name in ASKED
    }
    drawing = {*classic.DRAWING, baselines.NETWORK}
    assert keys == {name: 1 + (name in drawing) for name in ASKED}


def test_soft_labels_are_learned_emotion_by_emotion(world, settings):
    labels = world()
    relabel(labels * np.float32(0.8), ["happiness", "anger", "fear"])
    by_rule = params.with_values(
        settings, {"label.source": "facs", "evaluate.primary": "auroc"}, paths.PARAMS
    )
    for name in ("linear discriminant analysis", "support vector machine"):
        said = compute([cell_of(name, by_rule, PART, 7)], 1)[0]
        assert (said.predicted.argmax(1) == labels[said.places].argmax(1)).mean() > 0.8
        assert 0 <= said.predicted.min() <= said.predicted.max() <= 1


def test_an_unknown_model_is_one_line(settings):
    with pytest.raises(InputError, match="learners has 'oracle'; allowed are network"):
        cell_of("oracle", settings, PART, 7)
