"""Scores of categories are scikit-learn's; a clip's prediction is the mean of its frames'."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from pipeline.errors import InputError
from pipeline.evaluation.resampling.bootstrap import group
from pipeline.evaluation.resampling.intervals import difference, interval
from pipeline.evaluation.scoring.category_scores import (
    METRICS,
    NONE,
    accuracy_by_subject,
    categories_of,
    category_samples,
    category_scores,
    clip_answers,
    confusion_matrix,
    frame_answers,
)

NAMES = ("angry", "calm", "happy", "sad")


def case(rows=200, people=12, seed=0, names=NAMES, skill=1.0):
    """Give labels, predictions, subject and clip codes; each clip has one category."""
    random = np.random.default_rng(seed)
    clip = np.sort(random.integers(0, max(rows // 5, 1), rows))
    subject = clip % people
    true = np.eye(len(names), dtype=np.float32)[random.integers(0, len(names), rows)[clip]]
    predicted = random.random(true.shape) + skill * true * random.random(true.shape)
    return true, (predicted / 4).astype(np.float32), subject, clip


def sklearn_scores(true, named):
    return {
        "accuracy": sklearn.accuracy_score(true, named),
        "balanced_accuracy": sklearn.recall_score(
            true, named, average="macro", labels=np.unique(true)
        ),
        "macro_f1": sklearn.f1_score(true, named, average="macro"),
    }


@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 10_000), st.floats(0, 3))
@settings(max_examples=150, deadline=None)
def test_scores_are_those_of_scikit_learn(rows, number, seed, skill):
    names = [f"c{i}" for i in range(number)]
    true, predicted, subject, _ = case(rows, 5, seed, names, skill)
    answers = frame_answers(true, predicted, names, subject)
    is_, named = true.argmax(axis=1), predicted.argmax(axis=1)
    assert category_scores(answers) == pytest.approx(sklearn_scores(is_, named))
    np.testing.assert_array_equal(
        confusion_matrix(answers), sklearn.confusion_matrix(is_, named, labels=range(number))
    )


@given(st.integers(1, 80), st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_a_clip_is_what_the_mean_of_its_frames_says(rows, seed):
    true, predicted, subject, clip = case(rows, 5, seed)
    table = pd.DataFrame(predicted.astype(float)).assign(s=subject, c=clip, y=true.argmax(axis=1))
    means = table.groupby(["s", "c"]).mean()
    answers = clip_answers(true, predicted, NAMES, subject, clip)
    assert answers.left_out == 0
    assert answers.subject.tolist() == means.index.get_level_values("s").tolist()
    assert answers.true.tolist() == means["y"].tolist()
    assert answers.named.tolist() == means[range(4)].to_numpy().argmax(axis=1).tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_clips_of_one_frame_score_as_frames_do(seed):
    true, predicted, subject, _ = case(40, 5, seed)
    frames = frame_answers(true, predicted, NAMES, subject)
    clips = clip_answers(true, predicted, NAMES, subject, np.arange(40))
    assert category_scores(clips) == category_scores(frames)


@given(st.integers(0, 10_000), st.integers(2, 20))
@settings(max_examples=40, deadline=None)
def test_each_resample_scores_the_rows_of_the_drawn_people(seed, people):
    true, predicted, subject, _ = case(120, people, seed)
    answers = frame_answers(true, predicted, NAMES, subject)
    groups = group(answers.subject, 3, seed)
    drawn = category_samples(answers, groups)
    for i, weights in enumerate(groups.draws):
        rows = np.repeat(np.arange(len(answers.true)), weights[groups.of].astype(int))
        expected = sklearn_scores(answers.true[rows], answers.named[rows])
        for metric in METRICS:
            values = drawn[metric].point if i == 0 else drawn[metric].samples[i - 1]
            assert np.nanmean(values) == pytest.approx(expected[metric])


def test_point_of_the_samples_is_the_score():
    true, predicted, subject, _ = case()
    answers = frame_answers(true, predicted, NAMES, subject)
    drawn = category_samples(answers, group(answers.subject, 200, 1))
    for metric, value in category_scores(answers).items():
        found = interval(drawn[metric])
        assert found.point == pytest.approx(value)
        assert found.low < value < found.high
    recall = interval(drawn["balanced_accuracy"], emotion="sad")
    sad = answers.true == 3
    assert recall.point == pytest.approx((answers.named[sad] == 3).mean())


def test_two_models_on_the_same_rows_are_paired():
    true, good, subject, _ = case(skill=3.0)
    _, bad, _, _ = case(seed=0, skill=0.0)
    gains = []
    for predicted in (good, bad):
        answers = frame_answers(true, predicted, NAMES, subject)
        gains.append(category_samples(answers, group(answers.subject, 300, 1))["accuracy"])
    same = interval(difference(gains[0], gains[0]))
    assert (same.low, same.point, same.high) == (0.0, 0.0, 0.0)
    assert interval(difference(*gains)).low > 0


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 200 sets of 24 people, whose accuracies vary around .5, at least 9 in 10 intervals do."""
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        subject = np.repeat(np.arange(24), 30)
        right = random.random(720) < random.normal(0.5, 0.12, 24).clip(0, 1)[subject]
        is_ = random.integers(0, 4, 720)
        named = np.where(right, is_, (is_ + random.integers(1, 4, 720)) % 4)
        answers = frame_answers(np.eye(4)[is_], np.eye(4)[named], NAMES, subject)
        found = interval(category_samples(answers, group(subject, 300, seed))["accuracy"])
        held += found.low <= 0.5 <= found.high
    assert 180 <= held < 200


