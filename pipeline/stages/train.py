"""Train the network on the training split, recorded epoch by epoch as one MLflow run."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import ACTIVATIONS, AU_COLUMNS, INTENSITIES, PRESENCES
from pipeline.data.card import profile
from pipeline.data.csv_files import write_csv
from pipeline.data.frames import au_columns, column_words, load_rows
from pipeline.errors import InputError, run_main
from pipeline.evaluation.scoring.emotion_scores import epoch_scores
from pipeline.model.fit import Data, Settings, fit
from pipeline.model.saving import Predictor, save_model
from pipeline.settings import params, paths, run_files
from pipeline.settings.schema import Params
from pipeline.stages.steps import recording
from pipeline.stages.steps.run_name import run_name
from pipeline.tracking import provenance
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.resumable import own_training
from pipeline.tracking.run import Run

# Epochs are compared at these; what evaluation uses is evaluation's own and retrains nothing.
POSITIVE_AT = THRESHOLD = 0.5

# What is asked of a model once it is trained; no part of how it was made.
AFTERWARDS = ("evaluate.", "external", "promote.", "drift.")

# py-feat knows one graded value per action unit; it stands in for the intensity.
_FEATURES = {
    "intensities": INTENSITIES + ACTIVATIONS,
    "presences": PRESENCES,
    "both": AU_COLUMNS,
}


def choose_features(kind: str, present: Sequence[str]) -> list[str]:
    """List the AU columns of a kind (intensities, presences, both) that the data has.

    Raises `InputError` where it has none.
    """
    if chosen := [name for name in _FEATURES[kind] if name in present]:
        return chosen
    raise InputError(
        f"params.yaml: train.features is {kind}, but the data has only {', '.join(present)}."
    )


def load_data(features: Sequence[str], emotions: Sequence[str]) -> Data:
    """Load features and labels of the training and the validation split; never test."""
    split = column_words(paths.FRAMES, "split")

    def pair(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = split == name
        return load_rows(paths.FRAMES, rows, features), load_rows(paths.LABELS, rows, emotions)

    return Data(pair("train"), pair("val"))


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
    )


def inputs_of(recorded: dict[str, Any], features: list[str], emotions: list[str]) -> dict[str, Any]:
    """Gather all that decides the training's result, beside code and libraries."""
    files = (paths.FRAMES, paths.LABELS, paths.CLASS_WEIGHTS)
    hashes = {path.as_posix(): provenance.file_md5(path) for path in files}
    return {"params": recorded, "features": features, "emotions": emotions, "files": hashes}


def train(run: Run, settings: Params, names: tuple[list[str], list[str]], folder: Path) -> int:
    """Train and write model and history; all is logged to the run. Return the best epoch."""
    features, emotions = names
    weights = json.loads(paths.CLASS_WEIGHTS.read_text())
    data = load_data(features, emotions)
    rows = {"training": len(data.train[0]), "validation": len(data.validation[0])}
    recording.record_provenance(run)
    recording.record_inputs(run, rows, features, weights)
    recording.record_card(run)
    score = partial(epoch_scores, emotions=emotions, positive_at=POSITIVE_AT, threshold=THRESHOLD)
    log_epoch = partial(recording.record_epoch, run)
    trained = fit(data, fit_settings(settings, weights), score, log_epoch, folder)
    save_model(trained.model, paths.MODEL)
    people = profile.of_training(paths.FRAMES, features)
    seen = profile.count(people, features, emotions, Predictor(trained.model))
    profile.write(seen, paths.PROFILE)
    run.log_file(paths.PROFILE, run_files.folder_of(run_files.PROFILE))
    history = pd.DataFrame(trained.history)
    write_csv(history, paths.HISTORY)
    run.log_table(history, "training/history")
    example = pd.DataFrame(data.validation[0][:5], columns=features)
    run.log_model(paths.MODEL, features, emotions, example, trained.best_epoch)
    recording.record_checkpoint(run, trained.history[trained.best_epoch - 1])
    print(f"best epoch {trained.best_epoch} of {len(trained.history)}")
    return trained.best_epoch


@click.option("--fresh", is_flag=True, help="Forget an interrupted training.")
def main(*, fresh: bool = False) -> None:
    settings = params.load()
    features = choose_features(settings.train.features, au_columns(paths.FRAMES, AU_COLUMNS))
    emotions = list(pq.read_schema(paths.LABELS).names)
    recording.show_warnings()
    recorded = {k: v for k, v in settings.flat().items() if not k.startswith(AFTERWARDS)}
    experiment, recipe = settings.tracking.experiment, settings.recipe
    with own_training(inputs_of(recorded, features, emotions), fresh=fresh) as training:
        name = run_name(settings, recorded)
        with training_run(experiment, name, recorded, {}, key=training.key) as run:
            best_epoch = train(run, settings, (features, emotions), training.folder)
        content = {
            "run": run.key,
            "name": name,
            "experiment": experiment,
            "recipe": recipe,
            "best_epoch": best_epoch,
            "params": recorded,
            "features": features,
            "emotions": emotions,
        }
        paths.RUN.write_text(json.dumps(content, indent=2) + "\n")
        training.finish(paths.RUN)
    print(f"MLflow run {run.id or run.key}")


if __name__ == "__main__":
    run_main(main)
