import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.names.dealing import deal_groups
from pipeline.errors import InputError
from pipeline.model.training.fit import Data, Settings, Trained, fit
from pipeline.model.training.members import left_out, with_counts
from pipeline.model.training.saving import Predictor, load_model, save_model

RNG = np.random.default_rng(3)
FEATURES = (RNG.random((240, 4)) * 5).astype(np.float32)
LABELS = (FEATURES[:, :2] / 5).astype(np.float32)
GROUPS = np.arange(240) % 3
DATA = Data((FEATURES, LABELS), (FEATURES[:60], LABELS[:60]), GROUPS)
SETTINGS = Settings(
    seed=7,
    hidden=(16, 8),
    dropout=(0.2, 0.1),
    batch_norm=True,
    weights=[1.0, 3.0],
    weight_mode="emotion",
    learning_rate=0.01,
    batch_size=32,
    epochs=4,
    early_stopping_patience=None,
    lr_patience=2,
    lr_factor=0.5,
    lr_lowest=1e-6,
    members=3,
)


class BrokenOffError(Exception):
    """Stands for a kill."""


def train(folder: Path, data: Data = DATA, until: int | None = None, **changed) -> Trained:
    def heard(measured, _kept):
        if measured["epoch"] == until:
            raise BrokenOffError

    return fit(data, replace(SETTINGS, **changed), lambda *_: {}, heard, folder)


def each(trained: Trained) -> np.ndarray:
    """Predict by each member: (rows, members, emotions)."""
    return Predictor(trained.trained)(FEATURES).reshape(len(FEATURES), 3, 2)


@pytest.fixture(scope="module")
def trained() -> Trained:
    with tempfile.TemporaryDirectory() as folder:
        return train(Path(folder))


def test_the_model_that_is_kept_averages_members_that_differ(trained, tmp_path):
    members = each(trained)
    average = Predictor(trained.model)(FEATURES)
    assert np.allclose(average, members.mean(axis=1), atol=1e-6)
    assert np.abs(members[:, 0] - members[:, 1]).max() > 0.01
    save_model(trained.model, tmp_path / "model.keras")
    assert np.array_equal(Predictor(load_model(tmp_path / "model.keras"))(FEATURES), average)


def test_a_member_never_learns_from_the_people_that_it_leaves_out(tmp_path):
    changed = LABELS.copy()
    changed[GROUPS == 1] = 1 - changed[GROUPS == 1]
    first = each(train(tmp_path / "a", epochs=1))
    other = replace(DATA, train=(FEATURES, changed))
    second = each(train(tmp_path / "b", other, epochs=1))
    assert np.array_equal(first[:, 1], second[:, 1])
    assert not np.array_equal(first[:, 0], second[:, 0])


def test_a_training_of_members_goes_on_to_the_same_bits(trained, tmp_path):
    for epoch in (2, 3):
        with pytest.raises(BrokenOffError):
            train(tmp_path, until=epoch)
    resumed = train(tmp_path)
    assert resumed.history == trained.history
    assert np.array_equal(each(resumed), each(trained))


def test_the_loss_that_decides_is_that_of_the_people_left_out(trained):
    said = left_out(trained.trained, FEATURES, GROUPS, 2)
    assert np.array_equal(said, each(trained)[np.arange(240), GROUPS])
    terms = LABELS * np.log(said) + (1 - LABELS) * np.log(1 - said)
    loss = -(terms * [1.0, 3.0]).mean()
    best = trained.history[trained.best_epoch - 1]
    assert best["val_loss"] == pytest.approx(loss, rel=1e-4)


def test_each_row_teaches_all_members_but_one():
    learned, asked = with_counts(LABELS, GROUPS, 3)
    assert np.array_equal(learned[:, :2], LABELS)
    assert (learned[:, 2:].sum(axis=1) == 2).all()
    assert (learned[:, 2:] + asked[:, 2:] == 1).all()


def test_people_are_dealt_whole_and_evenly():
    codes, names = np.repeat(np.arange(7), 3), [f"p{i}" for i in range(7)]
    groups = deal_groups(codes, names, 3, 7)
    assert all(len(set(groups[codes == code])) == 1 for code in range(7))
    assert sorted(np.bincount(groups)) == [6, 6, 9]
    with pytest.raises(InputError, match=r"train.members is 8, but there are 7 people"):
        deal_groups(codes, names, 8, 7)
