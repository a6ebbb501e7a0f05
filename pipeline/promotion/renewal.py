"""Let the champion predict the challenger's test rows, where the test set was renewed.

People whom the champion was trained on, or stopped and tuned on, are left out for both sides. What
it predicted is kept with its run, so that the next challenger on the same rows needs no renewal.
"""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.action_units import AU_COLUMNS
from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.features.frame_features import make_features
from pipeline.data.frames import au_columns, column_words
from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import (
    KEYS,
    TRUE,
    Predictions,
    hash_rows,
    read_predictions,
    write_predictions,
)
from pipeline.model.inference.model_file import open_network
from pipeline.promotion.candidate import Candidate, only
from pipeline.settings import paths
from pipeline.settings.run_files import OTHER_ROWS
from pipeline.tracking.registry.registry import Registry
from pipeline.tracking.registry.versions import Version
from pipeline.tracking.store import artifacts


class CannotCompareError(Exception):
    """Why the two can never be compared on these rows: a reason to refuse, not a mistake."""


def renewed(version: Version, champion: Candidate, challenger: Candidate) -> Predictions:
    """Predict the challenger's test rows with the champion's network.

    Raises `CannotCompareError` where that is not possible or not fair, `InputError` where
    `outputs/` does not hold the challenger's frames.
    """
    own = challenger.predictions
    if champion.trained_on is None:
        raise CannotCompareError("the champion's run did not record whom it was trained on")
    fresh = sorted(set(own.subject.tolist()) - set(champion.trained_on))
    if not fresh:
        raise CannotCompareError("the champion was trained on every person of today's test rows")
    with TemporaryDirectory() as name:
        network, contract = artifacts.network_of(version.model_id, Path(name))
        told = json.loads(contract.read_text(encoding="utf-8"))
        features, emotions = artifacts.features_in(told), told["emotions"]
        if sorted(emotions) != sorted(own.emotions):
            raise CannotCompareError(f"the champion predicts other emotions: {', '.join(emotions)}")
        rows = _features(challenger, features)
        predicted = open_network(network)(rows)
    columns = [emotions.index(emotion) for emotion in own.emotions]
    bounds = champion.predictions.thresholds[
        [champion.predictions.emotions.index(emotion) for emotion in own.emotions]
    ]
    return only(replace(own, predicted=predicted[:, columns], thresholds=bounds), fresh)


def _features(challenger: Candidate, features: FeatureMap) -> NDArray[np.float32]:
    """Load the features of the challenger's test rows from the workspace."""
    own = challenger.predictions
    if not paths.FRAMES.is_file():
        raise InputError(f"{paths.FRAMES} is missing: bring it with `dvc pull` or `dvc repro`.")
    if missing := sorted(set(features.columns) - set(au_columns(paths.FRAMES, AU_COLUMNS))):
        raise CannotCompareError(
            f"today's data lacks what the champion needs: {', '.join(missing)}"
        )
    test = pa.array(column_words(paths.FRAMES, "split") == "test")
    table = pq.read_table(paths.FRAMES, columns=[*KEYS, *features.columns]).filter(test)
    labels = pa.table({f"{TRUE}{name}": own.true[:, i] for i, name in enumerate(own.emotions)})
    if table.num_rows != len(own.true) or hash_rows(table, labels) != own.rows_hash:
        raise InputError(
            f"{paths.FRAMES} does not hold the test rows of run {challenger.run_id}. Run `dvc "
            "repro`, so that outputs/ and the run to judge belong together."
        )
    return make_features(table, features)


def keep(registry: Registry, champion: Candidate, predictions: Predictions) -> None:
    """Keep what the champion predicted with its run, under the hash of the rows."""
    with TemporaryDirectory() as name:
        path = Path(name) / f"{predictions.rows_hash}.parquet"
        write_predictions(
            path,
            predictions.keys,
            predictions.emotions,
            predictions.true,
            predictions.predicted,
            thresholds=predictions.thresholds,
            positive_at=predictions.positive_at,
        )
        artifacts.attach(registry.client, champion.run_id, path, OTHER_ROWS)


def kept(
    registry: Registry, champion: Candidate, rows_hash: str, folder: Path
) -> Predictions | None:
    """Find what the champion predicted for these rows in an earlier renewal."""
    path = artifacts.fetch(
        registry.client, champion.run_id, f"{OTHER_ROWS}/{rows_hash}.parquet", folder
    )
    return None if path is None else read_predictions(path)
