"""The file holds all that it needs, whatever emotions are called, and the same model gives it."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.action_units import ACTIVATIONS
from pipeline.data.features.feature_map import FeatureMap, read_feature_map
from pipeline.model.inference.network import Network
from pipeline.report.try_page.page import Preset, Trial, try_page

COLUMNS = ("AU06_r", "AU12_r", "AU12_c", "AU28_c")
ODD = "joy </script><script>alert(1)</script> \u2028 {{ x }} `code`"


def trial(features: FeatureMap | None = None, columns: tuple[str, ...] = COLUMNS) -> Trial:
    random = np.random.default_rng(2)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return random.random(shape, dtype=np.float32)

    return Trial(
        title="Recipe <improved>",
        extractor="OpenFace 2",
        features=features or read_feature_map(columns),
        emotions=[ODD, "fear"],
        thresholds=[0.25, 0.5],
        network=Network(
            np.ones(len(columns), np.float32),
            np.zeros(len(columns), np.float32),
            kernels=(drawn(2, len(columns), 3), drawn(2, 3, 2)),
            biases=(drawn(2, 1, 3), drawn(2, 1, 2)),
        ),
        presets=[Preset("at rest", "every action unit at 0", [0.0] * len(columns))],
        min_confidence=0.5,
        calm=False,
    )


def model_in(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="model">(.*?)</script>', text, re.DOTALL)
    assert found
    content: dict[str, object] = json.loads(found[1])
    return content


def test_the_policy_allows_the_files_own_script_and_style_alone() -> None:
    text = try_page(trial())
    for kind in ("script", "style"):
        [content] = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src &#39;sha256-{digest}&#39;" in text.replace("'", "&#39;")
    assert "default-src &#39;none&#39;" in text.replace("'", "&#39;")
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\son\w+=|\sstyle=|\ssrc=", text)  # the policy would refuse them


def test_odd_names_stay_words() -> None:
    text = try_page(trial())
    assert text.count("<script") == 2
    assert "alert(1)</script>" not in text
    assert model_in(text)["emotions"][0]["name"] == ODD
    assert "<h1>Try the model: Recipe &lt;improved&gt;</h1>" in text


def test_numbers_come_back_as_they_were() -> None:
    content, given = model_in(try_page(trial())), trial().network
    numbers = np.frombuffer(base64.b64decode(content["weights"]), "<f4")
    layers = zip(given.kernels, given.biases, strict=True)
    parts = [given.scale, given.offset, *(part for layer in layers for part in layer)]
    np.testing.assert_array_equal(numbers, np.hstack([np.ravel(p) for p in parts]).astype("f4"))
    assert (content["members"], content["sizes"]) == (2, [4, 3, 2])
    assert [one["presence"] for one in content["columns"]] == [None, 2, None, None]


def test_each_action_unit_is_a_row_with_its_name() -> None:
    text = try_page(trial())
    assert re.findall(r"<span>(AU.*?)</span>", text) == [
        "AU6 cheek raiser",
        "AU12 lip corner puller",
        "AU28 lip suck",
    ]
    assert text.count('max="5.0" step="0.1"') == text.count('max="1.0" step="0.05"') == 2


def test_same_model_gives_same_bytes_and_activations_are_sliders_too() -> None:
    assert try_page(trial()) == try_page(trial())
    text = try_page(trial(columns=ACTIVATIONS))
    assert text.count('type="range"') == len(ACTIVATIONS)
    assert "AU43 eyes closed" in text
    assert "Left the intensity" not in text


@pytest.mark.parametrize("calibrated", [True, False])
def test_says_for_whom_sliders_stand_where_own_levels_count(calibrated: bool) -> None:
    people = {"mean": [1.0] * 4, "variance": [1.0] * 4, "between": [1.0] * 4}
    told = {"columns": COLUMNS, "square_root": False, "shrink_clips": 5.0}
    features = read_feature_map({**told, "population": people if calibrated else None})
    assert ("average person" in try_page(trial(features))) == calibrated
