import random
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.model.training.fit import Data, Settings, fit
from pipeline.model.training.loss import WeightedBinaryCrossentropy
from pipeline.model.training.network import build, drawn_from
from pipeline.model.training.saving import Predictor, load_model, save_model

RNG = np.random.default_rng(3)
FEATURES = (RNG.random((200, 4)) * 5).astype(np.float32)
FEATURES[:, 3] = 0  # an action unit that never moves
LABELS = (FEATURES[:, :2] / 5).astype(np.float32)
DATA = Data((FEATURES[:150], LABELS[:150]), (FEATURES[150:], LABELS[150:]))


def settings(**changed) -> Settings:
    values = {
        "seed": 7,
        "hidden": (16, 8),
        "dropout": (0.2, 0.1),
        "batch_norm": True,
        "weights": [1.0, 3.0],
        "weight_mode": "emotion",
        "learning_rate": 0.01,
        "batch_size": 32,
        "epochs": 6,
        "early_stopping_patience": None,
        "lr_patience": None,
        "lr_factor": 0.5,
        "lr_lowest": 1e-6,
    }
    return Settings(**(values | changed))


def mean_error(labels, predicted) -> dict[str, float]:
    return {"val_mae": float(np.abs(labels - predicted).mean())}


def train(data=DATA, **changed):
    heard = []
    with tempfile.TemporaryDirectory() as folder:
        trained = fit(
            data,
            settings(**changed),
            mean_error,
            lambda *epoch: heard.append(epoch),
            Path(folder),
        )
    return trained, heard


def net(**changed) -> keras.Model:
    options = {"hidden": (16, 8), "dropout": (0.2, 0.1), "batch_norm": True} | changed
    return build(FEATURES, 2, **options)


def test_first_weights_are_those_of_the_seed_whatever_another_thread_draws():
    keras.utils.set_random_seed(7)
    quiet = net().get_weights()
    keras.utils.set_random_seed(7)
    random.random()  # another thread
    with drawn_from(7):
        busy = net().get_weights()
    for one, other in zip(quiet, busy, strict=True):
        assert np.array_equal(one, other)


def test_a_training_is_not_led_by_what_another_thread_draws(monkeypatch):
    def build_meanwhile(*arguments, **options):
        random.random()  # another thread
        return build(*arguments, **options)

    quiet = train(epochs=1)[0].model.get_weights()
    monkeypatch.setattr("pipeline.model.training.fit.build", build_meanwhile)
    busy = train(epochs=1)[0].model.get_weights()
    for one, other in zip(quiet, busy, strict=True):
        assert np.array_equal(one, other)


def test_keras_is_loaded_without_what_nobody_uses_here_and_which_can_be_loaded_then():
    code = (
        "import gc, sys; import pipeline.model.training\n"
        "print(gc.isenabled(), {'sklearn', 'matplotlib'} & {*sys.modules})\n"
        "import sklearn, matplotlib.figure"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "set()"]


def test_layers_are_those_of_the_recipe():
    names = [type(layer).__name__ for layer in net().layers]
    block = ["Dense", "BatchNormalization", "ReLU", "Dropout"]
    assert names == ["InputLayer", "Rescaling", *block, *block, "Dense"]
    assert not net().get_layer("dense_0").use_bias
    plain = net(batch_norm=False)
    assert plain.get_layer("dense_0").use_bias
    assert "BatchNormalization" not in [type(layer).__name__ for layer in plain.layers]
    assert [net().get_layer(f"dropout_{i}").rate for i in (0, 1)] == [0.2, 0.1]


def test_first_layer_standardises_raw_values():
    scaled = np.asarray(net().get_layer("standardise")(FEATURES))
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 1, 0], atol=1e-5)


def test_unit_that_never_moved_in_training_keeps_its_own_scale():
    """Its values may move later: in AU units, from where it stood."""
    still = FEATURES.copy()
    still[:, 3] = 1.5
    network = build(still, 2, hidden=(4,), dropout=(0.1,), batch_norm=True)
    moved = np.tile(still.mean(axis=0), (3, 1)).astype(np.float32)
    moved[:, 3] = [1.5, 0.0, 5.0]
    scaled = np.asarray(network.get_layer("standardise")(moved))
    np.testing.assert_allclose(scaled[:, 3], [0.0, -1.5, 3.5], atol=1e-6)


