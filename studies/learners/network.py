"""Train the pipeline's network as params.yaml says, on the people of a cell."""

import contextlib
import io

from pipeline.evaluation.scoring.arrays import reach
from pipeline.evaluation.scoring.emotion_scores import errors, mean
from pipeline.model.training.batches import batch_rows
from pipeline.model.training.fit import Data, fit
from pipeline.model.training.members import left_out
from pipeline.model.training.saving import Predictor
from pipeline.stages.steps.training import deal_members, fit_settings, graded, start_of
from pipeline.stages.weigh import class_weights, count_positives
from studies.learners.task import Answer, Array, Task

KNOWN = "training_average_precision"  # a note


def learn(task: Task) -> Answer:
    """Train; validation people decide when to stop, or those whom each of several members left out.

    What is said of validation people is theirs who decided: never of those who are asked about.
    """
    chosen = task.settings.train.model_copy(update={"seed": task.seed})
    settings = task.settings.model_copy(update={"train": chosen})
    groups = deal_members(task.train.frames, chosen)
    own = task.train if groups is not None else task.validation
    rows = task.train.frames, own.frames, task.asked
    train, validation, asked = task.features(task.train.frames, *rows)
    labels = task.train.labels, own.labels
    start = start_of(settings, task.columns, task.emotions)
    data = Data((train, labels[0]), (validation, labels[1]), groups, graded(task.columns), start)
    chosen_fit = fit_settings(settings, weigh(task))
    with contextlib.redirect_stdout(io.StringIO()):  # its progress would drown the study's
        trained = fit(data, chosen_fit, lambda *_: {}, lambda *_: None, task.folder)
    predict = Predictor(trained.model)
    notes = {
        "best_epoch": trained.best_epoch,
        "batch_size": batch_rows(chosen_fit.batch_size, len(train)),
        "history": trained.history,
        KNOWN: ranked(task, predict(train)),
    }
    said = (
        predict(validation)
        if groups is None
        else left_out(trained.trained, train, groups, len(task.emotions))
    )
    return Answer(predict(asked), said, notes)


def ranked(task: Task, predicted: Array) -> float | None:
    """Score what the kept network, without dropout, says of its own training rows.

    Average precision, macro average over emotions; None where no emotion has positives.
    """
    true = task.train.labels
    positive = reach(true, task.settings.evaluate.positive_at)
    return mean(errors(true, predicted, positive, task.emotions), "average_precision")


def weigh(task: Task) -> dict[str, object]:
    """Weigh emotions by the cell's training rows, as the stage `weigh` does."""
    settings, mode = task.settings.weigh, task.settings.chosen.weights
    positives = count_positives(task.train.labels, settings.positive_above)
    weights = class_weights(
        positives, len(task.train.labels), settings.lowest, settings.highest
    ).tolist()
    if mode == "none":
        weights = [1.0] * len(weights)
    return {"mode": mode, "weights": dict(zip(task.emotions, weights, strict=True))}
