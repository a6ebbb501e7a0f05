"""A training starts from another model's weights: mapped by name, frozen for a while, resumed."""

from pathlib import Path

import keras
import numpy as np
import pytest
from starts import AUS, CHOSEN, EMOTIONS, rows_of, save_start

from pipeline.data.features.feature_map import FeatureMap, own_levels, population
from pipeline.model.start import Start, read_start
from pipeline.model.training.fit import Data, Settings, Trained, fit
from pipeline.model.training.loss import WeightedBinaryCrossentropy
from pipeline.model.training.members import MembersLoss, build_members, with_counts
from pipeline.model.training.network import build, standardise
from pipeline.model.training.saving import Predictor
from pipeline.model.training.steps import Steps
from pipeline.model.training.transfer import learning, take_over

HOW = {"hidden": (8, 4), "dropout": (0.1, 0.1)}


def read(folder: Path, columns=AUS, emotions=EMOTIONS, **chosen) -> Start:
    return read_start(folder, columns, emotions, {**CHOSEN, **chosen})


def started(start: Start, columns=AUS, emotions=EMOTIONS, members=1, batch_norm=True):
    """Predict rows (rows, columns) by a network that has taken the weights over, member by member.

    Its own training rows stand elsewhere than those of the model.
    """
    rows, how = rows_of(columns) * 0.5 + 1, {**HOW, "batch_norm": batch_norm}
    if members == 1:
        model = build(rows, len(emotions), **how)
    else:
        sizes = standardise(rows), len(columns), len(emotions)
        model, _ = build_members(*sizes, **how, members=members)
    take_over(model, start, members)
    return lambda rows: Predictor(model)(rows).reshape(len(rows), members, len(emotions))


def near(one, other) -> bool:
    assert one.std() > 0.01  # else anything would be near
    return np.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_before_the_first_epoch_the_network_is_the_model(tmp_path, batch_norm):
    model, rows = save_start(tmp_path, batch_norm=batch_norm), rows_of(AUS)
    start = read(tmp_path, **{"recipes.improved.batch_norm": batch_norm})
    assert near(started(start, batch_norm=batch_norm)(rows)[:, 0], Predictor(model)(rows))


def test_action_units_and_emotions_are_found_by_name(tmp_path):
    model, rows = save_start(tmp_path), rows_of(AUS)
    columns, emotions = [AUS[i] for i in (2, 0, 1)], EMOTIONS[::-1]
    network = started(read(tmp_path, columns, emotions), columns, emotions)
    assert near(network(rows_of(columns))[:, 0], Predictor(model)(rows)[:, ::-1])


def test_calibrated_features_are_standardised_as_todays_training_rows_are(tmp_path):
    """They stand at the level of today's people, as in that training at the level of those."""
    people = population(own_levels(rows_of(AUS), np.arange(100) % 5, np.arange(100) % 10))
    features = FeatureMap(AUS, False, 5.0, people)
    model, rows = save_start(tmp_path, features=features), rows_of(AUS)
    network = started(read(tmp_path, **{"features.calibrate": "subject"}))
    assert near(network(rows * 0.5 + 1)[:, 0], Predictor(model)(rows))


def test_what_is_new_or_absent_leaves_what_is_known_as_it_was(tmp_path):
    model, rows = save_start(tmp_path), rows_of(AUS)
    columns, emotions = ["AU15_r", "AU12_r", "AU06_r"], ["fear", "sadness"]
    network = started(read(tmp_path, columns, emotions), columns, emotions)
    given = rows_of(columns)
    predicted = network(given)[:, 0]
    rows[:, 2] = rows[:, 2].mean()  # AU04: it knows no other
    assert near(predicted[:, 1], Predictor(model)(rows)[:, 1])
    assert predicted[:, 0].std() > 0.001  # fear has weights, at random
    given[:, 0] = 5 - given[:, 0]
    assert np.array_equal(network(given)[:, 0], predicted)


@pytest.mark.parametrize(("theirs", "ours"), [(2, 3), (1, 3), (3, 1), (3, 2)])
def test_members_start_from_members_in_turn(tmp_path, theirs, ours):
    model, rows = save_start(tmp_path, members=theirs), rows_of(AUS)
    each = Predictor(model)(rows).reshape(len(rows), theirs, 2)
    found = started(read(tmp_path), members=ours)(rows)
    for member in range(ours):
        assert near(found[:, member], each[:, member % theirs])


