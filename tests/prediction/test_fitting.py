"""Recordings that a model was not made for are refused in one line that says what to do."""

import numpy as np
import pytest
from small_model import COLUMNS, small_model

from pipeline.data.card.profile import BINS, Profile
from pipeline.errors import InputError
from pipeline.prediction.fitting import FEWEST_TO_TELL, refuse_unfit, refuse_units


def highest(value: float) -> dict[str, dict[str, float]]:
    return {name: {"highest": value} for name in COLUMNS}


def test_another_extractor_is_refused():
    with pytest.raises(InputError, match="written by py-feat, the small model was trained on Open"):
        refuse_unfit(small_model(), "py-feat", ["AU06", "AU12"])


def test_lacking_action_units_are_named_and_others_may_be_there():
    with pytest.raises(InputError, match=r"lack AU06_c, which the small model takes; they have AU"):
        refuse_unfit(small_model(), "OpenFace 2", ["AU06_r", "AU12_r"])
    refuse_unfit(small_model(), "OpenFace 2", [*COLUMNS, "AU45_r"])


def test_intensities_of_another_unit_are_refused():
    with pytest.raises(InputError, match=r"no intensity of 100 frames exceeds 0\.93: .*takes 0-5"):
        refuse_units(small_model(), highest(0.93), FEWEST_TO_TELL)
    refuse_units(small_model(), highest(1.2), FEWEST_TO_TELL)


def test_few_calm_frames_are_believed():
    refuse_units(small_model(), highest(0.9), FEWEST_TO_TELL - 1)


def test_a_model_that_learned_from_small_values_takes_them():
    counts = np.zeros((1, len(COLUMNS), BINS + 1), dtype=np.int64)
    counts[:, :, 5] = 10
    refuse_units(small_model(profile=Profile(COLUMNS, counts)), highest(0.9), 1000)
    counts[:, 0, 60] = 1
    with pytest.raises(InputError, match="these look like 0-1"):
        refuse_units(small_model(profile=Profile(COLUMNS, counts)), highest(0.9), 1000)
