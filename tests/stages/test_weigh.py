import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.settings import paths
from pipeline.stages import label, prepare, weigh

LABELS = arrays(
    np.float32, st.tuples(st.integers(1, 40), st.integers(1, 6)), elements=st.floats(0, 1, width=32)
)


@given(LABELS, st.floats(0, 0.875, width=32), st.floats(0.1, 1), st.floats(1, 20))
def test_weights_equal_the_oracle(labels, above, lowest, highest):
    positives = weigh.count_positives(labels, above)
    weights = weigh.class_weights(positives, len(labels), lowest, highest)
    for column, weight in zip(labels.T.tolist(), weights.tolist(), strict=True):
        count = sum(value > above for value in column)
        raw = len(column) / (2 * count) if count else 1.0
        assert weight == (min(max(raw, lowest), highest) if count else 1.0)


def test_only_training_frames_count(real_data, workspace, tree):
    tree["data"]["path"] = str(real_data / "expression")
    workspace(tree)
    prepare.main()
    label.main()
    weigh.main()
    content = json.loads(paths.CLASS_WEIGHTS.read_text())
    import pandas as pd

    training = pd.read_parquet(paths.FRAMES)["split"] == "train"
    labels = pd.read_parquet(paths.LABELS)[training.to_numpy()]
    assert content["training_frames"] == training.sum() < 821
    assert content["positives"] == (labels > np.float32(0.1)).sum().to_dict()
    share = len(labels) / (2 * content["positives"]["happiness"])
    assert content["weights"]["happiness"] == pytest.approx(share)


def test_a_recipe_without_weights_gives_ones(real_data, workspace, tree):
    tree["data"]["path"] = str(real_data / "expression")
    tree["recipe"] = "baseline"
    workspace(tree)
    prepare.main()
    label.main()
    weigh.main()
    content = json.loads(paths.CLASS_WEIGHTS.read_text())
    assert content["mode"] == "none"
    assert set(content["weights"].values()) == {1.0}
