"""What the network names, for frames and for clips, beside its baselines."""

import json

import numpy as np
import pytest

from pipeline.evaluation.all_models import Bounds, Case, build_case
from pipeline.evaluation.baselines import CONSTANT, LOGISTIC, NETWORK
from pipeline.evaluation.categories.judgement import (
    CLIPS,
    FRAMES,
    METRICS,
    CategoryJudgement,
    judge_categories,
)
from pipeline.evaluation.resampling.bootstrap import Resampling

NAMES = ("angry", "calm", "happy", "sad")
PEOPLE, CLIPS_EACH, LENGTH = 10, 8, 5
SUBJECT, CLIP, _ = (i.ravel() for i in np.indices((PEOPLE, CLIPS_EACH, LENGTH)))
PERSONS = [f"s{i}" for i in range(PEOPLE)]
RESAMPLING = Resampling(300, 7, 0.95)


def case(labels: np.ndarray | None = None, names: tuple[str, ...] = NAMES) -> Case:
    """Give people of whom half are test; single frames say little, their means more."""
    random = np.random.default_rng(0)
    category = random.integers(0, len(names), (PEOPLE, CLIPS_EACH))[SUBJECT, CLIP]
    true = np.eye(len(names), dtype=np.float32)[category] if labels is None else labels
    noise = random.random((3, len(true), len(names)))
    predicted = {
        NETWORK: noise[0] * 0.7 + 0.3 * np.eye(len(names))[category],
        LOGISTIC: noise[1] * 0.9 + 0.1 * np.eye(len(names))[category],
        CONSTANT: np.full(true.shape, 1 / len(names)),
    }
    split = np.where(SUBJECT < 5, "val", "test")
    return build_case(names, split, true, predicted, Bounds(0.5, 0.5))


@pytest.fixture(scope="module")
def judged() -> CategoryJudgement:
    found = judge_categories(case(), SUBJECT, CLIP, PERSONS, RESAMPLING)
    assert found
    return found


def test_clips_are_named_better_than_frames_and_the_network_better_than_its_baselines(judged):
    of_frames, of_clips = (judged.of(NETWORK, name) for name in ("accuracy", "clip_accuracy"))
    assert of_clips.point > of_frames.point + 0.1
    assert of_frames.low < of_frames.point < of_frames.high
    for baseline in judged.baselines:
        gain = judged.gain(baseline, "clip_accuracy")
        difference = of_clips.point - judged.of(baseline, "clip_accuracy").point
        assert gain.point == pytest.approx(difference)
        assert gain.low > 0


def test_only_test_people_are_judged(judged):
    table = judged.people()
    assert sorted(table["subject"]) == ["s5", "s6", "s7", "s8", "s9"]
    assert table["clip_accuracy"].is_monotonic_increasing
    assert set(table["frames"]) == {CLIPS_EACH * LENGTH}
    assert set(table["clips"]) == {CLIPS_EACH}
    assert table["clip_accuracy"].mean() == pytest.approx(judged.of(NETWORK, "clip_accuracy").point)


def test_matrix_holds_every_clip_and_frame(judged):
    test = case().rows("test")
    assert judged.matrix(FRAMES).to_numpy().sum() == test.sum()
    clips = judged.matrix(CLIPS)
    assert clips.to_numpy().sum() == 5 * CLIPS_EACH
    assert list(clips.index) == list(clips.columns) == list(NAMES)
    right = np.diag(clips).sum() / clips.to_numpy().sum()
    assert right == pytest.approx(judged.of(NETWORK, "clip_accuracy").point)


def test_table_has_every_metric_of_every_model(judged):
    table = judged.table()
    assert len(table) == len(METRICS) * 3
    own = table[table["model"] == NETWORK]
    assert own["gain"].isna().all()
    assert table[table["model"] != NETWORK]["gain"].notna().all()


def test_content_for_json_has_no_nan(judged):
    laid_out = json.loads(json.dumps(judged.lay_out(), allow_nan=False))
    assert laid_out["chance"] == 1 / 4
    assert laid_out["left_out"] == {FRAMES: 0, CLIPS: 0}
    assert set(laid_out["scores"][NETWORK]) == set(METRICS)
    assert "gain" in laid_out["scores"][CONSTANT]["accuracy"]
    assert "gain" not in laid_out["scores"][NETWORK]["accuracy"]


def test_clips_of_one_row_each_are_rows():
    found = judge_categories(case(), SUBJECT, np.arange(len(CLIP)), PERSONS, RESAMPLING)
    assert found
    assert found.clips_are_rows
    assert found.of(NETWORK, "accuracy") == found.of(NETWORK, "clip_accuracy")


def test_frames_of_longer_clips_are_not_clips(judged):
    assert not judged.clips_are_rows


def test_labels_that_are_no_categories_are_not_judged():
    soft = np.full((len(SUBJECT), 4), 0.3)
    assert judge_categories(case(soft), SUBJECT, CLIP, PERSONS, RESAMPLING) is None


def test_one_category_alone_is_not_judged():
    assert judge_categories(case(names=("happy",)), SUBJECT, CLIP, PERSONS, RESAMPLING) is None


def test_clips_of_several_categories_alone_are_not_judged():
    mixed = np.eye(4)[np.arange(len(SUBJECT)) % 4]
    assert judge_categories(case(mixed), SUBJECT, CLIP, PERSONS, RESAMPLING) is None
