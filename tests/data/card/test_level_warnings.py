"""People of a frame table whose own level is hardly known are named."""

import numpy as np
import pyarrow as pa

from pipeline.data.card.level_warnings import warn_of_people
from pipeline.data.features.feature_map import FeatureMap, fit_feature_map, read_feature_map
from pipeline.data.frames import RowGroupWriter, frame_schema

COLUMNS = ("AU06_r", "AU12_r")


def table(clips: dict[str, int]) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Give frames of people with so many clips, and codes of people and clips."""
    random = np.random.default_rng(0)
    people = [name for name, number in clips.items() for _ in range(number)]
    names = [f"{name}_{i}" for name, number in clips.items() for i in range(number)]
    nothing = pa.nulls(len(people), pa.string())
    keys = {"subject": people, "clip": names, "frame": list(range(len(people)))}
    aus = {name: random.random(len(people)).astype(np.float32) for name in COLUMNS}
    rest = {"valence_class": nothing, "valence": pa.nulls(len(people), pa.float32())}
    rest |= {"emotion": nothing, "split": ["test"] * len(people)}
    codes = np.unique(people, return_inverse=True)[1], np.arange(len(people))
    return pa.table(keys | aus | rest), *codes


def learned(clips: dict[str, int]) -> FeatureMap:
    frames, *codes = table(clips)
    values = np.stack([frames[name].to_numpy() for name in COLUMNS], axis=1)
    how = {"square_root": False, "calibrate": True, "shrink_clips": 5.0}
    return fit_feature_map(COLUMNS, values, *codes, **how)


def test_names_people_with_few_clips(tmp_path):
    frames, *_ = table({"ann": 20, "bob": 3, "cid": 1})
    with RowGroupWriter(tmp_path / "frames.parquet", frame_schema(COLUMNS)) as writer:
        writer.write(frames)
    found = warn_of_people(tmp_path / "frames.parquet", learned({"x": 20, "y": 20}))
    assert [item["code"] for item in found] == ["few_own_clips"]
    assert found[0]["number"] == 1
    assert "2 people have fewer than 5 clips (cid 1, bob 3)" in found[0]["message"]


def test_says_nothing_where_features_are_not_calibrated(tmp_path):
    assert warn_of_people(tmp_path / "none.parquet", read_feature_map(COLUMNS)) == []
