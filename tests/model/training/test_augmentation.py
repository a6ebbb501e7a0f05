"""Rows are varied as they are told to be, each epoch anew, and the same again after a kill."""

import numpy as np
import pytest
import tensorflow as tf
from batches import of_epoch

from pipeline.model.training.augmentation import Augmentation, varying
from pipeline.model.training.batches import Batches
from pipeline.model.training.fit import Data, Settings, _varying
from pipeline.stages.steps.training import graded

RANDOM = np.random.default_rng(4)
FEATURES = (RANDOM.random((4000, 3)) * [5, 5, 1] + [1, 1, 0]).astype(np.float32)
GRADED = np.array([True, True, False])
PLAIN = {
    "seed": 7,
    "hidden": (4,),
    "dropout": (0.0,),
    "batch_norm": False,
    "weights": [1.0],
    "weight_mode": "none",
    "learning_rate": 0.01,
    "batch_size": 32,
    "epochs": 1,
    "early_stopping_patience": None,
    "lr_patience": None,
    "lr_factor": 0.5,
    "lr_lowest": 1e-6,
}


def varied(chosen, *, epoch=0, start=0, seed=7):
    vary = varying(FEATURES, GRADED, chosen, seed)
    whole = (tf.constant(value, tf.int64) for value in (epoch, start))
    return vary(tf.constant(FEATURES), *whole).numpy()


def test_nothing_is_asked_and_nothing_varies():
    assert not Augmentation().does_something
    np.testing.assert_array_equal(varied(Augmentation()), FEATURES)


def test_noise_is_in_deviations_of_each_feature():
    added = varied(Augmentation(noise=0.3)) - FEATURES
    np.testing.assert_allclose(added.std(axis=0), 0.3 * FEATURES.std(axis=0), rtol=0.05)
    assert np.abs(added.mean(axis=0) / FEATURES.std(axis=0)).max() < 0.02


def test_intensity_is_one_factor_a_row_and_leaves_presences():
    factor = varied(Augmentation(intensity=0.2)) / np.where(FEATURES, FEATURES, 1)
    np.testing.assert_allclose(factor[:, 0], factor[:, 1], rtol=1e-5)
    assert 0.8 <= factor[:, 0].min() < 0.81
    assert 1.19 < factor[:, 0].max() <= 1.2001
    np.testing.assert_array_equal(varied(Augmentation(intensity=0.2))[:, 2], FEATURES[:, 2])


def test_a_lost_feature_stands_at_its_mean():
    found = varied(Augmentation(au_dropout=0.25))
    lost = found != FEATURES
    np.testing.assert_allclose(lost.mean(axis=0), 0.25, atol=0.03)
    means = np.broadcast_to(FEATURES.mean(axis=0), FEATURES.shape)
    np.testing.assert_allclose(found[lost], means[lost], rtol=1e-5)


@pytest.mark.parametrize("change", [{"epoch": 1}, {"start": 4096}, {"seed": 8}])
def test_each_place_and_epoch_has_its_own_draw(change):
    chosen = Augmentation(noise=0.1, intensity=0.1, au_dropout=0.1)
    np.testing.assert_array_equal(varied(chosen), varied(chosen))
    assert (varied(chosen) != varied(chosen, **change)).mean() > 0.9


def epochs_of(features, chosen):
    """Give rows and labels, the first feature, of two epochs."""
    vary = varying(features, GRADED, chosen, 7)
    batches = Batches((features, features[:, :1]), 32, 7, vary=vary)
    for epoch in range(2):
        yield (np.concatenate(rows) for rows in zip(*of_epoch(batches, epoch), strict=True))


def test_batches_hold_varied_rows_with_their_own_labels():
    for rows, answers in epochs_of(FEATURES, Augmentation(noise=0.01)):
        assert 0 < np.abs(rows[:, 0] - answers[:, 0]).max() < 0.1


def test_each_epoch_draws_anew():
    alike = np.full_like(FEATURES, 2)  # so that the order of the rows, another too, tells nothing
    (first, _), (second, _) = epochs_of(alike, Augmentation(intensity=0.2))
    assert (first[:, 0] != second[:, 0]).mean() > 0.99


def test_training_varies_the_graded_features_alone():
    settings = Settings(**PLAIN, augment=Augmentation(intensity=0.2))
    vary = _varying(Data((FEATURES, FEATURES), (FEATURES, FEATURES), graded=GRADED), settings)
    found = vary(FEATURES, tf.constant(0, tf.int64), tf.constant(0, tf.int64)).numpy()
    assert ((found != FEATURES).mean(axis=0) > 0.9).tolist() == GRADED.tolist()
    np.testing.assert_array_equal(graded(["AU06_r", "AU12", "AU28_c"]), GRADED)
