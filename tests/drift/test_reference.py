"""New data is compared with the champion, and without one with what stands in outputs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from throwaway import PARAMS

from pipeline.data.card import profile
from pipeline.data.card.profile import BINS, Profile
from pipeline.data.features.feature_map import read_feature_map
from pipeline.drift.reference import ReferenceModel, find_reference
from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.settings.run_files import PROFILE
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.registry.registry import open_registry

FEATURES, EMOTIONS = ["AU06_r", "AU12_r"], ["happiness"]
SETTINGS = params.load(PARAMS)


def made(subjects: int) -> Profile:
    counts = np.ones((subjects, 3, BINS + 1), dtype=np.int64)
    return Profile((*FEATURES, "predicted/happiness"), counts)


@pytest.fixture
def outputs(store, monkeypatch) -> Path:
    """Enter a repository with a store and a trained model of 3 subjects in outputs."""
    monkeypatch.chdir(store)
    profile.write(made(3), paths.PROFILE)
    paths.MODEL.write_bytes(b"network in outputs")
    told = {"run": "none", "feature_map": FEATURES, "emotions": EMOTIONS}
    paths.RUN.write_text(json.dumps(told))
    return store


def crown(folder: Path, *, with_profile: bool = True) -> None:
    """Record a run of 5 subjects and make its model champion."""
    network = folder / "network.keras"
    network.write_bytes(b"network of the champion")
    with training_run(SETTINGS.tracking.experiment, "train", {}, {}) as run:
        example = pd.DataFrame([[0.0, 1.0]], columns=FEATURES)
        run.log_model(network, read_feature_map(FEATURES), EMOTIONS, example, step=1)
        if with_profile:
            profile.write(made(5), folder / "profile.parquet")
            run.log_file(folder / "profile.parquet", PROFILE.rpartition("/")[0])
    with open_registry(SETTINGS.tracking.experiment, SETTINGS.promote.model) as registry:
        registry.crown(registry.register(run.key, {}), None)


def find(tmp_path: Path) -> ReferenceModel:
    return find_reference(SETTINGS, tmp_path)


def test_takes_the_champion_with_its_profile_features_and_network(outputs, tmp_path):
    crown(tmp_path)
    found = find(tmp_path)
    assert found.name == "champion au-emotion, version 1"
    assert len(found.profile.counts) == 5
    assert (found.features, found.emotions) == (read_feature_map(FEATURES), EMOTIONS)
    assert found.network.read_bytes() == b"network of the champion"
    assert found.extractor == "OpenFace 2"


def test_takes_the_model_in_outputs_where_nobody_is_champion(outputs, tmp_path):
    found = find(tmp_path)
    assert found.name == "the model in outputs/train"
    assert len(found.profile.counts) == 3
    assert found.network == paths.MODEL


def test_makes_no_store_where_there_is_none(outputs, tmp_path):
    (outputs / "mlflow.db").unlink()
    assert find(tmp_path).network == paths.MODEL
    assert not (outputs / "mlflow.db").exists()


def test_a_champion_without_profile_is_an_error_not_another_model(outputs, tmp_path):
    crown(tmp_path, with_profile=False)
    with pytest.raises(InputError, match="version 1 has no artifact data"):
        find(tmp_path)
