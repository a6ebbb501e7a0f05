"""A small set of frames and labels, as prepare and label leave them, and quick settings."""

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studied import EMOTIONS, QUICK, write_world
from throwaway import PARAMS

from pipeline.settings import params
from pipeline.settings.schema import Params


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """Keep what is imported out of the garbage that Keras collects before every network."""
    gc.freeze()


@pytest.fixture(scope="session")
def settings() -> Params:
    return params.with_values(params.load(PARAMS), QUICK, Path("quick"))


@pytest.fixture(scope="session")
def by_rule(settings: Params) -> Params:
    """Label by rules of one action unit each; people called the emotions the same."""
    aus = dict(zip(EMOTIONS, (4, 12, 15), strict=True))
    divisors = {"baseline": 3.5, "improved": 2.0}
    values: dict[str, Any] = {
        "label.source": "facs",
        "label.gate": "none",
        "label.rules": {name: {"aus": [au], "valence": "P"} for name, au in aus.items()},
        "evaluate.primary": "average_precision",
        "evaluate.human_names": {name: name for name in EMOTIONS},
    }
    values |= {f"recipes.{k}.divisors": dict.fromkeys(EMOTIONS, v) for k, v in divisors.items()}
    values |= {"recipes.baseline.epochs": 2, "recipes.baseline.hidden": [4]}
    values |= {"recipes.baseline.dropout": [0.1], "recipes.improved.epochs": 2}
    return params.with_values(settings, values, Path("by_rule"))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., np.ndarray]:
    """Enter an empty folder; `world()` writes people into it, and returns their labels."""
    monkeypatch.chdir(tmp_path)
    return partial(write_world, tmp_path)


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of people where studies that ask the same share their cells."""
    folder = tmp_path_factory.mktemp("studied")
    write_world(folder)
    return folder
