"""The programs of docs/prediction.md that use an export."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exportable import KINDS, save_network
from small_model import COLUMNS

from pipeline.prediction.exporting import export

PAGE = Path(__file__).resolve().parents[3] / "docs/prediction.md"
CALL = "[probabilities] = "


def programs() -> list[str]:
    section = PAGE.read_text().partition("## Export")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Enter a folder with film.csv of three people, with blanks before names as OpenFace writes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(4)
    values = (random.random((60, 3)) * [4, 3, 1]).round(2)
    people = np.repeat(["A", "B", "C"], 20)
    table = pd.DataFrame(values, columns=list(COLUMNS)).assign(
        subject=people,
        clip=[f"{who}_{i % (2 if who == 'A' else 5)}" for i, who in enumerate(people)],
    )
    table.rename(columns=" {}".format).to_csv("film.csv", index=False)
    return table


def test_frames_become_probabilities_and_decisions(film: pd.DataFrame, tmp_path: Path) -> None:
    model = save_network(tmp_path, KINDS["rooted"]())
    export.export_model(model, model.load(), ["onnx"], Path("outputs/export"))
    found: dict[str, Any] = {}
    exec(programs()[0], found)
    expected = model.load()(model.features.of_nobody(film[list(COLUMNS)].to_numpy()))
    np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)
    assert found["present"].tolist() == (expected >= [0.4, 0.7]).tolist()


def test_people_are_described_as_calibration_knows_them(film: pd.DataFrame, tmp_path: Path) -> None:
    model = save_network(tmp_path, KINDS["calibrated"]())
    export.export_model(model, model.load(), ["onnx"], Path("outputs/export"))
    found: dict[str, Any] = {"rooted": True}
    exec(programs()[0].partition(CALL)[0] + programs()[1], found)
    [probabilities] = found["session"].run(["probabilities"], found["inputs"])
    keys = (pd.factorize(film[name])[0] for name in ("subject", "clip"))
    values = film[list(COLUMNS)].to_numpy()
    expected = model.load()(model.features(values, *keys))
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    nobody = model.load()(model.features.of_nobody(values))
    assert np.abs(expected - nobody).max() > 0.01
