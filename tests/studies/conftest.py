"""A small set of frames and labels, as prepare and label leave them, and quick settings."""

import gc
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from throwaway import PARAMS

from pipeline.settings import params, paths
from pipeline.settings.schema import Params

EMOTIONS = ("anger", "joy", "sadness")
QUICK = {
    "label.source": "human",
    "evaluate.primary": "clip_accuracy",
    "evaluate.resamples": 100,
    "recipe.hidden": [4],
    "recipe.dropout": [0.1],
    "recipe.batch_norm": False,
    "recipe.epochs": 1,
}


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


def write_world(folder: Path, people: int = 8, shown: float = 3.0, seed: int = 0) -> np.ndarray:
    """Write people of six clips each; an emotion shows in its action unit as much as `shown`.

    Return the labels (rows, emotions).
    """
    shutil.copy(PARAMS, folder)
    random = np.random.default_rng(seed)
    clips = np.arange(people * 6)
    category = random.permutation(np.tile(np.arange(3), people * 2))
    labels = np.eye(3, dtype=np.float32)[category]
    aus = np.clip(random.random((len(clips), 3)) + shown * labels, 0, 5).astype(np.float32)
    names = [f"p{clip // 6:02}" for clip in clips]
    columns: dict[str, Any] = {"subject": names, "clip": [f"c{clip}" for clip in clips]}
    columns |= dict(zip(("AU04_r", "AU12_r", "AU15_r"), aus.T, strict=True))
    columns |= {"valence_class": ["M"] * len(clips), "valence": np.zeros(len(clips))}
    columns |= {"emotion": np.array(EMOTIONS)[category], "split": ["train"] * len(clips)}
    keys = ("subject", "clip", "valence_class", "emotion", "split")
    words = {name: pa.array(columns[name]).dictionary_encode() for name in keys}
    tables = {
        paths.FRAMES: pa.table(columns | words),
        paths.LABELS: pa.table(list(labels.T), names=list(EMOTIONS)),
    }
    for path, table in tables.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / path)
    return np.asarray(labels)
