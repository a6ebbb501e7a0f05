"""Predict emotions from AUs by column name: the code that a logged model carries along.

MLflow copies this file into the model and runs it there, so it imports nothing of this
project; how features are made and a network is run stands in modules that the model carries as
well. Intensities lie
in [0, 5], presences in [0, 1], predictions in [0, 1].

The model's signature names no inputs: with one MLflow would drop ` AU06_r`, as OpenFace writes it
with a blank, and answer a cell that is no number with a trace. What is wrong is said here.
"""

import json
import logging
import os
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

POSITIVE = "positive/"  # before the name of an emotion: whether it reaches its threshold
FEWEST_TO_TELL = 100  # of so many rows one has an intensity above 1; fewer may all be calm
MOST_NAMED = 5  # columns that are missing
SERVES = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # MLflow sets it where answers become JSON


class RefusedError(MlflowException):
    """A line for whoever sent the rows: HTTP status 400, beginning with the column at fault."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=INVALID_PARAMETER_VALUE)

    @property
    def message(self) -> str:
        """The line alone: MLflow's server would set all rows before it."""
        return str(self.args[0])

    @message.setter
    def message(self, text: str) -> None:
        pass


class EmotionModel(PythonModel):
    """A Keras network behind a contract of named features, their ranges and emotions."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load network and contract, and thresholds where they were tuned, from the artifacts."""
        read_network = run_path(context.artifacts["inference"])["read_network"]
        self.network = read_network(Path(context.artifacts["network"]))
        beside = Path(context.artifacts["contract"])
        contract = json.loads(beside.read_text(encoding="utf-8"))
        read_feature_map = run_path(context.artifacts["features"])["read_feature_map"]
        self.feature_map = read_feature_map(contract["feature_map"])
        self.ranges: dict[str, tuple[float, float]] = contract["ranges"]
        self.emotions: list[str] = contract["emotions"]
        self.extractor: str = contract["extractor"]
        tuned = beside.with_name("thresholds.json")  # it comes with the first evaluation
        told = json.loads(tuned.read_text(encoding="utf-8")) if tuned.is_file() else None
        self.thresholds: dict[str, float] | None = told and told["thresholds"]["network"]

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict one probability per emotion and row, whatever the order of the columns.

        Blanks around names and further columns do not matter. A row in which a value is missing
        or out of its range, or whose `success` is 0, gets NaN, and the log says how many; with the
        param `strict` the first of them is refused. With `decisions` there is a column
        `positive/<emotion>` as well. Values that all lie in 0-1 where 0-5 is meant are refused,
        unless `same_units` says that they are right.

        A model that takes out people's own levels learns them from the rows of one call, by
        `subject` and `clip`: pass all rows of a person at once. Rows without a subject are
        predicted as they are; without `clip`, a person's rows count as one clip. Raises
        `RefusedError` where a column is missing.
        """
        asked, given = params or {}, as_table(model_input)
        rows = self.named(given)
        values = as_matrix(rows[list(self.ranges)])
        bad = self.faults(values, rows)
        if bad.any():
            if asked.get("strict"):
                raise RefusedError(self.first_fault(values, bad))
            told = "%d of %d rows cannot be judged and get NaN; the first: %s"
            logging.getLogger("mlflow").warning(
                told, bad.sum(), len(bad), self.first_fault(values, bad)
            )
        if not asked.get("same_units"):
            self.refuse_units(values[~bad])
        predicted = np.full((len(rows), len(self.emotions)), np.nan)
        predicted[~bad] = self.probabilities(values[~bad], rows[~bad])
        table = pd.DataFrame(predicted, columns=self.emotions, index=given.index)
        if asked.get("decisions"):
            table = pd.concat([table, self.decisions(table)], axis=1)
        if os.environ.get(SERVES) == "true":  # JSON has no NaN
            return table.astype(object).where(table.notna(), None)
        return table

    def named(self, given: pd.DataFrame) -> pd.DataFrame:
        """Give the rows under names without blanks; refuse missing columns and OpenFace 3's."""
        names = [str(name).strip() for name in given.columns]
        wanted = [*self.ranges, *(name for name in ("subject", "clip", "success") if name in names)]
        if missing := [name for name in self.ranges if name not in names]:
            more = len(missing) - MOST_NAMED
            first = ", ".join(missing[:MOST_NAMED]) + f" and {more} more" * (more > 0)
            takes = f"The model takes {', '.join(self.ranges)} as {self.extractor} writes them."
            raise RefusedError(f"{first}: missing. {takes}")
        if other := {"AU03_r", "AU08_r"} & {*names}:
            raise RefusedError(
                f"{min(other)}: OpenFace 3 writes it, whose columns are other action units than "
                f"their names say. The model takes those of {self.extractor}."
            )
        if twice := [name for name in wanted if names.count(name) > 1]:
            raise RefusedError(f"{twice[0]}: it stands twice, but for blanks. Pass it once.")
        return given.set_axis(names, axis=1)[wanted]

    def faults(self, values: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
        """Mark the rows that cannot be judged."""
        low, high = np.array(list(self.ranges.values())).T
        bad = ~((values >= low) & (values <= high)).all(axis=1)  # not a number is outside, too
        if "success" in rows.columns:
            bad |= ~(as_numbers(rows["success"]) > 0)
        return np.asarray(bad)

    def first_fault(self, values: np.ndarray, bad: np.ndarray) -> str:
        """Say column, value and row of what cannot be judged first."""
        row = int(np.flatnonzero(bad)[0])
        for value, (name, (low, high)) in zip(values[row], self.ranges.items(), strict=True):
            if not low <= value <= high:
                return (
                    f"{name} is {value:g} in row {row} (counted from 0); allowed is {low:g} to "
                    f"{high:g}, as {self.extractor} writes it."
                )
        return f"success is not 1 in row {row} (counted from 0): no face was found there."

    def refuse_units(self, values: np.ndarray) -> None:
        """Raise `RefusedError` where intensities, which end at 5, seem to end at 1."""
        graded = [i for i, (_, high) in enumerate(self.ranges.values()) if high > 1]
        if graded and len(values) >= FEWEST_TO_TELL and values[:, graded].max() <= 1:
            raise RefusedError(
                f"{list(self.ranges)[graded[0]]} and the others never exceed 1 in {len(values)} "
                f"rows: the model takes 0 to 5 as {self.extractor} writes them. If the faces are "
                'that calm, pass {"same_units": true} among the params.'
            )

    def probabilities(self, values: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
        """Make features of sound rows and run the network."""
        return np.asarray(self.network(self.feature_map(values, *people_and_clips(rows))))

    def decisions(self, table: pd.DataFrame) -> pd.DataFrame:
        """Say for each emotion whether it reaches its threshold; nothing of rows without one."""
        if self.thresholds is None:
            raise RefusedError("decisions: the model has no thresholds; evaluate it first.")
        bounds = np.array([self.thresholds[name] for name in self.emotions], dtype=np.float32)
        reached = (table.to_numpy(np.float32) >= bounds).astype(object)
        reached[table.isna().to_numpy()] = None
        names = [f"{POSITIVE}{name}" for name in self.emotions]
        return pd.DataFrame(reached, columns=names, index=table.index)


def as_table(given: Any) -> pd.DataFrame:
    """Take rows with named columns, which may be a mapping of columns; refuse all else."""
    if not isinstance(given, pd.DataFrame | dict):
        told = "Pass CSV, or JSON with dataframe_split or dataframe_records."
        raise RefusedError(f"inputs: columns need names. {told}")
    try:
        return pd.DataFrame(given)
    except ValueError as error:
        raise RefusedError(f"inputs: columns of one length are needed ({error}).") from None


def as_matrix(table: pd.DataFrame) -> np.ndarray:
    """Take columns as numbers; at once where all are, which saves a third of a request's time."""
    if all(map(pd.api.types.is_numeric_dtype, table.dtypes)):
        return table.to_numpy(dtype="float64", na_value=np.nan)
    return np.column_stack([as_numbers(table[name]) for name in table.columns])


def as_numbers(column: "pd.Series[Any]") -> np.ndarray:
    """Take a column as numbers; what is none becomes NaN."""
    try:
        numbers = pd.to_numeric(column, errors="coerce")
    except OverflowError:  # an integer of hundreds of digits; as text it is infinite
        numbers = pd.to_numeric(column.astype(str), errors="coerce")
    return numbers.to_numpy(dtype="float64", na_value=np.nan)


def people_and_clips(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give codes of people, -1 for nobody known, and of clips; without these all rows are one."""
    people, clips = np.full(len(rows), -1), np.zeros(len(rows), dtype=np.int64)
    if "subject" in rows.columns:
        people = pd.factorize(rows["subject"])[0]
    if "clip" in rows.columns:
        clips = pd.factorize(rows["clip"], use_na_sentinel=False)[0]
    return people, clips


set_model(EmotionModel())
