"""Training is what Keras' own `fit` does, with other draws for order and dropout."""

import keras
import numpy as np
import pytest
from batches import of_epoch
from keras import layers

from pipeline.model.training.batches import Batches, batch_rows, parts_of
from pipeline.model.training.loss import WeightedBinaryCrossentropy
from pipeline.model.training.members import MembersLoss, build_members, with_counts
from pipeline.model.training.network import build, standardise
from pipeline.model.training.steps import Steps

RNG = np.random.default_rng(3)
ROWS = 1200
FEATURES = (RNG.random((ROWS, 4)) * 5).astype(np.float32)
LABELS = RNG.random((ROWS, 2)).astype(np.float32)
HOW = {"hidden": (16, 8), "batch_norm": True}
WEIGHTS = [1.0, 3.0]


def compiled(model, loss):
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.optimizer.build(model.trainable_variables)
    return model


def one(dropout, **how):
    keras.utils.set_random_seed(5)
    model = build(FEATURES, 2, **HOW | how, dropout=dropout)
    return compiled(model, WeightedBinaryCrossentropy(WEIGHTS, "emotion"))


def three(dropout):
    keras.utils.set_random_seed(5)
    model, _ = build_members(standardise(FEATURES), 4, 2, **HOW, dropout=dropout, members=3)
    return compiled(model, MembersLoss(WEIGHTS, "emotion", 3))


def rows_of(kind):
    if kind == "three":
        return FEATURES, with_counts(LABELS, np.arange(ROWS) % 3, 3)[0]
    return FEATURES, LABELS


KINDS = {
    "one": lambda: one((0.0, 0.0)),
    "without batch norm": lambda: one((0.0, 0.0), batch_norm=False),
    "three": lambda: three((0.0, 0.0)),
}


@pytest.fixture(params=["one block", "many blocks and calls, batches and rows left over"])
def cut(request, monkeypatch):
    """Cut an epoch as one of few rows, and as one of millions."""
    if request.param != "one block":
        monkeypatch.setattr("pipeline.model.training.batches._ROWS_AT_ONCE", 200)
        monkeypatch.setattr("pipeline.model.training.steps._BLOCKS_PER_CALL", 2)
        first, second, _ = parts_of(ROWS, 47)
        assert first.blocks > 2 * 2
        assert second.batches


@pytest.mark.parametrize(
    ("rows", "size"),
    [(1, 32), (16_000, 32), (16_001, 64), (60_000, 128), (512_000, 1024), (10**9, 1024)],
)
def test_many_rows_are_taken_in_larger_steps(rows, size):
    assert batch_rows("auto", rows) == size
    assert batch_rows(48, rows) == 48


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_losses_and_weights_are_those_of_keras_step_by_step(kind, fused):
    rows, model, theirs = rows_of(kind), KINDS[kind](), KINDS[kind]()
    steps, batches = Steps(model, rows, 47, 7, fused=fused), Batches(rows, 47, 7)
    for epoch in range(2):
        expected = 0.0
        for features, labels in of_epoch(batches, epoch):
            theirs.reset_metrics()
            expected += len(labels) * float(theirs.train_on_batch(features, labels))
        assert steps(epoch) == pytest.approx(expected / ROWS, rel=1e-4)
    pairs = zip(model.get_weights(), theirs.get_weights(), strict=True)
    assert max(np.abs(mine - own).max() for mine, own in pairs) < 1e-3
    assert int(model.optimizer.iterations) == int(theirs.optimizer.iterations) == 52


