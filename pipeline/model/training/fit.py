"""Train a network; validation decides when to stop, when to slow down and what to keep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.model.training.augmentation import Augmentation, Vary, varying
from pipeline.model.training.batches import Shuffle
from pipeline.model.training.loss import Mode, WeightedBinaryCrossentropy
from pipeline.model.training.members import MembersLoss, build_members, with_counts
from pipeline.model.training.network import build, standardise
from pipeline.model.training.progress import Progress
from pipeline.model.training.resume import BEST, KeepState
from pipeline.model.training.saving import BATCH, Predictor

Array = NDArray[np.float32]
Score = Callable[[Array, Array], dict[str, float]]
OnEpoch = Callable[[dict[str, float], dict[str, float]], None]

# Steps that run inside one call of the compiled function; more than doubles speed at batch 32.
_STEPS_PER_CALL = 32


@dataclass(frozen=True)
class Data:
    """Features (rows, features) and labels (rows, emotions) of the two splits that train.

    `groups` tells the member, from 0 on, that leaves a training row out; None for one member.
    `graded` (features,) marks the features that hold an intensity; None for all.
    """

    train: tuple[Array, Array]
    validation: tuple[Array, Array]
    groups: NDArray[np.int64] | None = None
    graded: NDArray[np.bool_] | None = None


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
    batch_size: int
    epochs: int
    early_stopping_patience: int | None
    lr_patience: int | None
    lr_factor: float
    lr_lowest: float
    members: int = 1
    augment: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class Trained:
    """The network with its best weights, and what every epoch, from 1 on, measured.

    `trained` is what was trained: of several members not yet their average.
    """

    model: keras.Model
    trained: keras.Model
    best_epoch: int
    history: list[dict[str, float]]


class EpochReport(keras.callbacks.Callback):
    """Add the learning rate and validation scores to each epoch's losses and pass them on."""

    def __init__(self, kept: keras.Model, data: Data, score: Score, on_epoch: OnEpoch) -> None:
        super().__init__()
        self._kept = kept
        self.history: list[dict[str, float]] = []
        self._data = data
        self._score = score
        self._on_epoch = on_epoch

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._predict = Predictor(self._kept)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        measured = {name: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite(list(measured.values())).all():
            raise InputError(
                f"training diverged at epoch {epoch + 1}: {measured}. Lower train.learning_rate or "
                "recipes.*.weights, or check the features."
            )
        measured["learning_rate"] = float(self.model.optimizer.learning_rate)
        features, labels = self._data.validation
        measured |= self._score(labels, self._predict(features))
        self.history.append({"epoch": epoch + 1, **measured})
        self._on_epoch(self.history[-1], best_of(self.history))


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
    model, final = _compiled(data, settings)
    train, validation = _counted(data, settings.members)
    report = EpochReport(final, data, score, on_epoch)
    vary = _varying(data, settings) if settings.augment.does_something else None
    shuffle = Shuffle(*train, settings.batch_size, settings.seed, vary)
    callbacks = [shuffle, *_callbacks(report, folder / BEST, settings)]
    kept = KeepState(folder, callbacks, report.history)
    for number, epoch in enumerate(report.history):  # to a run that does not know of them yet
        on_epoch(epoch, best_of(report.history[: number + 1]))
    if not kept.stopped:
        model.fit(
            shuffle.batches,
            shuffle=False,
            initial_epoch=len(report.history),
            epochs=settings.epochs,
            validation_data=validation,
            validation_batch_size=BATCH,
            callbacks=[*callbacks, kept],
            verbose=0,
        )
    model.load_weights(folder / BEST)
    return Trained(final, model, int(best_of(report.history)["epoch"]), report.history)


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
    steps = -(-len(features) // settings.batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=loss,
        steps_per_execution=min(_STEPS_PER_CALL, steps),
        jit_compile=False,  # on a CPU several times slower than TensorFlow's own kernels
    )
    # Its memory is a part of what is saved: of the state, and with the weights in the model's file.
    model.optimizer.build(model.trainable_variables)
    return model, final


def _callbacks(
    report: EpochReport, best: Path, settings: Settings
) -> list[keras.callbacks.Callback]:
    """List the callbacks; the report stands first, to see the rate that the epoch really had."""
    chosen: list[keras.callbacks.Callback] = [
        report,
        Progress(settings.epochs),
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_loss", save_best_only=True, save_weights_only=True
        ),
    ]
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
