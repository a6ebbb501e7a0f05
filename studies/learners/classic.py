"""scikit-learn's models on the same rows; hyper-parameters are chosen inside the training people.

Where each row has one category a model learns all at once, else one model an emotion learns
whether its label reaches `evaluate.positive_at`. What a support vector machine says is turned into
shares by a softmax or a logistic function: it ranks, and is no calibrated probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pipeline.data.frames import codes_of
from pipeline.data.names.dealing import in_order
from pipeline.evaluation.resampling.sampling import draw_rows
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.evaluation.scoring.category_scores import NONE, categories_of
from studies.learners.baseline import known
from studies.learners.task import Answer, Array, Task

INNER_FOLDS = 3  # of the training people, by whom hyper-parameters are chosen
MOST_ROWS = 4000  # a support vector machine takes time with their square
Splits = list[tuple[Ints, Ints]]


@dataclass(frozen=True)
class Kind:
    """A model, and the values to choose among."""

    model: Any
    grid: Mapping[str, list[Any]]


def kinds(seed: int) -> dict[str, Kind]:
    """Give the models by name; `seed` is that of those which draw."""
    boosting = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed)
    forest = RandomForestClassifier(150, max_features="sqrt", random_state=seed)
    return {
        "tuned logistic regression": Kind(
            LogisticRegression(max_iter=1000), {"C": [0.01, 0.03, 0.1, 0.3, 1.0]}
        ),
        "linear discriminant analysis": Kind(
            LinearDiscriminantAnalysis(solver="lsqr"), {"shrinkage": [0.01, 0.1, 0.3, "auto"]}
        ),
        "support vector machine": Kind(
            SVC(), {"C": [1.0, 3.0, 10.0], "gamma": [0.003, 0.01, 0.03]}
        ),
        "random forest": Kind(forest, {"min_samples_leaf": [2, 6]}),
        "gradient boosting": Kind(boosting, {"max_leaf_nodes": [4, 12]}),
    }


NAMES = tuple(kinds(0))
DRAWING = ("random forest", "gradient boosting")  # the others have no use for a seed


def learn(name: str, task: Task) -> Answer:
    """Choose hyper-parameters, fit, and predict."""
    frames, labels = known(task)
    features, asked = task.features(frames, frames, task.asked)
    codes, people = codes_of(frames["subject"])
    rows = draw_rows(np.ones(len(labels), dtype=bool), task.seed, MOST_ROWS)
    features, labels, codes = features[rows], labels[rows], codes[rows]
    category = categories_of(labels)
    kind = kinds(task.seed)[name]
    if category is not None:
        has = category != NONE
        found, chosen = _fit(kind, features[has], category[has], codes[has], people, "accuracy")
        predicted: Array = np.zeros((len(asked), labels.shape[1]), dtype=np.float32)
        predicted[:, found.classes_] = _shares(found, asked)
        return Answer(predicted, notes={"chosen": chosen})
    positive = labels >= np.float32(task.settings.evaluate.positive_at)
    columns, notes = [], {}
    for i, emotion in enumerate(task.emotions):
        target = positive[:, i].astype(np.int64)
        if target.min() == target.max():  # nothing to learn
            columns.append(np.full(len(asked), float(target[0])))
            continue
        found, notes[emotion] = _fit(kind, features, target, codes, people, "average_precision")
        columns.append(_shares(found, asked)[:, 1])
    return Answer(np.stack(columns, axis=1).astype(np.float32), notes={"chosen": notes})


def _fit(
    kind: Kind, features: Array, target: Ints, codes: Ints, people: list[str], goal: str
) -> tuple[Any, dict[str, Any]]:
    """Fit with the hyper-parameters that are best for people who were not learned from."""
    model = Pipeline([("scale", StandardScaler()), ("model", kind.model)])
    grid = {f"model__{key}": values for key, values in kind.grid.items()}
    if not (splits := inner_splits(codes, people, target)):
        return model.fit(features, target), {}
    search = GridSearchCV(model, grid, scoring=goal, cv=splits).fit(features, target)
    chosen = {key.removeprefix("model__"): value for key, value in search.best_params_.items()}
    return search.best_estimator_, chosen | {"inner_score": float(search.best_score_)}


def inner_splits(codes: Ints, people: list[str], target: Ints) -> Splits:
    """Deal the training people to inner folds; those are left out in which a class is missing."""
    order = [people.index(name) for name in in_order([people[i] for i in np.unique(codes)], 0)]
    classes = len(np.unique(target))
    found = []
    for start in range(min(INNER_FOLDS, len(order))):
        inside = np.isin(codes, order[start::INNER_FOLDS])
        if all(len(np.unique(target[rows])) == classes for rows in (inside, ~inside)):
            found.append((np.flatnonzero(~inside), np.flatnonzero(inside)))
    return found


def _shares(model: Any, asked: Array) -> Array:
    """Give the share of each class (rows, classes)."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(asked), dtype=np.float32)
    scores = model.decision_function(asked)
    if scores.ndim == 1:
        return np.stack([expit(-scores), expit(scores)], axis=1).astype(np.float32)
    return np.asarray(softmax(scores, axis=1), dtype=np.float32)
