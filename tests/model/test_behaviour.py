"""What a trained network does when faces change, with people's own levels and without."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from throwaway import PARAMS

from pipeline.data.features.feature_map import FeatureMap, fit_feature_map
from pipeline.data.labels.facs_rules import rule_scores
from pipeline.model.training.fit import Data, fit
from pipeline.model.training.saving import Predictor
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.stages.demo import generate
from pipeline.stages.steps.training import fit_settings

EPOCHS = 12
STEP = 0.01  # of an intensity on 0-5: the last digit that OpenFace writes
MOST_MOVED = 0.1  # measured: 0.025 without calibration, 0.028 with it


class Trained:
    """The shipped recipe on generated people, every fourth of whom is new to it."""

    def __init__(self, settings: Params, *, calibrate: bool) -> None:
        demo = settings.demo.model_copy(update={"subjects": 24, "frames_per_clip": 20})
        clips = generate(demo)
        aus = pd.concat([clip.aus.drop(columns="Image") for clip in clips], ignore_index=True)
        names = np.repeat([clip.name for clip in clips], demo.frames_per_clip)
        self.aus = aus.to_numpy(dtype=np.float32)
        self.columns = list(aus.columns)
        self.emotions = list(settings.label.rules)
        self.people = pd.factorize(pd.Series(names).str[:3])[0]
        self.clips = pd.factorize(names)[0]
        valences = np.array([name[-1] for name in names])
        columns = {name: aus[name].to_numpy() for name in self.columns}
        scores = rule_scores(columns, settings.label.weights, settings.chosen.divisors)
        gates = [valences == rule.valence for rule in settings.label.rules.values()]
        assert scores.max() == 1
        labels = (scores * np.stack(gates, axis=1)).astype(np.float32)
        self.new = self.people % 4 == 3
        train, val = self.people % 4 < 2, self.people % 4 == 2
        keys = self.people[train], self.clips[train]
        how = {"square_root": False, "calibrate": calibrate, "shrink_clips": 5.0}
        self.features = fit_feature_map(tuple(self.columns), self.aus[train], *keys, **how)
        made = self.features(self.aus, self.people, self.clips)
        weights = {"weights": dict.fromkeys(self.emotions, 2.0), "mode": "emotion"}
        data = Data((made[train], labels[train]), (made[val], labels[val]))
        with tempfile.TemporaryDirectory() as folder:
            chosen = fit_settings(settings, weights)
            trained = fit(data, chosen, lambda *_: {}, lambda *_: None, Path(folder))
        self.network = Predictor(trained.model)

    def predict(self, values: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
        """Predict all rows, so that each person's level is known, in an order of their own."""
        rows = np.arange(len(values)) if order is None else order
        made = self.features(values[rows], self.people[rows], self.clips[rows])
        return self.network(made)

    def raised(self, rows: np.ndarray, names: list[str], by: float) -> np.ndarray:
        """Raise columns in some rows; who they are, and what else they did, stays."""
        changed = self.aus.copy()
        for column in (self.columns.index(name) for name in names):
            changed[rows, column] = np.clip(changed[rows, column] + by, 0, 5)
        return changed


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "calibrated"])
def trained(request):
    settings = yaml.safe_load(PARAMS.read_text())
    settings["recipes"]["improved"]["epochs"] = EPOCHS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        path.write_text(yaml.safe_dump(settings))
        return Trained(params.load(path), calibrate=request.param)


def test_it_has_learned_something(trained):
    predicted = trained.predict(trained.aus)[trained.new]
    assert isinstance(trained.features, FeatureMap)
    assert np.ptp(predicted, axis=0).min() > 0.2


@pytest.mark.parametrize("by", [0.5, 1.0, 2.0])
def test_raising_au6_and_au12_never_lowers_happiness_on_average(trained, by):
    column = trained.emotions.index("happiness")
    plain = trained.predict(trained.aus)[trained.new, column]
    # A clip in three, so that a smile is not taken for the person's face at rest.
    smiling = trained.new & (trained.clips % 3 == 1)
    raised = trained.predict(trained.raised(smiling, ["AU06_r", "AU12_r"], by))[:, column]
    chosen = smiling[trained.new]
    assert raised[smiling].mean() > plain[chosen].mean()


def test_order_of_rows_does_not_matter(trained):
    order = np.random.default_rng(0).permutation(len(trained.aus))
    found = trained.predict(trained.aus, order)
    np.testing.assert_allclose(found, trained.predict(trained.aus)[order], atol=1e-5)


def test_a_small_change_of_intensity_moves_no_probability_far(trained):
    plain = trained.predict(trained.aus)
    random = np.random.default_rng(0)
    changed = trained.aus + random.choice([-STEP, STEP], trained.aus.shape)
    moved = trained.predict(np.clip(changed, 0, 5).astype(np.float32)) - plain
    assert 0 < np.abs(moved).max() < MOST_MOVED