COLUMNS = ("AU12_r", "AU15_r", "AU06_r")  # the second is new
FEATURES = rows_of(COLUMNS, 300)
LABELS = np.stack([FEATURES[:, 1] > 2, FEATURES[:, 0] > 3], axis=1).astype(np.float32)
SETTINGS = Settings(
    **HOW,
    seed=7,
    batch_norm=True,
    weights=[1.0, 2.0],
    weight_mode="emotion",
    learning_rate=0.01,
    batch_size=32,
    epochs=2,
    early_stopping_patience=None,
    lr_patience=None,
    lr_factor=0.5,
    lr_lowest=1e-5,
    freeze_epochs=1,
)


class BrokenOffError(Exception):
    """Stands for a kill."""


def train(start: Start, folder: Path, until: int | None = None) -> Trained:
    def heard(measured, _kept):
        if measured["epoch"] == until:
            raise BrokenOffError

    rows = (FEATURES[:250], LABELS[:250]), (FEATURES[250:], LABELS[250:])
    return fit(Data(*rows, start=start), SETTINGS, lambda *_: {}, heard, folder)


def weights_of(model) -> dict[str, np.ndarray]:
    return {f"{one.name} {w.name}": w.numpy() for one in model.layers for w in one.weights}


@pytest.fixture
def start(tmp_path: Path) -> Start:
    (tmp_path / "start").mkdir()
    save_start(tmp_path / "start")
    return read(tmp_path / "start", COLUMNS, ("fear", "sadness"))


def steps_of(start: Start, members: int, *, fused: bool) -> tuple[keras.Model, Steps]:
    """Compile a network that has taken the weights over; all but what is new is frozen twice."""
    keras.utils.set_random_seed(5)
    if members == 1:
        model, learned = build(FEATURES, 2, **HOW, batch_norm=True), LABELS
        loss = WeightedBinaryCrossentropy([1.0, 2.0], "emotion")
    else:
        own = standardise(FEATURES), 3, 2
        model, _ = build_members(*own, **HOW, batch_norm=True, members=members)
        learned = with_counts(LABELS, np.arange(300) % members, members)[0]
        loss = MembersLoss([1.0, 2.0], "emotion", members)
    take_over(model, start, members)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.optimizer.build(model.trainable_variables)
    frozen = (2, learning(model, start))
    return model, Steps(model, (FEATURES, learned), 32, 7, fused=fused, frozen=frozen)


@pytest.mark.parametrize(("members", "fused"), [(1, False), (2, False), (1, True)])
def test_what_is_frozen_does_not_move_and_all_else_does(start, members, fused):
    model, steps = steps_of(start, members, fused=fused)
    seen, losses = [weights_of(model)], []
    for epoch in range(3):
        losses.append(steps(epoch))
        seen.append(weights_of(model))
    first, _, second, third = seen
    for name in first:
        before, frozen, after = (each[name] for each in (first, second, third))
        if name == "dense_0 kernel":
            *flat, after = (w.reshape(members, 3, 8) for w in (before, frozen, after))
            assert (flat[0][:, 1] != flat[1][:, 1]).any()  # the new action unit's
            before, frozen, after = flat[0][:, [0, 2]], flat[1][:, [0, 2]], after[:, [0, 2]]
        assert np.array_equal(before, frozen) != name.startswith("emotions"), name
        assert not np.array_equal(frozen, after), name
    if fused:
        _, plain = steps_of(start, members, fused=False)
        assert [plain(epoch) for epoch in range(3)] == pytest.approx(losses, rel=1e-3)


def test_adam_begins_anew_when_all_learns(start):
    """Its averages of gradients that were 0 would make the first steps three times as long."""
    model, steps = steps_of(start, 1, fused=False)
    model.optimizer.learning_rate = 0.005  # as a plateau does
    for epoch in range(2):
        steps(epoch)
    assert int(model.optimizer.iterations) == 20
    before = weights_of(model)["dense_1 kernel"]
    steps(2)
    assert int(model.optimizer.iterations) == 10
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)
    longest = np.abs(weights_of(model)["dense_1 kernel"] - before).max()
    assert 0.005 < longest < 10 * 0.005 * 1.01


def test_a_training_that_was_broken_off_while_frozen_goes_on_to_the_same_bits(start, tmp_path):
    undisturbed = train(start, tmp_path / "undisturbed")
    with pytest.raises(BrokenOffError):
        train(start, tmp_path / "broken", until=2)
    resumed = train(start, tmp_path / "broken")
    assert resumed.history == undisturbed.history
    mine, theirs = (weights_of(one.trained) for one in (resumed, undisturbed))
    assert all(np.array_equal(mine[name], theirs[name]) for name in theirs)
    known = weights_of(undisturbed.trained)["dense_1 kernel"] != start.weights["dense_1"][0][0]
    assert known.any() == (undisturbed.best_epoch == 2)
