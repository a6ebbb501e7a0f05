"""Clips for the timeline are chosen by their labels and errors, not by eye."""

import numpy as np
import pyarrow as pa

from pipeline.data.frames import word_type
from pipeline.evaluation.prediction_file import KEYS
from pipeline.report.figures.clip_timeline import (
    LEAST_FRAMES,
    MOST_POINTS,
    ShownClip,
    choose_clips,
    timeline,
)

FRAMES = LEAST_FRAMES


def keys(clips: list[str], frames: int = FRAMES) -> pa.Table:
    subjects = np.repeat([name[0] for name in clips], frames)
    words = [pa.array(column).cast(word_type()) for column in (subjects, np.repeat(clips, frames))]
    return pa.table([*words, pa.array(np.tile(np.arange(frames), len(clips)))], names=KEYS)


def column(*values: float | np.ndarray) -> np.ndarray:
    return np.concatenate([np.broadcast_to(v, FRAMES) for v in values])[:, np.newaxis]


RAMP = np.linspace(0, 1, FRAMES)


def test_takes_the_most_varied_labels_and_of_the_rest_the_worst() -> None:
    true, predicted = column(0.5, RAMP, RAMP / 2), column(0.6, 1 - RAMP, RAMP / 2)
    chosen = choose_clips(keys(["a1", "b1", "b2"]), true, predicted)
    assert [(clip.subject, clip.name, clip.why) for clip in chosen] == [
        ("b", "b1", "most varied labels"),
        ("a", "a1", "predicted worst"),
    ]
    np.testing.assert_array_equal(chosen[0].true[:, 0], RAMP)
    assert chosen[1].frame.tolist() == list(range(FRAMES))


def test_takes_varied_predictions_where_no_label_varies() -> None:
    true = column(0.7, 0.1).astype(np.float32)
    chosen = choose_clips(keys(["a1", "a2"]), true, column(0.7, RAMP))
    assert [(clip.name, clip.why) for clip in chosen] == [
        ("a2", "most varied predictions"),
        ("a1", "predicted worst"),
    ]


def test_takes_no_clip_of_few_frames() -> None:
    short = keys(["a1", "a2"], FRAMES - 1)
    values = np.zeros((short.num_rows, 1))
    assert choose_clips(short, values, values) == []
    one = pa.concat_tables([short, keys(["c1"])])
    values = np.random.default_rng(0).random((one.num_rows, 1))
    assert [clip.name for clip in choose_clips(one, values, values)] == ["c1"]


def test_draws_gaps_as_gaps_and_long_clips_as_means() -> None:
    place = np.append(np.arange(FRAMES), 3 * FRAMES)
    values = np.ones((FRAMES + 1, 1))
    long = np.arange(2 * MOST_POINTS)
    clips = [
        ShownClip("a", "a1", "why", place, values, values),
        ShownClip(
            "a", "a2", "why", long, long[:, np.newaxis] / len(long), np.zeros((len(long), 1))
        ),
    ]
    gappy, thinned = timeline(clips, ["joy"]).axes
    assert np.isnan(np.asarray(gappy.get_lines()[0].get_xdata())).tolist().index(True) == FRAMES
    assert np.asarray(thinned.get_lines()[0].get_xdata())[:2].tolist() == [0.5, 2.5]
    assert thinned.get_xlabel() == "frame (means of 2)"
