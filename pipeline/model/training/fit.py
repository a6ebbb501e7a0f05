"""Train a network; validation decides when to stop, when to slow down and what to keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.model.start import Start
from pipeline.model.training.augmentation import Augmentation, Vary, varying
from pipeline.model.training.batches import BatchSize, batch_rows
from pipeline.model.training.loss import Mode, WeightedBinaryCrossentropy
from pipeline.model.training.members import MembersLoss, build_members, with_counts
from pipeline.model.training.network import build, drawn_from, standardise
from pipeline.model.training.progress import Progress
from pipeline.model.training.resume import KeepState
from pipeline.model.training.saving import BATCH, Predictor
from pipeline.model.training.steps import Steps
from pipeline.model.training.transfer import learning, take_over

Array = NDArray[np.float32]
Score = Callable[[Array, Array], dict[str, float]]
OnEpoch = Callable[[dict[str, float], dict[str, float]], None]

# Rows that are trained on, over all epochs and members, from which on compiling costs less than it
# gains: two seconds, where training usually stops after a fraction of its epochs.
_FUSED_FROM = 800_000


@dataclass(frozen=True)
class Data:
    """Features (rows, features) and labels (rows, emotions) of the two splits that train.

    `groups` tells the member, from 0 on, that leaves a training row out; None for one member.
    `graded` (features,) marks the features that hold an intensity; None for all.
    `start` is what training starts from in place of random weights.
    """

    train: tuple[Array, Array]
    validation: tuple[Array, Array]
    groups: NDArray[np.int64] | None = None
    graded: NDArray[np.bool_] | None = None
    start: Start | None = None


@dataclass(frozen=True)
class Settings:
    """All that decides a training run; patience in epochs, None for never."""

    seed: int
    hidden: Sequence[int]
    dropout: Sequence[float]
    batch_norm: bool
    weights: Sequence[float]
    weight_mode: Mode
    learning_rate: float
    batch_size: BatchSize
    epochs: int
    early_stopping_patience: int | None
    lr_patience: int | None
    lr_factor: float
    lr_lowest: float
    members: int = 1
    augment: Augmentation = field(default_factory=Augmentation)
    freeze_epochs: int = 0


@dataclass(frozen=True)
class Trained:
    """The network with its best weights, and what every epoch, from 1 on, measured.

    `trained` is what was trained: of several members not yet their average.
    """

    model: keras.Model
    trained: keras.Model
    best_epoch: int
    history: list[dict[str, float]]


class Measure:
    """Measures an epoch: losses, learning rate and the scores of the validation split.

    `asked` are the rows (features, labels) whose loss tells when to stop.
    """

    def __init__(
        self, model: keras.Model, kept: keras.Model, data: Data, asked: tuple[Array, Array]
    ) -> None:
        self._model, self._validation, self._asked = model, data.validation, asked
        self._predict = Predictor(kept)
        self._each = None if data.groups is None else Predictor(model)

    def __call__(self, epoch: int, loss: float, score: Score) -> dict[str, float]:
        """Measure an epoch, from 1 on; raises `InputError` where its loss is no number."""
        features, labels = self._validation
        predicted = self._predict(features)
        by_each = self._each(self._asked[0]) if self._each else predicted
        losses = {"loss": loss, "val_loss": self._loss(by_each)}
        if not np.isfinite(list(losses.values())).all():
            raise InputError(
                f"training diverged at epoch {epoch}: {losses}. Lower train.learning_rate or "
                "recipes.*.weights, or check the features."
            )
        rate = float(self._model.optimizer.learning_rate)
        return {"epoch": epoch, **losses, "learning_rate": rate, **score(labels, predicted)}

    def _loss(self, predicted: Array) -> float:
        labels = self._asked[1]
        parts = (slice(start, start + BATCH) for start in range(0, len(labels), BATCH))
        losses = [
            np.asarray(self._model.loss.call(labels[part], predicted[part])) for part in parts
        ]
        return float(np.concatenate(losses).mean(dtype=np.float64))


def best_of(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """Give the epoch whose weights are kept: the first with the lowest validation loss."""
    return min(history, key=lambda epoch: epoch["val_loss"])


def fit(data: Data, settings: Settings, score: Score, on_epoch: OnEpoch, folder: Path) -> Trained:
    """Train, and return the weights of the epoch with the lowest validation loss.

    Of several members (`pipeline.model.training.members`) that is the loss of the people whom
    each left out. `score(labels, probabilities)` measures the validation split, and
    `on_epoch(measured, kept)` hears of each epoch: what it measured, and what the one did whose
    weights are kept so far.
    The same data, settings and machine give the same bits, also where an earlier call was killed:
    `folder` keeps the state after each epoch, and a training that is found there is resumed.
    It must be that of the same data and settings; `on_epoch` hears of its epochs again.
    """
    keras.utils.clear_session()  # else names count up within a process and end up in the file
    keras.utils.set_random_seed(settings.seed)
    with drawn_from(settings.seed):
        model, final = _compiled(data, settings)
    learned, asked = _counted(data, settings.members)
    history: list[dict[str, float]] = []
    callbacks = _callbacks(settings)
    kept = KeepState(folder, callbacks, history)
    for number, epoch in enumerate(history):  # to a run that does not know of them yet
        on_epoch(epoch, best_of(history[: number + 1]))
    steps = _steps(model, learned, data, settings)
    measure = Measure(model, final, data, asked)
    every = keras.callbacks.CallbackList([*callbacks, kept], model=model)
    model.stop_training = kept.stopped
    every.on_train_begin()
    while len(history) < settings.epochs and not model.stop_training:
        done = len(history)
        history.append(measure(done + 1, steps(done), score))
        on_epoch(history[-1], best_of(history))
        every.on_epoch_end(done, history[-1])
    every.on_train_end()
    model.set_weights(kept.best)
    return Trained(final, model, int(best_of(history)["epoch"]), history)


def _steps(
    model: keras.Model, learned: tuple[Array, Array], data: Data, settings: Settings
) -> Steps:
    return Steps(
        model,
        learned,
        batch_rows(settings.batch_size, len(learned[0])),
        settings.seed,
        _varying(data, settings) if settings.augment.does_something else None,
        fused=len(learned[0]) * settings.epochs * settings.members >= _FUSED_FROM,
        frozen=(settings.freeze_epochs, learning(model, data.start)) if data.start else (0, None),
    )


def _varying(data: Data, settings: Settings) -> Vary:
    features = data.train[0]
    graded = np.ones(features.shape[1], bool) if data.graded is None else data.graded
    return varying(features, graded, settings.augment, settings.seed)


def _counted(data: Data, members: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Give what is learned from, and what decides when to stop."""
    if data.groups is None:
        return data.train, data.validation
    features, labels = data.train
    learned, asked = with_counts(labels, data.groups, members)
    return (features, learned), (features, asked)


