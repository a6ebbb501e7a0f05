"""Write the entries of a journal to a run of an MLflow store.

Every entry can be written again without a trace: times stand in the journal, so a metric that
arrives twice is the same row, and runs and models are looked up before they are made.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.data.features.feature_map import read_feature_map
from pipeline.tracking.outbox.journal import Entry, Journal

if TYPE_CHECKING:
    from mlflow import MlflowClient

Item = TypeVar("Item")

# What MLflow 3.17 takes: characters of a key and of a value, entries a call.
KEY_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
METRICS_A_CALL = 1000
ENTRIES_A_CALL = 100  # of a model's metrics, too: MLflow finds repeated ones only among so many

# Names of pandas' column types in MLflow's schema of a data set; any other is a string.
COLUMN_TYPES = {
    "bool": "boolean",
    "int32": "integer",
    "int64": "long",
    "float32": "float",
    "float64": "double",
}
ERROR = "error"


@dataclass(frozen=True)
class Remote:
    """A run of a store, by its id, and the journal that holds its entries and their files."""

    id: str
    client: "MlflowClient"
    journal: Journal

    def check(self) -> None:
        """Raise `ConnectionError`, or what the client raises, where the run is not to be had."""
        if self.client.get_run(self.id).info.lifecycle_stage != "active":
            raise ConnectionError(f"run {self.id} was deleted meanwhile")

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries of one kind, in order."""
        kind = entries[0]["kind"]
        if kind == "metrics":
            self._metrics(entries)
            return
        write = {
            "params": self._params,
            "tags": self._tags,
            "file": self._file,
            "table": self._table,
            "dataset": self._dataset,
            "model": self._model,
            "thresholds": self._thresholds,
            "end": self._end,
            "resume": self._resume,
        }[kind]
        for entry in entries:
            write(entry)

    def _metrics(self, entries: Sequence[Entry]) -> None:
        from mlflow.entities import Metric

        from pipeline.tracking.store.logged_model import model_of

        of_model = any(entry["of_model"] for entry in entries)
        model = model_of(self.client, self.id) if of_model else None
        metrics = [
            Metric(
                name,
                value,
                entry["time"],
                entry["step"],
                model_id=model if entry["of_model"] else None,
                run_id=self.id,
                **_measured_on(entry),
            )
            for entry in entries
            for name, value in entry["values"].items()
        ]
        for some in _chunks(metrics, ENTRIES_A_CALL if of_model else METRICS_A_CALL):
            self.client.log_batch(self.id, metrics=some)

    def _params(self, entry: Entry) -> None:
        from mlflow.entities import Param

        values: dict[str, str] = entry["values"]
        params = [Param(key, param_text(value)) for key, value in values.items()]
        for some in _chunks(params, ENTRIES_A_CALL):
            self.client.log_batch(self.id, params=some)
        for key, value in values.items():
            if len(value) > PARAM_LENGTH:
                self.client.log_text(self.id, value, f"params/{key}.txt")

    def _tags(self, entry: Entry) -> None:
        set_tags(self.client, self.id, entry["values"])

    def _file(self, entry: Entry) -> None:
        folder, _, _ = entry["name"].rpartition("/")
        self.client.log_artifact(self.id, str(self.journal.kept(entry["file"])), folder or None)

    def _table(self, entry: Entry) -> None:
        """Replace what the name held; MLflow's own function would append to it."""
        self._file(entry)
        listed = self.client.get_run(self.id).data.tags.get("mlflow.loggedArtifacts", "[]")
        item = {"path": entry["name"], "type": "table"}
        if item not in (items := json.loads(listed)):
            listing = {"mlflow.loggedArtifacts": json.dumps([*items, item])}
            set_tags(self.client, self.id, listing)

    def _dataset(self, entry: Entry) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        schema = [
            {"name": column, "type": COLUMN_TYPES.get(kind, "string"), "required": True}
            for column, kind in entry["columns"].items()
        ]
        dataset = Dataset(
            name=entry["name"],
            digest=entry["digest"],
            source_type="local",
            source=json.dumps({"uri": entry["path"]}),
            schema=json.dumps({"mlflow_colspec": schema}),
            profile=json.dumps({"num_rows": entry["rows"]}),
        )
        tags = [InputTag("mlflow.data.context", entry["context"])]
        self.client.log_inputs(self.id, [DatasetInput(dataset, tags)])

    def _model(self, entry: Entry) -> None:
        import pandas as pd

        from pipeline.tracking.store.logged_model import log_model

        names = read_feature_map(entry["features"]), entry["emotions"]
        network, example = self.journal.kept(entry["file"]), pd.DataFrame(entry["example"])
        log_model(self.client, self.id, network, *names, example, entry["step"])

    def _thresholds(self, entry: Entry) -> None:
        from pipeline.tracking.store.logged_model import add_thresholds

        add_thresholds(self.client, self.id, self.journal.kept(entry["file"]))

    def _end(self, entry: Entry) -> None:
        self.end(entry["status"], entry["error"], entry["time"])

    def end(self, status: str, error: str | None, time: int | None = None) -> None:
        """End the run (FINISHED, FAILED, KILLED), with the error's message on a tag."""
        if error:
            set_tags(self.client, self.id, {ERROR: error})
        self.client.set_terminated(self.id, status, end_time=time)

    def _resume(self, _entry: Entry) -> None:
        self.client.update_run(self.id, status="RUNNING")
        if ERROR in self.client.get_run(self.id).data.tags:
            self.client.delete_tag(self.id, ERROR)  # that of an earlier attempt


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run; of odd keys and long values see `clean_tags`."""
    from mlflow.entities import RunTag

    items = [RunTag(key, value) for key, value in clean_tags(tags).items()]
    for some in _chunks(items, ENTRIES_A_CALL):
        client.log_batch(run_id, tags=some)


def _measured_on(entry: Entry) -> dict[str, str]:
    return dict(zip(("dataset_name", "dataset_digest"), entry.get("dataset") or (), strict=False))


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
    # No database takes halves of characters, and PostgreSQL no zero.
    text = text.encode(errors="replace").decode().replace("\0", "?")
    return text if len(text) <= length else text[: length - 1] + "…"


def _chunks(items: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
