"""Predict emotions from AUs by column name: the code that a logged model carries along.

MLflow copies this file into the model and runs it there, so it imports nothing of this
project; how features are made stands in a module that the model carries as well. Intensities lie
in [0, 5], presences in [0, 1], predictions in [0, 1].
"""

import json
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

BATCH = 8192  # rows; measured: 20 times the rows a second of 32, no faster beyond


class EmotionModel(PythonModel):
    """A Keras network behind a contract of named features, their ranges and emotions."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load network and contract from the model's artifacts."""
        import keras

        self.network = keras.models.load_model(context.artifacts["network"], compile=False)
        contract = json.loads(Path(context.artifacts["contract"]).read_text(encoding="utf-8"))
        read_feature_map = run_path(context.artifacts["features"])["read_feature_map"]
        self.feature_map = read_feature_map(contract["feature_map"])
        self.ranges: dict[str, tuple[float, float]] = contract["ranges"]
        self.emotions: list[str] = contract["emotions"]

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict one probability per emotion and row, whatever the order of the columns.

        A model that takes out people's own levels learns them from the rows of one call, by
        `subject` and `clip`: pass all rows of a person at once. Rows without a subject are
        predicted as they are; without `clip`, a person's rows count as one clip. Raises
        `MlflowException` where a column is missing, not finite or out of its range.
        """
        if missing := [name for name in self.ranges if name not in model_input.columns]:
            raise MlflowException.invalid_parameter_value(
                f"Columns {missing} are missing; the model needs {list(self.ranges)}."
            )
        values = model_input[list(self.ranges)].to_numpy(dtype="float64")
        for column, (name, (low, high)) in enumerate(self.ranges.items()):
            refuse_outside(values[:, column], name, low, high)
        features = self.feature_map(values, *people_and_clips(model_input))
        predictions = np.concatenate(
            [
                np.asarray(self.network(features[start : start + BATCH], training=False))
                for start in range(0, max(len(features), 1), BATCH)
            ]
        )
        return pd.DataFrame(predictions, columns=self.emotions, index=model_input.index)


def people_and_clips(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give codes of people, -1 for nobody known, and of clips; without these all rows are one."""
    people, clips = np.full(len(rows), -1), np.zeros(len(rows), dtype=np.int64)
    if "subject" in rows.columns:
        people = pd.factorize(rows["subject"])[0]
    if "clip" in rows.columns:
        clips = pd.factorize(rows["clip"], use_na_sentinel=False)[0]
    return people, clips


def refuse_outside(values: np.ndarray, name: str, low: float, high: float) -> None:
    """Raise `MlflowException` with column and row of the first value outside [low, high]."""
    bad = np.flatnonzero(~((values >= low) & (values <= high)))  # not a number is outside, too
    if bad.size:
        raise MlflowException.invalid_parameter_value(
            f"{name} is {values[bad[0]]:g} in row {bad[0]} (counted from 0); allowed is "
            f"{low:g} to {high:g}. Take the values as OpenFace 2.x writes them, and leave out "
            f"frames in which it found no face."
        )


set_model(EmotionModel())
