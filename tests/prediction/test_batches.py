"""Frames are predicted in batches that end between people where their own levels matter."""

import numpy as np
import pyarrow as pa
import pytest
from small_model import calibrating, frames_of, linear, small_model

from pipeline.data import frames as frame_tables
from pipeline.data.features.frame_features import make_features
from pipeline.data.frames import RowGroupWriter
from pipeline.prediction.batches import predict_frames, whole_people

PEOPLE = ["A", "B", "C", "D"]


def cut(table: pa.Table, size: int) -> list[pa.Table]:
    return [table.slice(start, size) for start in range(0, table.num_rows, size)]


@pytest.mark.parametrize("size", [1, 4, 6, 7, 12, 13, 100])
def test_each_person_stands_in_one_table_and_no_row_is_lost(size):
    table = frames_of(PEOPLE, clips=2, frames=3)
    parts = list(whole_people(cut(table, size)))
    people = [set(part["subject"].to_pylist()) for part in parts]
    assert sum(map(len, people)) == len(PEOPLE)
    joined = pa.concat_tables(parts).unify_dictionaries()
    assert joined.to_pylist() == table.to_pylist()


@pytest.mark.parametrize("size", [6, 10])  # of a piece; 6 is a person
def test_no_table_holds_more_than_one_piece_and_one_person(size):
    table = frames_of([f"P{i:03}" for i in range(50)], clips=2, frames=3)
    sizes = [part.num_rows for part in whole_people(cut(table, size))]
    assert max(sizes) <= size + 6


@pytest.mark.parametrize("features", [None, calibrating()], ids=["plain", "calibrated"])
def test_batches_predict_what_the_whole_table_would(features, tmp_path, monkeypatch):
    table = frames_of(PEOPLE, clips=3, frames=5)
    monkeypatch.setattr(frame_tables, "ROW_GROUP", 7)
    with RowGroupWriter(tmp_path / "frames.parquet", table.schema) as writer:
        writer.write(table)
    model = small_model(features)
    found = list(predict_frames(tmp_path / "frames.parquet", model, linear))
    assert len(found) > 2
    expected = linear(make_features(table, model.features))
    np.testing.assert_allclose(np.vstack([b.predicted for b in found]), expected, atol=1e-6)
    assert [f for b in found for f in b.frames["frame"].to_pylist()] == table["frame"].to_pylist()


def test_only_what_is_predicted_next_is_read(tmp_path, monkeypatch):
    table = frames_of([f"P{i:02}" for i in range(40)], clips=1, frames=5)
    monkeypatch.setattr(frame_tables, "ROW_GROUP", 20)
    with RowGroupWriter(tmp_path / "frames.parquet", table.schema) as writer:
        writer.write(table)
    read = []

    def watched(path, columns):
        for batch in frame_tables.batches(path, columns):
            read.append(batch.num_rows)
            yield batch

    monkeypatch.setattr("pipeline.prediction.batches.batches", watched)
    for features in (None, calibrating()):
        read.clear()
        found = predict_frames(tmp_path / "frames.parquet", small_model(features), linear)
        next(found)
        assert sum(read) <= 40 < table.num_rows
