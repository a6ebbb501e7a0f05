"""Log to a run: parameters, metrics, tags, texts, files, tables, data sets, the model.

Each call is on disk, in the run's journal, when it returns; a thread sends it to MLflow meanwhile.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.names.safe_names import safe_names
from pipeline.tracking.outbox.journal import Journal
from pipeline.tracking.store.front_page import run_address

if TYPE_CHECKING:
    import pandas as pd


KEY_LENGTH = 240  # characters of a parameter's key; MLflow takes 250


def safe_keys(params: Mapping[str, Any]) -> dict[str, str]:
    """Give parameters, as text, keys that MLflow takes."""
    safe = safe_names(params, KEY_LENGTH)
    return {safe[key]: str(value) for key, value in params.items()}


@dataclass(frozen=True)
class DataSet:
    """Rows that a run used: what they served for (training, validation, test ...), and their md5.

    `digest` has 36 characters at most. Of data sets that share name and digest MLflow keeps the
    first, so each has a name of its own.
    """

    context: str
    digest: str
    of: str = ""  # whose frames, where not those of the project

    @property
    def name(self) -> str:
        return f"frames of {self.of}" if self.of else f"frames for {self.context}"


@dataclass(frozen=True)
class Run:
    """An open run. `sent` hears of each entry, and raises what makes going on pointless."""

    journal: Journal
    sent: Callable[[], None]

    @property
    def key(self) -> str:
        """The run's name among the runs of this pipeline, on MLflow the tag `pipeline.run`."""
        return self.journal.key

    @property
    def id(self) -> str | None:
        """The run's id on MLflow; None as long as the store has not heard of it."""
        return self.journal.sent.get("run_id")

    @property
    def address(self) -> str:
        """Where a browser shows the run; its key as long as the store has not heard of it."""
        sent = self.journal.sent
        if not {"run_id", "experiment_id"} <= sent.keys():
            return self.key
        return run_address(sent["store"], sent["experiment_id"], sent["run_id"])

    def log_metrics(
        self, metrics: Mapping[str, float], step: int = 0, *, of_model: DataSet | None = None
    ) -> None:
        """Log finite metrics; with `of_model` on the page of the run's model as well.

        That page shows them with the data set, `of_model`, that they were measured on.
        """
        values = {name: float(value) for name, value in metrics.items()}
        dataset = of_model and [of_model.name, of_model.digest]
        self._append("metrics", values=values, step=step, of_model=bool(of_model), dataset=dataset)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters, which a run can add but never change.

        Names of emotions and the like in keys get their safe form (`safe_keys`). A value too long
        for MLflow is shown shortened, and whole as `params/<key>.txt`.
        """
        self._append("params", values=safe_keys(params))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; of odd keys and long values see `outbox.entries.clean_tags`."""
        self._append("tags", values=dict(tags))

    def log_text(self, text: str, name: str) -> None:
        """Log a text as an artifact such as `git/changes.patch`."""
        self._keep("file", text.encode(), name)

    def log_dict(self, content: dict[str, Any], name: str) -> None:
        """Log a mapping as an artifact that ends in `.json`."""
        self.log_text(json.dumps(content, indent=2), name)

    def log_file(self, path: Path, folder: str | None = None) -> None:
        """Log a file as it is now, into a folder of the artifacts or at their top."""
        self._keep("file", path, f"{folder}/{path.name}" if folder else path.name)

    def log_table(self, table: "pd.DataFrame", name: str) -> None:
        """Log a table, without its index, as `<name>.json` that the UI shows as a table."""
        text = table.to_json(orient="split", index=False, date_format="iso")
        self._keep("table", text.encode(), f"{name}.json")

    def log_dataset(
        self, dataset: DataSet, path: Path, rows: int, columns: Mapping[str, str]
    ) -> None:
        """Log a data set that the run used; `columns` has name and pandas type of each column."""
        self._append(
            "dataset",
            path=path.as_posix(),
            name=dataset.name,
            digest=dataset.digest,
            context=dataset.context,
            rows=rows,
            columns=dict(columns),
        )

    def log_model(
        self,
        network: Path,
        features: FeatureMap,
        emotions: Sequence[str],
        example: "pd.DataFrame",
        step: int,
    ) -> None:
        """Log a `.keras` file as a model; see `pipeline.tracking.store.logged_model.log_model`."""
        self._append(
            "model",
            file=self.journal.keep(network, network.name),
            features=features.lay_out(),
            emotions=list(emotions),
            example=example.to_dict("list"),
            step=step,
        )

    def log_thresholds(self, path: Path) -> None:
        """Add `thresholds.json` to the model that the run has logged."""
        self._keep("thresholds", path, path.name)

    def _keep(self, kind: str, source: Path | bytes, name: str) -> None:
        file = self.journal.keep(source, Path(name).name)
        self._append(kind, file=file, name=name)

    def _append(self, kind: str, **content: Any) -> None:
        self.journal.append(kind, **content)
        self.sent()
