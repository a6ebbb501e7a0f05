"""Presets are what the training rows of an emotion look like on average."""

import numpy as np

from pipeline.evaluation.all_models import Bounds, build_case
from pipeline.evaluation.baselines import NETWORK
from pipeline.stages.steps.trying import presets


def test_a_preset_is_the_mean_of_rows_that_have_the_emotion():
    aus = np.array([[0, 1], [2, 3], [4, 3]], dtype=np.float32)
    true = np.array([[0.2, 0], [0.5, 0.4], [1.0, 0]], dtype=np.float32)
    split = np.array(["train", "val", "test"])
    case = build_case(["joy", "fear"], split, true, {NETWORK: true}, Bounds(0.5, 0.5))
    rest, joy = presets(aus, true, case)
    assert (rest.name, list(rest.aus)) == ("at rest", [0.0, 0.0])
    assert (joy.name, list(joy.aus)) == ("joy", [3.0, 3.0])
    assert joy.words == "mean of 2 training frames labelled joy (at least 0.5)"
