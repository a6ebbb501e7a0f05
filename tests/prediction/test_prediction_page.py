"""The page says who was predicted by which model, and what was set aside, in whatever numbers."""

import numpy as np
import pyarrow as pa
from small_model import account, calibrating, frames_of, linear, small_model

from pipeline.data.card.profile import Profile
from pipeline.data.features.frame_features import make_features
from pipeline.prediction import prediction_page, traces
from pipeline.prediction.account import Told
from pipeline.prediction.batches import Batch
from pipeline.prediction.predicting import Predicted
from pipeline.prediction.prediction_page import page_text
from pipeline.prediction.stored_model import StoredModel
from pipeline.prediction.tables import ClipMeans
from pipeline.prediction.traces import Traces
from pipeline.report.figures.clip_timeline import LEAST_FRAMES
from pipeline.report.pages.text import to_text


def predicted(table: pa.Table, model: StoredModel) -> Predicted:
    clips, kept = ClipMeans(model), Traces()
    for start in range(0, table.num_rows, 15):
        part = table.slice(start, 15).combine_chunks()
        for add in (clips.add, kept.add):
            add(Batch(part, linear(make_features(part, model.features))))
    nobody = Profile((), np.zeros((0, 0, 0), dtype=np.int64))
    return Predicted(clips.table(), nobody, [], kept.clips())


def told(model: StoredModel, read: int, kept: int) -> Told:
    return Told("here/in", model, account(read, kept), "No drift: of course.")


def test_one_person_and_several(monkeypatch):
    for people, lead in ((["A"], "1 clip of 1 person: 12 of 14"), (["A", "B"], "2 clips of 2 peo")):
        table = frames_of(people, 1, 12)
        page = prediction_page.prediction_page(
            predicted(table, small_model()),
            told(small_model(), table.num_rows + 2, table.num_rows),
        )
        assert page.title == "Emotions in in"
        assert page.lead[0].startswith(lead)
        assert page.lead[-1] == "No drift: of course."
        text = to_text(page)
        assert "out_of_range" in text
        assert "a note" in text


def test_a_persons_mean_counts_each_frame():
    table = pa.concat_tables([frames_of(["A"], 1, 12), frames_of(["A"], 3, 4, seed=1)])
    found = predicted(table.unify_dictionaries(), small_model())
    page = prediction_page.prediction_page(found, told(small_model(), 24, 24))
    [person] = page.sections[0].blocks[0].rows
    expected = linear(make_features(table, small_model().features)).mean(axis=0)
    np.testing.assert_allclose(person[3:], expected, atol=1e-6)


def test_only_the_first_long_clips_are_drawn_and_the_page_says_so(monkeypatch):
    monkeypatch.setattr(traces, "MOST_CLIPS", 2)
    table = frames_of(["A"], 4, LEAST_FRAMES + 5)
    found = predicted(table, small_model())
    assert [len(clip.frame) for clip in found.shown] == [LEAST_FRAMES + 5] * 2
    page = page_text(found, told(small_model(), 60, 60))
    assert page.count("<svg") == 2
    assert "Drawn are 2 of 4 clips" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_clips_that_are_too_short_to_draw_leave_tables():
    found = predicted(frames_of(["A"], 4, 1), small_model())
    page = page_text(found, told(small_model(calibrating(), thresholds={}), 4, 4))
    assert "No clip has enough frames to be drawn." in page
    assert "but for happiness, sadness, where 0.5 stands" in page
    assert "own level and spread was taken out" in page
