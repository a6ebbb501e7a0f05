"""The baseline that knows nothing but how often an emotion was there."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.evaluation.baselines.training_mean import training_mean


def test_repeats_the_training_means() -> None:
    found = training_mean(np.array([[0.0, 1.0], [0.5, 0.0]], dtype=np.float32), rows=3)
    assert found.tolist() == [[0.25, 0.5]] * 3


def test_refuses_what_is_no_label() -> None:
    with pytest.raises(InputError, match="training labels range from 0 to 2"):
        training_mean([[0.0], [2.0]], rows=1)
