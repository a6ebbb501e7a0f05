"""Whether a data set of its own is new to the model."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.settings import paths
from pipeline.stages.external import seen_in_training

AUS = ["AU04_r", "AU06_r", "AU12_r", "AU15_r", "AU06_c"]
RANDOM = np.random.default_rng(0)
OURS = (RANDOM.random((60, 5)) * 5).astype(np.float32)
SPLIT = np.repeat(["train", "val", "test"], 20)


@pytest.fixture(autouse=True)
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the frames of training."""
    monkeypatch.chdir(tmp_path)
    paths.FRAMES.parent.mkdir(parents=True)
    write(paths.FRAMES, OURS, SPLIT)


def write(path: Path, frames: np.ndarray, split: np.ndarray) -> Path:
    columns = dict(zip(AUS, frames.T, strict=True)) | {"split": split}
    pq.write_table(pa.table(columns), path)
    return path


def asked(frames: np.ndarray, features: list[str] = AUS) -> list[float]:
    theirs = write(Path("theirs.parquet"), frames, np.repeat("test", len(frames)))
    return [found["number"] for found in seen_in_training(theirs, features)]


def test_frames_of_training_and_validation_are_named_those_of_test_are_new() -> None:
    assert asked(OURS[::-1]) == [40]
    assert asked(OURS[40:]) == []


def test_frames_of_few_values_tell_nothing_and_a_presence_is_none() -> None:
    few = OURS * np.float32([1, 1, 1, 0, 1])
    write(paths.FRAMES, few, SPLIT)
    assert asked(few) == []
    assert asked(few, ["AU06_c"]) == []


def test_a_frame_in_a_hundred_may_be_alike_by_chance() -> None:
    new = (RANDOM.random((100, 5)) * 5).astype(np.float32)
    new[0] = OURS[0]
    assert asked(new) == []
    new[1] = OURS[1]
    assert asked(new) == [2]