def _compiled(data: Data, settings: Settings) -> tuple[keras.Model, keras.Model]:
    """Build the network that trains, and that which is kept: the same, but for several members."""
    features, labels = data.train
    shape = {key: getattr(settings, key) for key in ("hidden", "dropout", "batch_norm")}
    loss = WeightedBinaryCrossentropy(settings.weights, settings.weight_mode)
    if settings.members == 1:
        model = final = build(features, labels.shape[1], **shape)
    else:
        own = standardise(features), features.shape[1], labels.shape[1]
        model, final = build_members(*own, **shape, members=settings.members)
        loss = MembersLoss(settings.weights, settings.weight_mode, settings.members)
    if data.start:
        take_over(model, data.start, settings.members)
    model.compile(keras.optimizers.Adam(settings.learning_rate), loss)
    # Its memory is a part of what is saved: of the state, and with the weights in the model's file.
    model.optimizer.build(model.trainable_variables)
    return model, final


def _callbacks(settings: Settings) -> list[keras.callbacks.Callback]:
    chosen: list[keras.callbacks.Callback] = [Progress(settings.epochs)]
    if settings.lr_patience is not None:
        chosen.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss",
                factor=settings.lr_factor,
                patience=settings.lr_patience,
                min_lr=settings.lr_lowest,
            )
        )
    if settings.early_stopping_patience is not None:
        chosen.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=settings.early_stopping_patience
            )
        )
    return chosen
