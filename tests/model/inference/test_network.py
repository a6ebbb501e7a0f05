"""What a network predicts with NumPy is what Keras predicts; other files are refused."""

import io
import zipfile
from contextlib import suppress

import keras
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.model.inference.model_file import open_network
from pipeline.model.inference.network import BATCH, read_network
from pipeline.model.training.members import build_members
from pipeline.model.training.network import build, standardise
from pipeline.model.training.saving import (
    LARGEST,
    Predictor,
    load_model,
    refuse_difference,
    save_model,
)

RANDOM = np.random.default_rng(3)
LEARNT = (RANDOM.random((200, 4)) * [5, 5, 1, 0.01]).astype(np.float32)
ASKED = (RANDOM.random((2 * BATCH + 3, 4)) * [5, 5, 1, 5]).astype(np.float32)


def make(members, hidden, *, batch_norm):
    chosen = {"hidden": hidden, "dropout": [0.3] * len(hidden), "batch_norm": batch_norm}
    if members == 1:
        model = build(LEARNT, 3, **chosen)
    else:
        model = build_members(standardise(LEARNT), 4, 3, members=members, **chosen)[1]
    for layer in model.layers:  # as if trained: no variable is at what it begins with
        layer.set_weights([RANDOM.random(each.shape) - 0.3 for each in layer.get_weights()])
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(RANDOM.random(layer.moving_variance.shape))
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "model.keras"
    model = make(1, [8, 5], batch_norm=True)
    save_model(model, path)
    return path, model


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("members", "hidden"), [(1, [8, 5]), (1, [7]), (3, [8, 5]), (2, [6])])
def test_numpy_predicts_what_keras_predicts(members, hidden, batch_norm, tmp_path):
    model = make(members, hidden, batch_norm=batch_norm)
    save_model(model, tmp_path / "model.keras")
    wanted = Predictor(load_model(tmp_path / "model.keras"))(ASKED)
    network = read_network(tmp_path / "model.keras")
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(network(ASKED), wanted, rtol=0, atol=LARGEST)
    np.testing.assert_allclose(network(ASKED[:1]), wanted[:1], rtol=0, atol=LARGEST)
    assert network(ASKED[:0]).shape == (0, 3)


def test_probabilities_stay_such_at_the_ends(saved):
    network = read_network(saved[0])
    with np.errstate(all="raise", under="ignore"):
        ends = network(np.array([[1e6] * 4, [-1e6] * 4], dtype=np.float32))
    assert ((ends >= 0) & (ends <= 1)).all()


def test_another_network_is_not_taken_for_the_trained_one(saved, tmp_path):
    path, model = saved
    network = read_network(path)
    refuse_difference(network, model, ASKED)
    other = make(1, [8, 5], batch_norm=True)
    with pytest.raises(RuntimeError, match="differs from the trained one by "):
        refuse_difference(network, other, ASKED)


@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.Dense(4, "tanh"), keras.layers.Dense(2, "sigmoid")],
        [keras.layers.Dense(4, "relu"), keras.layers.Dense(2, "softmax")],
        [keras.layers.Dense(4), keras.layers.Dense(2, "sigmoid")],
        [keras.layers.LayerNormalization(), keras.layers.Dense(2, "sigmoid")],
        [keras.layers.Dense(2, "sigmoid"), keras.layers.BatchNormalization()],
        [keras.layers.Dropout(0.5)],
        [keras.layers.Dense(4), keras.layers.ReLU(max_value=1.0), keras.layers.Dense(2, "sigmoid")],
        [keras.layers.Dense(4), keras.layers.ReLU(0.0, 0.2), keras.layers.Dense(2, "sigmoid")],
        [keras.layers.Dense(4, "tanh"), keras.layers.ReLU(), keras.layers.Dense(2, "sigmoid")],
    ],
)
def test_networks_of_others_are_refused(layers, tmp_path):
    keras.Sequential([keras.Input((3,)), *layers]).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"model\.keras holds no network of this pipeline"):
        open_network(tmp_path / "model.keras")


def test_a_damaged_file_is_said_in_a_line(saved, tmp_path):
    whole = saved[0].read_bytes()
    path = tmp_path / "model.keras"
    for cut in [0, 1, *RANDOM.integers(2, len(whole) - 1, 40)]:
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="holds no network"):
            open_network(path)
    wanted = read_network(saved[0])(ASKED)
    for at in RANDOM.integers(0, len(whole), 200):
        flipped = bytearray(whole)
        flipped[at] ^= 0xFF
        path.write_bytes(flipped)
        with suppress(InputError):  # else it was a byte that is not read, such as a time
            np.testing.assert_array_equal(open_network(path)(ASKED), wanted)


def test_weights_that_lack_a_layer_are_refused(saved, tmp_path):
    import h5py

    path = tmp_path / "model.keras"
    with zipfile.ZipFile(saved[0]) as source, zipfile.ZipFile(path, "w") as target:
        target.writestr("config.json", source.read("config.json"))
        weights = io.BytesIO(source.read("model.weights.h5"))
        with h5py.File(weights, "a") as stored:
            del stored["layers/dense_1"]
        target.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(InputError, match="holds no network"):
        open_network(path)


def test_a_missing_file_is_called_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_network(tmp_path / "model.keras")
