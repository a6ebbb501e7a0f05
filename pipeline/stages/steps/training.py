"""Load training and validation rows, train on them, and write and record what comes of it.

The part of the train stage that loads TensorFlow.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import ACTIVATIONS, AU_COLUMNS, INTENSITIES, PRESENCES
from pipeline.data.card import profile
from pipeline.data.csv_files import write_csv
from pipeline.data.features.feature_map import FeatureMap, fit_feature_map
from pipeline.data.features.frame_features import KEYS, columns_for, make_features
from pipeline.data.frames import as_matrix, codes_of, column_words, load_rows
from pipeline.data.names.dealing import deal_groups
from pipeline.errors import InputError
from pipeline.evaluation.scoring.emotion_scores import epoch_scores
from pipeline.model.inference.model_file import open_network
from pipeline.model.start import Start, read_start, start_md5
from pipeline.model.training.augmentation import Augmentation
from pipeline.model.training.batches import batch_rows
from pipeline.model.training.fit import Data, Settings, fit
from pipeline.model.training.saving import refuse_difference, save_model
from pipeline.settings import paths, run_files
from pipeline.settings.schema import Features, Params, Train
from pipeline.stages.steps import recording
from pipeline.tracking import provenance
from pipeline.tracking.run import Run

# Epochs are compared at these; what evaluation uses is evaluation's own and retrains nothing.
POSITIVE_AT = THRESHOLD = 0.5
EXAMPLE_ROWS = 5

Names = tuple[list[str], list[str]]  # of columns and of emotions

# py-feat knows one graded value per action unit; it stands in for the intensity.
_COLUMNS = {
    "intensities": INTENSITIES + ACTIVATIONS,
    "presences": PRESENCES,
    "both": AU_COLUMNS,
}


def choose_columns(kind: str, present: Sequence[str]) -> list[str]:
    """List the AU columns of a kind (intensities, presences, both) that the data has.

    Raises `InputError` where it has none.
    """
    if chosen := [name for name in _COLUMNS[kind] if name in present]:
        return chosen
    raise InputError(
        f"params.yaml: features.columns is {kind}, but the data has only {', '.join(present)}."
    )


def load_data(
    columns: Sequence[str], emotions: Sequence[str], settings: Params, start: Start | None
) -> tuple[Data, FeatureMap]:
    """Load the training and the validation split, never test; training rows say how."""
    split = column_words(paths.FRAMES, "split")

    def frames(name: str) -> pa.Table:
        whole = pq.read_table(paths.FRAMES, columns=[*KEYS, *columns])
        return whole.filter(pa.array(split == name))

    def labels(name: str) -> NDArray[np.float32]:
        return load_rows(paths.LABELS, split == name, emotions)

    made = learn_features(frames("train"), columns, settings.features)
    train, validation = (
        (make_features(frames(name), made), labels(name)) for name in ("train", "val")
    )
    groups = deal_members(frames("train"), settings.train)
    return Data(train, validation, groups, graded(columns), start), made


def start_of(settings: Params, columns: Sequence[str], emotions: Sequence[str]) -> Start | None:
    """Read the model whose weights training starts from; None for random weights.

    Raises `InputError` as `read_start`.
    """
    if not (folder := settings.train.start):
        return None
    recipe, features = settings.chosen, settings.features
    of_recipe = {"hidden": list(recipe.hidden), "batch_norm": recipe.batch_norm}
    chosen = {f"recipes.{settings.recipe}.{key}": value for key, value in of_recipe.items()}
    chosen |= {f"features.{key}": getattr(features, key) for key in ("square_root", "calibrate")}
    return read_start(folder, columns, emotions, chosen)


def hashes_of_start(settings: Params) -> dict[str, str]:
    """Hash the files of the model whose weights training starts from; {} for random weights."""
    return start_md5(settings.train.start) if settings.train.start else {}


def told_of(start: Start) -> dict[str, Any]:
    """Tell in run.json what was taken over, and what the report is to warn of."""
    warnings = recording.warn_of_start(start, recording.subjects_by_split()["test"])
    return {**start.account, "warnings": warnings}


def graded(columns: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the columns that hold an intensity, not whether an AU is there."""
    return np.array([name not in PRESENCES for name in columns])


