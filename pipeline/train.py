"""Train the network on the training split, recorded epoch by epoch as one MLflow run."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline import params, paths
from pipeline.data.frames import au_columns, column_words, load_rows
from pipeline.data.summary import read_warnings
from pipeline.data.units import ACTIVATIONS, AU_COLUMNS, INTENSITIES, PRESENCES
from pipeline.errors import InputError, run_main
from pipeline.evaluation.metrics import epoch_scores
from pipeline.model.fit import Data, Settings, Trained, fit
from pipeline.model.saving import save_model
from pipeline.tracking import provenance
from pipeline.tracking.models import log_model
from pipeline.tracking.run import Run
from pipeline.tracking.runs import start_run

# Epochs are compared at these; what evaluation uses is evaluation's own and retrains nothing.
POSITIVE_AT = THRESHOLD = 0.5

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


def fit_settings(settings: params.Params, class_weights: dict[str, Any]) -> Settings:
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


def record_inputs(run: Run, data: Data, features: Sequence[str], weights: dict[str, Any]) -> None:
    """Record data sets, label distribution, class weights and warnings before training."""
    distribution = pd.read_csv(paths.LABEL_DISTRIBUTION)
    run.log_table(distribution, "labels/distribution")
    whole = distribution[distribution["split"] == "all"]
    for row in whole.to_dict("records"):
        emotion, frames = row["emotion"], row["frames"]
        run.log_metrics(
            {
                f"labels/share_above_0_1/{emotion}": row["above_0_1"] / frames,
                f"labels/share_at_least_0_5/{emotion}": row["at_least_0_5"] / frames,
                f"labels/mean/{emotion}": row["mean"],
            }
        )
    run.log_metrics({f"class_weight/{name}": w for name, w in weights["weights"].items()})
    warnings = read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY)
    run.log_metrics({"data/warnings": len(warnings)})
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    counted = ("files", "rows_read", "rows_kept", "rows_quarantined")
    run.log_metrics({f"data/{name}": account[name] for name in counted})
    run.log_dict({"warnings": warnings}, "data/warnings.json")
    run.set_tags({"mlflow.note.content": "\n".join(f"- {w['message']}" for w in warnings)})
    for path in (paths.PREPARE_SUMMARY, paths.CLASS_WEIGHTS):
        run.log_file(path, "data")
    digest = provenance.file_md5(paths.FRAMES)
    columns = dict.fromkeys(features, "float32")
    for context, rows in (
        ("training", len(data.train[0])),
        ("validation", len(data.validation[0])),
    ):
        run.log_dataset(paths.FRAMES, "frames", digest, context, rows, columns)


def record_provenance(run: Run, recipe: str) -> None:
    """Record what made this run: code and its changes, data hashes, machine, experiment."""
    code = provenance.git_state()
    hashes = provenance.dvc_hashes(paths.LOCK, "train")
    run.set_tags(
        {
            "recipe": recipe,
            **code.tags,
            **provenance.hash_tags(hashes),
            **provenance.dvc_experiment(),
            **provenance.environment(),
            **provenance.source(),
        }
    )
    run.log_dict(hashes, "provenance/md5.json")
    if code.patch:
        run.log_text(code.patch, "provenance/changes.patch")
    run.log_file(paths.PARAMS, "params")


def record_model(run: Run, trained: Trained, data: Data, names: tuple[list[str], list[str]]) -> str:
    """Log the best checkpoint as a model, at its epoch and with its metrics; return its id."""
    features, emotions = names
    example = pd.DataFrame(data.validation[0][:5], columns=features)
    step = trained.best_epoch
    model_id = log_model(run, paths.MODEL, features, emotions, example, step)
    run.log_metrics({"best_epoch": step})
    return model_id


def main() -> None:
    settings = params.load()
    features = choose_features(settings.train.features, au_columns(paths.FRAMES, AU_COLUMNS))
    emotions = list(pq.read_schema(paths.LABELS).names)
    weights = json.loads(paths.CLASS_WEIGHTS.read_text())
    data = load_data(features, emotions)
    for item in read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY):
        print(f"warning {item['code']}: {item['message']}")
    recorded = {k: v for k, v in settings.flat().items() if not k.startswith("evaluate.")}
    experiment = settings.tracking.experiment
    with start_run(experiment, settings.recipe, recorded, {"stage": "train"}) as run:
        record_provenance(run, settings.recipe)
        record_inputs(run, data, features, weights)
        score = partial(
            epoch_scores, emotions=emotions, positive_at=POSITIVE_AT, threshold=THRESHOLD
        )

        def log_epoch(epoch: int, measured: dict[str, float]) -> None:
            run.log_metrics(measured, epoch)

        trained = fit(data, fit_settings(settings, weights), score, log_epoch)
        save_model(trained.model, paths.MODEL)
        pd.DataFrame(trained.history).to_csv(paths.HISTORY, index=False)
        model_id = record_model(run, trained, data, (features, emotions))
    content = {
        "run_id": run.id,
        "model_id": model_id,
        "experiment": experiment,
        "recipe": settings.recipe,
        "best_epoch": trained.best_epoch,
        "features": features,
        "emotions": emotions,
    }
    paths.RUN.write_text(json.dumps(content, indent=2) + "\n")
    print(f"best epoch {trained.best_epoch} of {len(trained.history)}; MLflow run {run.id}")


if __name__ == "__main__":
    run_main(main)
