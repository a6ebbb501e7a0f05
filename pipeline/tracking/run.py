"""Write to one MLflow run: parameters, metrics, tags, texts, files, tables, data sets.

Each call is stored when it returns, so nothing is lost where a run breaks off.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

Entry = TypeVar("Entry")

# What MLflow 3.17 takes: characters of a key and of a value, entries a call.
KEY_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
METRICS_A_CALL = 1000
ENTRIES_A_CALL = 100

# Names of pandas' column types in MLflow's schema of a data set; any other is a string.
COLUMN_TYPES = {
    "bool": "boolean",
    "int32": "integer",
    "int64": "long",
    "float32": "float",
    "float64": "double",
}


@dataclass(frozen=True)
class Run:
    """An open run: its id and the client that writes to it."""

    id: str
    client: "MlflowClient"

    def log_metrics(
        self, metrics: Mapping[str, float], step: int = 0, model_id: str | None = None
    ) -> None:
        """Store finite metrics in one call; with `model_id` on that model's page as well."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        entries = [
            Metric(name, float(value), now, step, model_id=model_id, run_id=self.id)
            for name, value in metrics.items()
        ]
        for some in _chunks(entries, METRICS_A_CALL):
            self.client.log_batch(self.id, metrics=some)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Store parameters, which a run can add but never change.

        A value too long for MLflow is stored shortened, and whole as `params/<key>.txt`.
        """
        from mlflow.entities import Param

        entries = [Param(key, param_text(value)) for key, value in params.items()]
        for some in _chunks(entries, ENTRIES_A_CALL):
            self.client.log_batch(self.id, params=some)
        for key, value in params.items():
            if len(str(value)) > PARAM_LENGTH:
                self.log_text(str(value), f"params/{key}.txt")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; see `clean_tags` for what becomes of odd keys and long values."""
        from mlflow.entities import RunTag

        entries = [RunTag(key, value) for key, value in clean_tags(tags).items()]
        for some in _chunks(entries, ENTRIES_A_CALL):
            self.client.log_batch(self.id, tags=some)

    def log_text(self, text: str, name: str) -> None:
        """Store a text as an artifact such as `git/changes.patch`."""
        self.client.log_text(self.id, text, name)

    def log_dict(self, content: dict[str, Any], name: str) -> None:
        """Store a mapping as an artifact that ends in `.json` or `.yaml`."""
        self.client.log_dict(self.id, content, name)

    def log_file(self, path: Path, folder: str | None = None) -> None:
        """Store a file in a folder of the run's artifacts, at their top without one."""
        self.client.log_artifact(self.id, str(path), folder)

    def log_table(self, table: "pd.DataFrame", name: str) -> None:
        """Store a table, without its index, as `<name>.json` that the UI shows as a table.

        Replaces what the name held; MLflow's own function would append to it, and a repeated
        evaluation would show each row twice.
        """
        path = f"{name}.json"
        self.log_text(table.to_json(orient="split", index=False, date_format="iso"), path)
        listed = self.client.get_run(self.id).data.tags.get("mlflow.loggedArtifacts", "[]")
        entry = {"path": path, "type": "table"}
        if entry not in (entries := json.loads(listed)):
            self.set_tags({"mlflow.loggedArtifacts": json.dumps([*entries, entry])})

    def log_dataset(
        self,
        path: Path,
        name: str,
        digest: str,
        context: str,
        rows: int,
        columns: Mapping[str, str],
    ) -> None:
        """Record a data set that the run used.

        `digest` is DVC's md5 (36 characters at most), `context` what the data served for
        (training, validation, test), `columns` name and pandas type of each column.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        schema = [
            {"name": column, "type": COLUMN_TYPES.get(kind, "string"), "required": True}
            for column, kind in columns.items()
        ]
        dataset = Dataset(
            name=name,
            digest=digest,
            source_type="local",
            source=json.dumps({"uri": path.as_posix()}),
            schema=json.dumps({"mlflow_colspec": schema}),
            profile=json.dumps({"num_rows": rows}),
        )
        tags = [InputTag("mlflow.data.context", context)]
        self.client.log_inputs(self.id, [DatasetInput(dataset, tags)])


def param_text(value: Any) -> str:
    """Write a parameter as MLflow stores it."""
    return _shorten(str(value), PARAM_LENGTH)


def clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Make tags storable: foreign characters of a key become `_`, long texts are shortened."""
    return {
        re.sub(r"[^/\w.\- :]", "_", key)[:KEY_LENGTH]: _shorten(value, TAG_LENGTH)
        for key, value in tags.items()
    }


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _chunks(entries: list[Entry], size: int) -> Iterator[list[Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