def test_accuracy_of_each_person_worst_first():
    true = np.eye(2)[[0, 0, 1, 1, 0]]
    named = np.eye(2)[[0, 1, 1, 1, 1]]
    answers = frame_answers(true, named, ("a", "b"), np.array([3, 3, 0, 0, 1]))
    table = accuracy_by_subject(answers, ["ann", "bob", "cid", "dan"])
    assert table.to_dict("list") == {
        "subject": ["bob", "dan", "ann"],
        "rows": [1, 2, 2],
        "accuracy": [0.0, 0.5, 1.0],
    }


def test_rows_without_a_category_are_counted_and_not_scored():
    true = np.array([[1, 0], [0, 0], [0, 1]])
    predicted = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.1]])
    answers = frame_answers(true, predicted, ("a", "b"), np.zeros(3, int))
    assert answers.left_out == 1
    assert confusion_matrix(answers).tolist() == [[1, 0], [1, 0]]


def test_clips_of_several_categories_are_counted_and_not_scored():
    true = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0], [0, 1], [0, 0]])
    clip = np.array([0, 0, 1, 1, 2, 3, 3])
    answers = clip_answers(true, true / 2, ("a", "b"), np.zeros(7, int), clip)
    assert answers.left_out == 3
    assert (answers.true.tolist(), answers.named.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        ([[0, 1], [1, 0]], [1, 0]),
        ([[0, 1], [0, 0]], [1, NONE]),
        ([[0, 1], [1, 1]], None),
        ([[0, 0.5], [1, 0]], None),
        ([[0, 0], [0, 0]], None),
    ],
)
def test_labels_are_categories_where_no_row_has_two(labels, codes):
    found = categories_of(np.array(labels, dtype=np.float32))
    assert (None if found is None else found.tolist()) == codes


def test_soft_labels_are_refused():
    with pytest.raises(InputError, match="1 for one category a row"):
        frame_answers([[0.5, 0.2]], [[0.5, 0.2]], ("a", "b"), np.zeros(1, int))


def test_subjects_must_be_as_many_as_rows():
    with pytest.raises(InputError, match="1 subjects were given for 2 rows"):
        frame_answers(np.eye(2), np.eye(2), ("a", "b"), np.zeros(1, int))


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_does_not_matter(seed):
    true, predicted, subject, clip = case(60, 5, seed)
    order = np.random.default_rng(seed).permutation(60)
    assume(not np.array_equal(order, np.arange(60)))
    one = clip_answers(true, predicted, NAMES, subject, clip)
    other = clip_answers(true[order], predicted[order], NAMES, subject[order], clip[order])
    assert category_scores(one) == category_scores(other)
