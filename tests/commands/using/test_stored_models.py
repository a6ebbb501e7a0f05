"""A model is found by whatever name it goes, with its thresholds and the profile of its data."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from candidates import EMOTIONS, FEATURES, guesses, log_candidate
from throwaway import PARAMS

from pipeline.commands.using.stored_models import find_model
from pipeline.data.card import profile
from pipeline.data.card.profile import BINS, PREDICTED, Profile
from pipeline.errors import InputError
from pipeline.prediction.stored_model import StoredModel
from pipeline.settings import params, paths
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.registry.registry import open_registry

SETTINGS = params.load(PARAMS)
TUNED = {"happiness": 0.3, "sadness": 0.6}


def record(folder: Path, name: str, *, carried: bool) -> str:
    """Record a run whose thresholds its model carries, or the run alone."""
    items = (*FEATURES, *(PREDICTED + emotion for emotion in EMOTIONS))
    counts = np.ones((2, len(items), BINS + 1), dtype=np.int64)
    profile.write(Profile(items, counts), folder / "profile.parquet")
    (folder / "thresholds.json").write_text(json.dumps({"thresholds": {"network": TUNED}}))
    with training_run(SETTINGS.tracking.experiment, name, {}, {}) as run:
        log_candidate(run, folder, guesses([0.5, 0.5]))
        run.log_file(folder / "profile.parquet", "data")
        if carried:
            run.log_thresholds(folder / "thresholds.json")
        else:
            run.log_file(folder / "thresholds.json", "evaluation")
    return run.key


def find(folder: Path, meant: str | None) -> StoredModel:
    found = find_model(SETTINGS, meant, folder)
    assert found.network.is_file()
    assert found.emotions == EMOTIONS
    assert found.features.columns == FEATURES
    return found


@pytest.mark.parametrize("carried", [True, False])
def test_a_run_and_the_champion_come_with_all_that_using_them_takes(
    carried, store, tmp_path, monkeypatch
):
    monkeypatch.chdir(store)
    key = record(tmp_path, "one", carried=carried)
    with open_registry(SETTINGS.tracking.experiment, SETTINGS.promote.model) as registry:
        registry.crown(registry.register(key, {}), None)
    named = {
        "one": "the model of run one (",
        f"models:/{SETTINGS.promote.model}@champion": "the model of run one (",
        "champion": f"champion {SETTINGS.promote.model}, version 1",
        None: f"champion {SETTINGS.promote.model}, version 1",
    }
    for i, (meant, name) in enumerate(named.items()):
        (folder := tmp_path / str(i)).mkdir()
        found = find(folder, meant)
        assert found.name.startswith(name)
        assert found.thresholds == TUNED
        assert found.profile is not None
        assert found.extractor == "OpenFace 2"


def test_without_a_champion_the_model_in_outputs_is_taken(store, tmp_path, monkeypatch):
    monkeypatch.chdir(store)
    record(tmp_path, "one", carried=True)
    paths.MODEL.parent.mkdir(parents=True)
    paths.MODEL.write_bytes(b"network in outputs")
    paths.RUN.write_text(json.dumps({"feature_map": FEATURES, "emotions": EMOTIONS}))
    found = find(tmp_path, None)
    assert found.name == "the model in outputs/train"
    assert (found.thresholds, found.profile) == ({}, None)
    assert found.bounds.tolist() == [0.5, 0.5]


def test_a_model_whose_files_are_gone_is_said_in_one_line(store, tmp_path, monkeypatch):
    monkeypatch.chdir(store)
    record(tmp_path, "one", carried=True)
    shutil.rmtree(store / "mlruns")
    with pytest.raises(InputError, match=r"the model of run one .* cannot be copied from the"):
        find(tmp_path, "one")