def deal_members(train: pa.Table, chosen: Train) -> NDArray[np.int64] | None:
    """Deal the people of training rows to the members that leave them out; None for one member."""
    if chosen.members == 1:
        return None
    return deal_groups(*codes_of(train["subject"]), chosen.members, chosen.seed)


def learn_features(train: pa.Table, columns: Sequence[str], chosen: Features) -> FeatureMap:
    """Learn from training rows what it takes to make features, with `subject` and `clip`."""
    return fit_feature_map(
        tuple(columns),
        as_matrix(train, columns),
        *(codes_of(train[name])[0] for name in KEYS),
        square_root=chosen.square_root,
        calibrate=chosen.calibrate == "subject",
        shrink_clips=chosen.shrink_clips,
    )


def fit_settings(settings: Params, class_weights: dict[str, Any]) -> Settings:
    """Gather what decides the training from parameters and class weights."""
    recipe, train = settings.chosen, settings.train
    return Settings(
        seed=train.seed,
        hidden=recipe.hidden,
        dropout=recipe.dropout,
        batch_norm=recipe.batch_norm,
        weights=list(class_weights["weights"].values()),
        weight_mode=class_weights["mode"],
        learning_rate=train.learning_rate,
        batch_size=train.batch_size,
        epochs=recipe.epochs,
        early_stopping_patience=recipe.early_stopping_patience,
        lr_patience=recipe.lr_patience,
        lr_factor=train.lr_factor,
        lr_lowest=train.lr_lowest,
        members=train.members,
        augment=Augmentation(**train.augment.model_dump()),
        freeze_epochs=train.freeze_epochs,
    )


def inputs_of(
    recorded: dict[str, Any], columns: list[str], emotions: list[str], start: Start | None
) -> dict[str, Any]:
    """Gather all that decides the training's result, beside code and libraries."""
    files = (paths.FRAMES, paths.LABELS, paths.CLASS_WEIGHTS)
    hashes = {path.as_posix(): provenance.file_md5(path) for path in files}
    found = {"params": recorded, "features": columns, "emotions": emotions, "files": hashes}
    return found | ({"start": start.account["md5"]} if start else {})


def train(
    run: Run, settings: Params, names: Names, start: Start | None, folder: Path
) -> tuple[int, FeatureMap]:
    """Train and write model and history; all is logged to the run.

    Return the best epoch, and how features are made.
    """
    columns, emotions = names
    weights = json.loads(paths.CLASS_WEIGHTS.read_text())
    data, features = load_data(columns, emotions, settings, start)
    rows = {"training": len(data.train[0]), "validation": len(data.validation[0])}
    recording.record_provenance(run)
    recording.record_inputs(run, rows, columns, weights, start)
    if settings.train.batch_size == "auto":
        size = batch_rows("auto", rows["training"])
        run.set_tags({"batch_size": str(size)})
        print(f"batch size: {size} (auto)")
    recording.record_card(run)
    score = partial(epoch_scores, emotions=emotions, positive_at=POSITIVE_AT, threshold=THRESHOLD)
    log_epoch = partial(recording.record_epoch, run)
    trained = fit(data, fit_settings(settings, weights), score, log_epoch, folder)
    save_model(trained.model, paths.MODEL)
    network = open_network(paths.MODEL)
    refuse_difference(network, trained.model, data.validation[0])
    seen = profile.of_training(paths.FRAMES, features, emotions, network)
    profile.write(seen, paths.PROFILE)
    run.log_file(paths.PROFILE, run_files.folder_of(run_files.PROFILE))
    history = pd.DataFrame(trained.history)
    write_csv(history, paths.HISTORY)
    run.log_table(history, "training/history")
    run.log_model(paths.MODEL, features, emotions, example_rows(features), trained.best_epoch)
    recording.record_checkpoint(run, trained.history[trained.best_epoch - 1])
    print(f"best epoch {trained.best_epoch} of {len(trained.history)}")
    return trained.best_epoch, features


def example_rows(features: FeatureMap) -> pd.DataFrame:
    """Take a few validation rows as the model's pyfunc wants them."""
    columns = columns_for(features)
    frames = pq.read_table(paths.FRAMES, columns=columns, filters=[("split", "=", "val")])
    table: pd.DataFrame = frames.slice(0, EXAMPLE_ROWS).to_pandas()
    numbers = set(features.columns)
    return table.astype({name: "float64" if name in numbers else "str" for name in columns})
