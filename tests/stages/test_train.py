"""What a training starts from is read by what params.yaml says, told, recorded and warned of."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starts import AUS, EMOTIONS, save_start

from pipeline.errors import InputError
from pipeline.model.start import start_md5
from pipeline.settings import params, paths
from pipeline.stages.steps import recording
from pipeline.stages.steps.training import fit_settings, inputs_of, start_of, told_of

Workspace = Callable[[dict[str, Any]], Path]


@pytest.fixture
def tree(tree: dict[str, Any]) -> dict[str, Any]:
    """Start from a model of the sizes of tests/helpers/starts.py."""
    tree["train"] |= {"start_from": "models/other", "freeze_epochs": 3}
    tree["recipes"]["improved"] |= {"hidden": [8, 4], "dropout": [0.1, 0.1]}
    return tree


@pytest.fixture
def started(workspace: Workspace, tree: dict[str, Any]) -> params.Params:
    """Enter a folder with a model; give its parameters."""
    folder = workspace(tree) / "models/other"
    folder.mkdir(parents=True)
    save_start(folder)
    return params.load()


@pytest.mark.parametrize("folder", ["models/untrained", "./models/untrained/"])
def test_the_default_is_random_weights_without_a_look_at_any_file(workspace, tree, folder):
    tree["train"] |= {"start_from": folder, "freeze_epochs": 0}
    workspace(tree)
    assert start_of(params.load(), AUS, EMOTIONS) is None


def test_freezing_needs_a_model(workspace, tree):
    tree["train"]["start_from"] = "models/untrained"
    workspace(tree)
    with pytest.raises(InputError, match="train: freeze_epochs is 3, and models/untrained holds"):
        params.load()


def test_a_model_is_held_to_recipe_and_features(started, workspace, tree):
    assert start_of(started, AUS, EMOTIONS).columns.tolist() == [0, 1, 2]
    assert fit_settings(started, {"weights": {}, "mode": "none"}).freeze_epochs == 3
    tree["recipes"]["improved"]["batch_norm"] = False
    workspace(tree)
    with pytest.raises(InputError, match=r"-S 'recipes.improved.batch_norm=true'"):
        start_of(params.load(), AUS, EMOTIONS)


def test_an_interrupted_training_is_that_of_the_same_model_alone(started):
    for path in (paths.FRAMES, paths.LABELS, paths.CLASS_WEIGHTS):
        path.parent.mkdir(parents=True)
        path.write_text("")
    names = list(AUS), list(EMOTIONS)
    found = inputs_of({}, *names, start_of(started, *names))
    assert found["start"] == start_md5(Path("models/other"))
    assert "start" not in inputs_of({}, *names, None)


def test_what_is_taken_over_is_told_and_people_of_the_test_are_warned_of(started, capsys):
    told = Path("models/other/subjects.json")
    table = {"subject": ["a", "b", "c"], "split": ["train", "test", "test"]}
    paths.FRAMES.parent.mkdir(parents=True)
    pq.write_table(pa.table(table), paths.FRAMES)
    test = recording.subjects_by_split()["test"]
    for people, warned in ((None, 0), (["d"], 0), (["b", "d"], 1)):
        if people:
            told.write_text(json.dumps({"train": people, "val": []}))
        start = start_of(started, ["AU06_r", "AU15_r"], ["fear"])
        warnings = recording.tell_start(start, test)
        said = capsys.readouterr().out
        assert "models/other: 1 action units taken over; new: AU15_r" in said
        assert "models/other: 0 emotions taken over; new: fear" in said
        assert ("does not tell whom it was trained on" in said) == (people is None)
        assert [(one["code"], one["number"]) for one in warnings] == [
            ("start_knows_test", 1)
        ] * warned
        assert told_of(start) == {**start.account, "warnings": warnings}
    assert "warning start_knows_test: 1 people of the test split" in said
    assert "(b)" in said


def test_a_run_holds_what_was_taken_over_and_whom_the_model_knows(started):
    Path("models/other/subjects.json").write_text(json.dumps({"train": ["a"], "val": ["b"]}))
    start = start_of(started, AUS, EMOTIONS)
    logged, subjects = {}, {"train": ["c"], "test": ["d"]}
    run = SimpleNamespace(log_dict=lambda content, name: logged.update({name: content}))
    assert recording.record_start(run, start, subjects) == []
    assert logged == {"provenance/start.json": start.account}
    assert subjects == {"train": ["c"], "test": ["d"], "start": ["a", "b"]}
