"""A logged model takes people's own levels out as the pipeline does."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.features.feature_map import FeatureMap, fit_feature_map
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.store.logged_model import model_of

COLUMNS = ("AU06_r", "AU12_r", "AU28_c")
RANDOM = np.random.default_rng(0)
HIGHEST = np.array([4.0, 3.0, 1.0])


def recordings(people: int, clips: int, frames: int = 3) -> pd.DataFrame:
    """Give AUs of people, who each have a level of their own."""
    subject, clip, _ = (index.ravel() for index in np.indices((people, clips, frames)))
    level = RANDOM.random((people, 3)) / 2
    values = (level[subject] + RANDOM.random((len(subject), 3)) / 2) * HIGHEST
    table = pd.DataFrame(values, columns=list(COLUMNS))
    return table.assign(subject=[f"S{s}" for s in subject], clip=[f"c{c}" for c in clip])


TRAIN, NEW = recordings(6, 8), recordings(3, 5)


def made(features: FeatureMap, rows: pd.DataFrame) -> np.ndarray:
    keys = (pd.factorize(rows[name])[0] for name in ("subject", "clip"))
    return features(rows[list(COLUMNS)].to_numpy(), *keys)


@pytest.fixture(scope="module")
def logged(
    migrated: Path,
    isolate: Callable[[pytest.MonkeyPatch, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """Give the loaded model, its network and how its features are made."""
    import keras
    import mlflow.pyfunc

    root = tmp_path_factory.mktemp("calibrated")
    shutil.copy(migrated, root / "mlflow.db")
    layers = [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2, "sigmoid")]
    network = keras.Sequential(layers)
    network.save(root / "model.keras")
    keys = (pd.factorize(TRAIN[name])[0] for name in ("subject", "clip"))
    values = TRAIN[list(COLUMNS)].to_numpy()
    how = {"square_root": True, "calibrate": True, "shrink_clips": 5.0}
    features = fit_feature_map(COLUMNS, values, *keys, **how)
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, root)
        with training_run("au-emotion", "train", {}, {}) as run:
            run.log_model(root / "model.keras", features, ["joy", "grief"], NEW.head(2), step=0)
        client, _ = open_store("au-emotion")
        loaded = mlflow.pyfunc.load_model(f"models:/{model_of(client, run.id)}")
        yield loaded, network, features


def test_takes_out_the_levels_of_people_never_seen(logged: Any) -> None:
    loaded, network, features = logged
    expected = np.asarray(network(made(features, NEW)))
    np.testing.assert_allclose(loaded.predict(NEW), expected, atol=1e-6)
    plain = np.asarray(network(features.of_nobody(NEW[list(COLUMNS)].to_numpy())))
    assert np.abs(expected - plain).max() > 0.001


def test_order_of_rows_and_columns_does_not_matter(logged: Any) -> None:
    loaded, _, _ = logged
    shuffled = NEW.sample(frac=1, random_state=1)[["clip", "AU28_c", "subject", "AU12_r", "AU06_r"]]
    found = loaded.predict(shuffled).sort_index()
    pd.testing.assert_frame_equal(found, loaded.predict(NEW), atol=1e-6)


def test_rows_of_nobody_known_are_predicted_as_they_are(logged: Any) -> None:
    loaded, network, features = logged
    expected = np.asarray(network(features.of_nobody(NEW[list(COLUMNS)].to_numpy())))
    for rows in (NEW[list(COLUMNS)], NEW.assign(subject=None), NEW.drop(columns="subject")):
        np.testing.assert_allclose(loaded.predict(rows), expected, atol=1e-6)


def test_without_clips_a_persons_rows_count_as_one(logged: Any) -> None:
    loaded, network, features = logged
    expected = np.asarray(network(made(features, NEW.assign(clip="one"))))
    for rows in (NEW.drop(columns="clip"), NEW.assign(clip=None)):
        np.testing.assert_allclose(loaded.predict(rows), expected, atol=1e-6)
    assert np.abs(expected - loaded.predict(NEW)).to_numpy().max() > 0.001


def test_rows_that_cannot_be_judged_say_nothing_of_a_persons_level(logged: Any) -> None:
    loaded, _, _ = logged
    bad = NEW.assign(AU06_r=9.0, clip="another")
    found = loaded.predict(pd.concat([NEW, bad], ignore_index=True))
    np.testing.assert_allclose(found.head(len(NEW)), loaded.predict(NEW), atol=1e-6)
    assert found.tail(len(NEW)).isna().all(axis=None)
