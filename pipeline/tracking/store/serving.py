"""Predict emotions from AUs by column name: the code that a logged model carries along.

MLflow copies this file into the model and runs it there, so it imports nothing of this
project. Intensities lie in [0, 5], presences in [0, 1], predictions in [0, 1].
"""

import json
from pathlib import Path
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
        self.ranges: dict[str, tuple[float, float]] = contract["ranges"]
        self.emotions: list[str] = contract["emotions"]

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict one probability per emotion and row, whatever the order of the columns.

        Raises `MlflowException` where a feature is missing, not finite or out of its range.
        """
        if missing := [name for name in self.ranges if name not in model_input.columns]:
            raise MlflowException.invalid_parameter_value(
                f"Columns {missing} are missing; the model needs {list(self.ranges)}."
            )
        features = model_input[list(self.ranges)].to_numpy(dtype="float64")
        for column, (name, (low, high)) in enumerate(self.ranges.items()):
            refuse_outside(features[:, column], name, low, high)
        predictions = np.concatenate(
            [
                np.asarray(self.network(features[start : start + BATCH], training=False))
                for start in range(0, max(len(features), 1), BATCH)
            ]
        )
        return pd.DataFrame(predictions, columns=self.emotions, index=model_input.index)


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
