"""The pipeline's baselines: they learn from all people of a cell but those who are asked about."""

import numpy as np
import pyarrow as pa

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.labels import facs_rules
from pipeline.errors import InputError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines.logistic_regression import MOST_ROWS, fit_logistic
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.resampling.sampling import draw_rows
from studies.learners.task import Answer, Array, Task


def known(task: Task) -> tuple[pa.Table, Array]:
    """Put training and validation rows together: frames, and labels (rows, emotions)."""
    frames = pa.concat_tables([task.train.frames, task.validation.frames])
    return frames, np.concatenate([task.train.labels, task.validation.labels])


def constant(task: Task) -> Answer:
    """Predict each emotion's mean label."""
    return Answer(training_mean(known(task)[1], task.asked.num_rows).astype(np.float32))


def logistic(task: Task) -> Answer:
    """Fit the pipeline's logistic regression, one an emotion."""
    frames, labels = known(task)
    features, asked = task.features(frames, frames, task.asked)
    rows = draw_rows(np.ones(len(labels), dtype=bool), task.seed, MOST_ROWS)
    return Answer(fit_logistic(features[rows], labels[rows]).predict(asked))


def rule(task: Task) -> Answer:
    """Score by the labelling rules without the gate, which learns nothing."""
    settings = task.settings
    rules = settings.label.weights
    if not set(task.emotions) <= set(rules):
        raise InputError(
            f"learners has {baselines.RULE!r}, but the rules do not know all of "
            f"{', '.join(task.emotions)}. Leave it out, or set label.source: facs."
        )
    needed = facs_rules.rule_columns(rules, [n for n in AU_COLUMNS if n in task.asked.column_names])
    columns = {name: task.asked[name].to_numpy() for name in needed}
    scores = facs_rules.rule_scores(columns, rules, settings.chosen.divisors)
    own = [list(rules).index(name) for name in task.emotions]
    return Answer(scores[:, own].astype(np.float32))
