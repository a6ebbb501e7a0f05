"""A training that was broken off goes on bit by bit, whatever its callbacks had to remember."""

import dataclasses
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from damage import damaged

from pipeline.model.training.augmentation import Augmentation
from pipeline.model.training.fit import Data, Settings, Trained, best_of, fit
from pipeline.model.training.resume import STATE, KeepState, _read, _write
from pipeline.model.training.saving import save_model

RNG = np.random.default_rng(5)
FEATURES = (RNG.random((330, 5)) * 5).astype(np.float32)
LABELS = (RNG.random((330, 2)) < FEATURES[:, :2] / 5).astype(np.float32)
DATA = Data((FEATURES[:250], LABELS[:250]), (FEATURES[250:], LABELS[250:]))
SETTINGS = Settings(
    seed=7,
    hidden=(16, 8),
    dropout=(0.3, 0.2),
    batch_norm=True,
    weights=[1.0, 2.0],
    weight_mode="emotion",
    learning_rate=0.05,  # so high that the rate is lowered and training stops early
    batch_size=32,
    epochs=30,
    early_stopping_patience=6,
    lr_patience=2,
    lr_factor=0.5,
    lr_lowest=1e-5,
    augment=Augmentation(noise=0.2, intensity=0.1, au_dropout=0.1),
)


class BrokenOffError(Exception):
    """Stands for a kill."""


def train(
    folder: Path,
    until: int | None = None,
    settings: Settings = SETTINGS,
    told: list[tuple[dict[str, float], dict[str, float]]] | None = None,
) -> Trained:
    def heard(measured: dict[str, float], kept: dict[str, float]) -> None:
        if measured["epoch"] == until:
            raise BrokenOffError
        if told is not None:
            told.append((measured, kept))

    return fit(DATA, settings, lambda *_: {}, heard, folder)


def content(model: keras.Model) -> bytes:
    """Give the bytes of the model's file: weights, and all that the optimizer remembers."""
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder) / "model.keras")
        return (Path(folder) / "model.keras").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    trained = train(tmp_path_factory.mktemp("undisturbed"))
    rates = [epoch["learning_rate"] for epoch in trained.history]
    # Else patience, rate and best would not be put to the test.
    assert len(trained.history) < SETTINGS.epochs
    assert len(set(rates)) > 1
    assert trained.best_epoch < len(trained.history)
    return trained


def test_goes_on_to_the_same_bits(undisturbed: Trained, tmp_path: Path) -> None:
    for epoch in (1, 4, 4, 8):
        with pytest.raises(BrokenOffError):
            train(tmp_path, until=epoch)
    told: list[tuple[dict[str, float], dict[str, float]]] = []
    trained = train(tmp_path, told=told)
    assert trained.history == undisturbed.history
    assert trained.best_epoch == undisturbed.best_epoch
    # A run that knows nothing of the earlier epochs hears of each, as it was at the time.
    so_far = [trained.history[:number] for number in range(1, len(trained.history) + 1)]
    kept = [min(epochs, key=lambda epoch: epoch["val_loss"]) for epochs in so_far]
    assert told == list(zip(trained.history, kept, strict=True))
    assert content(trained.model) == content(undisturbed.model)


def test_code_that_is_compiled_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.model.training.fit._FUSED_FROM", 1)
    short = dataclasses.replace(SETTINGS, epochs=4)
    undisturbed = train(tmp_path / "undisturbed", settings=short)
    with pytest.raises(BrokenOffError):
        train(tmp_path, until=3, settings=short)
    trained = train(tmp_path, settings=short)
    assert trained.history == undisturbed.history
    assert content(trained.model) == content(undisturbed.model)


@pytest.fixture
def no_more_epochs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give a function after which no epoch may begin."""

    def begin(*_: object) -> None:
        raise AssertionError("it was trained again")

    return lambda: monkeypatch.setattr("pipeline.model.training.steps.Steps.__call__", begin)


def test_finished_training_is_not_trained_again(
    undisturbed: Trained, tmp_path: Path, no_more_epochs: Callable[[], None]
) -> None:
    train(tmp_path)
    no_more_epochs()
    trained = train(tmp_path)
    assert trained.history == undisturbed.history
    assert content(trained.model) == content(undisturbed.model)


def test_training_that_had_all_its_epochs_is_not_trained_again(
    tmp_path: Path, no_more_epochs: Callable[[], None]
) -> None:
    short = dataclasses.replace(SETTINGS, epochs=3)
    first = train(tmp_path, settings=short)
    no_more_epochs()
    again = train(tmp_path, settings=short)
    assert again.history == first.history
    assert len(first.history) == 3
    assert content(again.model) == content(first.model)


def test_run_hears_of_the_epochs_before_it_was_broken_off(
    undisturbed: Trained, tmp_path: Path
) -> None:
    """They may have been lost with a damaged journal."""
    with pytest.raises(BrokenOffError):
        train(tmp_path, until=3)
    heard: list[dict[str, float]] = []
    fit(DATA, SETTINGS, lambda *_: {}, lambda m, _: heard.append(m), tmp_path)
    assert heard == undisturbed.history


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the state of a training that was broken off."""
    folder = tmp_path_factory.mktemp("broken off")
    with pytest.raises(BrokenOffError):
        train(folder, until=3)
    return (folder / STATE).read_bytes()


@pytest.mark.parametrize("how", ["cut", "empty", "zeroed", "flipped", "other"])
def test_damaged_state_is_named_and_training_begins_anew(
    undisturbed: Trained, state: bytes, tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    middle = len(state) // 2
    flipped = state[:middle] + bytes([state[middle] ^ 1]) + state[middle + 1 :]
    content_of = {
        "cut": state[:middle],
        "empty": b"",
        "zeroed": bytes(len(state)),
        "flipped": flipped,
        "other": b"no state" * 100,
    }
    (tmp_path / STATE).write_bytes(content_of[how])
    trained = train(tmp_path)
    assert f"{tmp_path / STATE} is damaged" in capsys.readouterr().err
    assert trained.history == undisturbed.history
    assert content(trained.model) == content(undisturbed.model)


def test_state_of_an_earlier_version_is_named_and_training_begins_anew(
    undisturbed: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It held the best weights as a file, not as arrays."""
    meta = {"history": [], "memory": {}, "stopped": False}
    _write(tmp_path / STATE, meta, [np.zeros(3, np.uint8)])
    trained = train(tmp_path)
    assert "was written by an earlier version of this pipeline" in capsys.readouterr().err
    assert content(trained.model) == content(undisturbed.model)


def test_no_damage_of_a_state_is_read_as_one(state: bytes, tmp_path: Path) -> None:
    rng = random.Random(11)
    (tmp_path / STATE).write_bytes(state)
    assert _read(tmp_path / STATE) is not None
    for _ in range(500):
        (tmp_path / STATE).write_bytes(damaged(state, rng))
        assert _read(tmp_path / STATE) is None


def test_of_equal_epochs_the_first_is_kept(tmp_path: Path) -> None:
    """As `best_of` says: else the run's best epoch and the weights would be of two."""
    history: list[dict[str, float]] = []
    kept = KeepState(tmp_path, [], history)
    optimizer = SimpleNamespace(variables=[])
    model = SimpleNamespace(variables=[], optimizer=optimizer, stop_training=False)
    model.get_weights = lambda: [np.array(len(history))]
    kept.set_model(model)
    for epoch, loss in enumerate([0.5, 0.4, 0.4, 0.6]):
        history.append({"epoch": epoch + 1, "val_loss": loss})
        kept.on_epoch_end(epoch)
    assert kept.best == [best_of(history)["epoch"]] == [2]