@pytest.mark.parametrize("fused", [False, True])
def test_dropout_keeps_what_was_drawn(fused):
    """Against Keras' layers, with the draws as a factor in place of dropout."""
    model, theirs = one((0.4, 0.2)), one((0.0, 0.0))
    theirs.set_weights(model.get_weights())
    inputs, drawn = keras.Input((4,)), [keras.Input((units,)) for units in (16, 8)]
    signal, factors = inputs, iter(drawn)
    for layer in theirs.layers[1:]:
        kept = isinstance(layer, layers.Dropout)
        signal = layers.Multiply()([signal, next(factors)]) if kept else layer(signal)
    theirs = keras.Model([inputs, *drawn], signal)
    theirs.compile(keras.optimizers.Adam(0.01), WeightedBinaryCrossentropy(WEIGHTS, "emotion"))
    rows, dropping = (FEATURES, LABELS), [(0.4, (16,)), (0.2, (8,))]
    expected = 0.0
    for features, labels, *kept in of_epoch(Batches(rows, 48, 7, dropping), 0):
        given = [
            mask / np.float32(1 - rate) for mask, (rate, _) in zip(kept, dropping, strict=True)
        ]
        theirs.reset_metrics()
        expected += len(labels) * float(theirs.train_on_batch([features, *given], labels))
    assert Steps(model, rows, 48, 7, fused=fused)(0) == pytest.approx(expected / ROWS, rel=1e-4)


def test_dropout_keeps_its_share_and_draws_anew_for_each_row_block_layer_and_epoch(monkeypatch):
    monkeypatch.setattr("pipeline.model.training.batches._ROWS_AT_ONCE", 200)
    batches = Batches((FEATURES, LABELS), 32, 7, [(0.4, (50,)), (0.1, (3, 20))])
    drawn = [
        [
            np.concatenate(layer)
            for layer in zip(*(kept for _, _, *kept in of_epoch(batches, epoch)), strict=True)
        ]
        for epoch in (0, 1)
    ]
    for (first, second), (later, _) in [drawn]:
        assert first.shape == (ROWS, 50)
        assert second.shape == (ROWS, 3, 20)
        assert first.mean() == pytest.approx(0.6, abs=0.01)
        assert second.mean() == pytest.approx(0.9, abs=0.01)
        flat = (first[:1000].ravel(), second[:1000].ravel()[: first[:1000].size])
        assert (flat[0] == flat[1]).mean() == pytest.approx(0.6 * 0.9 + 0.4 * 0.1, abs=0.01)
        block = batches.parts[0].batches * batches.parts[0].size
        moved = [np.roll(first, by, axis) for by, axis in ((1, 0), (block, 0), (1, 1))]
        for other in (later, *moved):
            assert (first == other).mean() == pytest.approx(0.6**2 + 0.4**2, abs=0.01)


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 4095, 4096, 5000, 10_007, 100_000])
@pytest.mark.parametrize("size", [1, 32, 48, 1300, 3000, 5000])
def test_every_row_is_in_one_batch_of_the_size_but_for_the_last(rows, size):
    parts = parts_of(rows, size)
    sizes = [part.size for part in parts for _ in range(part.blocks * part.batches)]
    assert sum(sizes) == rows
    assert set(sizes[:-1]) <= {size}
    ends = [part.start + part.blocks * part.batches * part.size for part in parts]
    assert [part.start for part in parts] == [0, *ends[:-1]]
    assert len(parts) <= 3
    first, *rest = parts
    assert first.batches * first.size <= max(2 * 4096, size)
    assert sum(part.batches * part.size for part in rest) <= max(rows / 4, size)


def test_rows_come_in_another_order_each_epoch_and_all_of_them():
    numbers = np.arange(5000, dtype=np.float32)[:, None]
    batches = Batches((numbers, numbers), 48, 1)
    orders = []
    for epoch in (0, 1, 0):
        taken = list(of_epoch(batches, epoch))
        assert all((x == y).all() for x, y in taken)
        orders.append(np.concatenate([x[:, 0] for x, _ in taken]))
    assert sorted(orders[0]) == sorted(orders[1]) == numbers[:, 0].tolist()
    assert (orders[0] != orders[1]).mean() > 0.9
    assert (orders[0] == orders[2]).all()
