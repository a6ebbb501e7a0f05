"""Score a model that names one of N categories for each frame, or for each clip.

What a model says is the category of its highest probability, the first of equals. A clip's
probabilities are the means of its frames'. Accuracy is the share that is named right; balanced
accuracy averages the recall of the categories, macro F1 their F1 = 2TP / (2TP + FP + FN), each
over the categories where that is defined (the denominator above 0), as in scikit-learn. Guessing
evenly has an accuracy of 1/N, whatever the categories' shares.

All follows from the confusion matrix, and a resample's matrix is the weighted sum of the people's:
one matrix product for all resamples (see `bootstrap`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from pipeline.errors import InputError
from pipeline.evaluation.resampling.bootstrap import Groups
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring.arrays import Floats, Ints, checked
from pipeline.evaluation.scoring.confusion import divide

NONE = -1  # the code of a row that has no category


@dataclass(frozen=True)
class Answers:
    """What each frame or clip is and what a model names, as places in `categories` (rows,).

    `subject` has each one's person. `left_out` counts the frames or clips that are not here, for
    they have no category, or more than one.
    """

    categories: tuple[str, ...]
    true: Ints
    named: Ints
    subject: Ints
    left_out: int


# Takes confusion matrices (..., N, N), gives what is averaged (..., terms), NaN where undefined.
Formula: TypeAlias = Callable[[Floats], Floats]


def categories_of(true: npt.ArrayLike) -> Ints | None:
    """Give each row's place of its 1, or `NONE`; None where labels are no categories.

    They are where each label is 0 or 1, no row (rows, categories) has two and some row has one.
    """
    labels = np.asarray(true)
    marks = np.equal(labels, 1)
    if not (marks | np.equal(labels, 0)).all() or (marks.sum(axis=1) > 1).any() or not marks.any():
        return None
    return np.where(marks.any(axis=1), marks.argmax(axis=1), NONE).astype(np.int64)


def frame_answers(
    true: npt.ArrayLike, predicted: npt.ArrayLike, categories: Sequence[str], subject: Ints
) -> Answers:
    """Take what is named of each frame; arrays are (rows, categories), `subject` (rows,).

    Raises `InputError` as `arrays.checked`, where labels are no categories, and for another
    number of subjects.
    """
    is_, predicted = _given(true, predicted, categories, subject)
    kept = is_ != NONE
    named = predicted[kept].argmax(axis=1).astype(np.int64)
    return Answers(tuple(categories), is_[kept], named, subject[kept], int((~kept).sum()))


def clip_answers(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    categories: Sequence[str],
    subject: Ints,
    clip: Ints,
) -> Answers:
    """Take what is named of each clip, by subject and clip; otherwise as `frame_answers`.

    A clip whose frames are not all of one category is left out.
    """
    is_, predicted = _given(true, predicted, categories, subject)
    width = int(clip.max()) + 1
    keys, first, of, rows = np.unique(
        subject * width + clip, return_index=True, return_inverse=True, return_counts=True
    )
    mixed = np.bincount(of, weights=is_ != is_[first][of]) > 0
    kept = (is_[first] != NONE) & ~mixed
    means = [np.bincount(of, weights=column) / rows for column in predicted.T]
    named = np.stack(means, axis=1)[kept].argmax(axis=1).astype(np.int64)
    whose = (keys // width)[kept]
    return Answers(tuple(categories), is_[first][kept], named, whose, int((~kept).sum()))


def _given(
    true: npt.ArrayLike, predicted: npt.ArrayLike, categories: Sequence[str], subject: Ints
) -> tuple[Ints, Floats]:
    labels, probabilities = checked(true, predicted, categories)
    is_ = categories_of(labels)
    if is_ is None:
        raise InputError(
            "labels are not 1 for one category a row and 0 for the others; scores of categories "
            "are of such labels alone. Score soft or several labels one by one (see `metrics`)."
        )
    if len(subject) != len(labels):
        raise InputError(
            f"{len(subject)} subjects were given for {len(labels)} rows; give each row's subject."
        )
    return is_, probabilities


def confusion_matrix(answers: Answers) -> Ints:
    """Count (N, N): a row for each category that is, a column for each that is named."""
    one = np.zeros(len(answers.true), dtype=np.int64)
    return np.asarray(_matrices(answers, one, 1)[0], dtype=np.int64)


def category_scores(answers: Answers) -> dict[str, float]:
    """Give each of `METRICS`, in [0, 1]."""
    cells = confusion_matrix(answers).astype(np.float64)
    return {name: float(np.nanmean(formula(cells))) for name, formula in _METRICS.items()}


def category_samples(answers: Answers, groups: Groups) -> dict[str, Samples]:
    """Score as `category_scores`, on all rows and in resamples of people.

    `groups` are of `answers.subject`. The macro average of the samples is the score; what it
    averages (recall, F1) stands by category.
    """
    shape = len(groups.draws), len(answers.categories), len(answers.categories)
    matrices = _matrices(answers, groups.of, groups.draws.shape[1])
    with threadpool_limits(1, user_api="blas"):  # as in `bootstrap.samples_of`
        cells = (groups.draws @ matrices.reshape(len(matrices), -1)).reshape(shape)
    drawn = {name: formula(cells) for name, formula in _METRICS.items()}
    return {
        name: Samples(
            metric=name,
            emotions=answers.categories if values.shape[1] > 1 else (name,),
            point=values[0],
            samples=values[1:],
            subjects=groups.subjects,
            seed=groups.seed,
        )
        for name, values in drawn.items()
    }


def accuracy_by_subject(answers: Answers, names: Sequence[str]) -> pd.DataFrame:
    """List `subject`, `rows` and `accuracy`, worst first; people without rows are left out."""
    rows = np.bincount(answers.subject, minlength=len(names))
    right = np.bincount(answers.subject, answers.true == answers.named, minlength=len(names))
    table = pd.DataFrame({"subject": names, "rows": rows, "accuracy": right / np.maximum(rows, 1)})
    return table[rows > 0].sort_values("accuracy", kind="stable", ignore_index=True)


def _matrices(answers: Answers, of: Ints, groups: int) -> Floats:
    """Count the confusion matrix of each group of rows: (groups, N, N)."""
    number = len(answers.categories)
    place = (of * number + answers.true) * number + answers.named
    counts = np.bincount(place, minlength=groups * number**2)
    return counts.reshape(groups, number, number).astype(np.float64)


def _right(cells: Floats) -> Floats:
    return np.asarray(np.diagonal(cells, axis1=-2, axis2=-1))


def _accuracy(cells: Floats) -> Floats:
    return divide(_right(cells).sum(axis=-1, keepdims=True), cells.sum(axis=(-2, -1))[..., None])


def _recalls(cells: Floats) -> Floats:
    return divide(_right(cells), cells.sum(axis=-1))


def _f1s(cells: Floats) -> Floats:
    return divide(2 * _right(cells), cells.sum(axis=-1) + cells.sum(axis=-2))


_METRICS: Mapping[str, Formula] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _recalls,
    "macro_f1": _f1s,
}
METRICS = tuple(_METRICS)
