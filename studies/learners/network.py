"""Train the pipeline's network as params.yaml says, on the people of a cell."""

import contextlib
import io

from pipeline.model.fit import Data, fit
from pipeline.model.saving import Predictor
from pipeline.stages.train import fit_settings
from pipeline.stages.weigh import class_weights, count_positives
from studies.learners.task import Answer, Task


def learn(task: Task) -> Answer:
    """Train; validation people decide when to stop, training people all else."""
    if not len(task.validation.labels):
        raise ValueError("a network needs validation people, to know when to stop")
    rows = task.train.frames, task.validation.frames, task.asked
    train, validation, asked = task.features(task.train.frames, *rows)
    data = Data((train, task.train.labels), (validation, task.validation.labels))
    changed = {"train": task.settings.train.model_copy(update={"seed": task.seed})}
    settings = fit_settings(task.settings.model_copy(update=changed), weigh(task))
    with contextlib.redirect_stdout(io.StringIO()):  # its progress would drown the study's
        trained = fit(data, settings, lambda *_: {}, lambda *_: None, task.folder)
    predict = Predictor(trained.model)
    notes = {"best_epoch": trained.best_epoch, "history": trained.history}
    return Answer(predict(asked), predict(validation), notes)


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
