"""Gather what the page holds on which a person can try the model: network, thresholds, presets.

A part of the evaluate stage.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.data.action_units import INTENSITIES
from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.frames import load_rows
from pipeline.evaluation.all_models import Case
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.model.inference.model_file import open_network
from pipeline.report.try_page.page import Preset, Trial
from pipeline.settings import paths

MOST_ROWS = 200_000  # training rows of which the mean faces are computed


def make_trial(made: Mapping[str, Any], case: Case, seed: int) -> Trial:
    """Gather the model of run.json (`made`); of very many training rows `seed` draws some."""
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    features = read_feature_map(made["feature_map"])
    chosen = np.zeros(len(case.split), dtype=bool)
    chosen[draw_rows(case.rows("train"), seed, MOST_ROWS)] = True
    aus = load_rows(paths.FRAMES, chosen, features.columns)
    graded = [i for i, name in enumerate(features.columns) if name in INTENSITIES]
    return Trial(
        title=f"Recipe {made['recipe']} on {made['params']['data.path']}",
        extractor=account["extractor"],
        features=features,
        emotions=case.emotions,
        thresholds=case.thresholds[NETWORK].tolist(),
        network=open_network(paths.MODEL),
        presets=list(presets(aus, case.true[chosen], case)),
        min_confidence=made["params"]["prepare.min_confidence"],
        calm=bool(aus[:, graded].max(initial=0) <= 1),
    )


def presets(aus: Floats, true: Floats, case: Case) -> Iterator[Preset]:
    """Yield a face at rest and the mean face of each emotion, of training rows (rows, columns).

    An emotion that no row has (`true`, of the same rows) has none.
    """
    yield Preset("at rest", "every action unit at 0", [0.0] * aus.shape[1])
    at = case.bounds.positive_at
    for emotion, labels in zip(case.emotions, true.T, strict=True):
        rows = aus[labels >= at]
        if len(rows):
            words = f"mean of {len(rows):,} training frames labelled {emotion} (at least {at:g})"
            yield Preset(emotion, words, rows.mean(axis=0, dtype=np.float64).tolist())
