"""Predictions stand beside their keys, and clips are the means of their frames."""

import numpy as np
import pandas as pd
import pyarrow as pa
from small_model import EMOTIONS, frames_of, linear, small_model

from pipeline.data.features.frame_features import make_features
from pipeline.prediction.batches import Batch
from pipeline.prediction.tables import ClipMeans, frame_table

MODEL = small_model()


def batch(table: pa.Table) -> Batch:
    table = table.combine_chunks()
    return Batch(table, linear(make_features(table, MODEL.features)))


def test_a_row_a_frame_with_probabilities_decisions_and_the_most_probable():
    table = frame_table(batch(frames_of(["A"], 2, 4)), MODEL).to_pandas()
    assert list(table.columns) == [
        *("subject", "clip", "frame", "predicted/happiness", "predicted/sadness"),
        *("positive/happiness", "positive/sadness", "most_probable"),
    ]
    for name, bound in MODEL.thresholds.items():
        reached = table[f"predicted/{name}"] >= np.float32(bound)
        assert (table[f"positive/{name}"] == reached).all()
    best = table[[f"predicted/{name}" for name in EMOTIONS]].to_numpy().argmax(axis=1)
    assert list(table["most_probable"]) == [EMOTIONS[i] for i in best]


def test_an_emotion_without_a_threshold_has_the_usual_one():
    table = frame_table(batch(frames_of(["A"], 2, 4)), small_model(thresholds={})).to_pandas()
    assert (table["positive/sadness"] == (table["predicted/sadness"] >= 0.5)).all()


def test_clips_are_means_of_their_frames_also_across_batches():
    table = frames_of(["A", "B"], 3, 5)
    clips = ClipMeans(MODEL)
    for start in range(0, table.num_rows, 4):
        clips.add(batch(table.slice(start, 4)))
    frames = frame_table(batch(table), MODEL).to_pandas()
    columns = [f"predicted/{name}" for name in EMOTIONS]
    expected = frames.groupby(["subject", "clip"])[columns].mean().reset_index()
    found = clips.table().to_pandas()
    pd.testing.assert_frame_equal(found[expected.columns], expected, atol=1e-6, check_dtype=False)
    assert found["frames"].tolist() == [5] * 6
    assert (found["positive/sadness"] == (found["predicted/sadness"] >= np.float32(0.7))).all()