@pytest.mark.parametrize("mode", ["emotion", "positive", "none"])
def test_loss_equals_the_formula(mode):
    labels = RNG.random((5, 2)).astype(np.float32)
    predicted = RNG.uniform(0.01, 0.99, (5, 2)).astype(np.float32)
    weights = [2.0, 5.0]
    expected = []
    for y_row, p_row in zip(labels, predicted, strict=True):
        terms = []
        for y, p, w in zip(y_row, p_row, weights, strict=True):
            up = 1.0 if mode == "none" else w
            down = w if mode == "emotion" else 1.0
            terms.append(-(up * y * np.log(p) + down * (1 - y) * np.log(1 - p)))
        expected.append(np.mean(terms))
    loss = WeightedBinaryCrossentropy(weights, mode)
    assert float(loss(labels, predicted)) == pytest.approx(np.mean(expected), rel=1e-5)
    again = WeightedBinaryCrossentropy.from_config(loss.get_config())
    assert float(again(labels, predicted)) == float(loss(labels, predicted))


def test_loss_is_finite_for_certain_predictions():
    loss = WeightedBinaryCrossentropy([1.0], "none")
    assert np.isfinite(float(loss(np.array([[1.0]]), np.array([[0.0]]))))


def test_hears_of_every_epoch_and_keeps_the_best():
    trained, heard = train()
    assert [measured["epoch"] for measured, _ in heard] == list(range(1, 7))
    losses = [measured["val_loss"] for measured, _ in heard]
    assert trained.best_epoch == 1 + int(np.argmin(losses))
    assert set(heard[0][0]) == {"epoch", "loss", "val_loss", "learning_rate", "val_mae"}
    for number, (_, kept) in enumerate(heard, start=1):
        assert kept == heard[int(np.argmin(losses[:number]))][0]
    predicted = Predictor(trained.model)(DATA.validation[0])
    kept = WeightedBinaryCrossentropy([1.0, 3.0], "emotion")(DATA.validation[1], predicted)
    assert float(kept) == pytest.approx(min(losses), rel=1e-4)


def test_keeps_the_best_epoch_when_the_last_is_worse():
    opposite = Data(DATA.train, (DATA.validation[0], 1 - DATA.validation[1]))
    trained, heard = train(opposite, learning_rate=0.05, epochs=12)
    losses = [measured["val_loss"] for measured, _ in heard]
    assert losses[-1] > min(losses), "this training must get worse for the test to mean anything"
    predicted = Predictor(trained.model)(DATA.validation[0])
    kept = WeightedBinaryCrossentropy([1.0, 3.0], "emotion")(opposite.validation[1], predicted)
    assert float(kept) == pytest.approx(min(losses), rel=1e-4)


def test_stops_early_and_halves_the_rate():
    trained, heard = train(learning_rate=0.3, epochs=60, early_stopping_patience=6, lr_patience=2)
    assert len(heard) == trained.best_epoch + 6 < 60
    rates = [measured["learning_rate"] for measured, _ in heard]
    assert rates[0] == pytest.approx(0.3)
    assert min(rates) == pytest.approx(0.3 * 0.5 ** len({*rates} - {rates[0]}))
    assert len(set(rates)) > 1


def test_auto_trains_with_the_size_that_suits_the_rows(monkeypatch):
    monkeypatch.setattr("pipeline.model.training.batches._STEPS", 1)
    auto, large, small = (train(batch_size=size)[0].history for size in ("auto", 256, 32))
    assert auto == large != small


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        save_model(train(seed=seed)[0].model, tmp_path / f"{name}.keras")
    a, b, c = ((tmp_path / f"{name}.keras").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_loaded_model_predicts_the_same_row_by_row(tmp_path):
    trained, _ = train()
    save_model(trained.model, tmp_path / "model.keras")
    again = Predictor(load_model(tmp_path / "model.keras"))
    predicted = Predictor(trained.model)(FEATURES)
    np.testing.assert_array_equal(again(FEATURES), predicted)
    np.testing.assert_allclose(again(FEATURES[::-1])[::-1], predicted, atol=1e-6)
    assert again(FEATURES[:0]).shape == (0, 2)


def test_a_diverging_training_says_so():
    broken = np.full_like(LABELS, np.nan)
    with pytest.raises(InputError, match="diverged at epoch 1"):
        train(Data((FEATURES, broken), (FEATURES, LABELS)))
