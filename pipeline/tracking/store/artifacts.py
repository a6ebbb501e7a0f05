"""Read and add what is filed with a run that has ended, and with its model."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.features.feature_map import FeatureMap, read_feature_map
from pipeline.tracking.outbox.entries import set_tags
from pipeline.tracking.store.limits import DOWNLOAD, within
from pipeline.tracking.store.logged_model import CONTRACT

if TYPE_CHECKING:
    from mlflow import MlflowClient


def fetch(client: "MlflowClient", run_id: str, name: str, folder: Path) -> Path | None:
    """Copy an artifact of a run into a folder; None where the run has none of this name."""
    listed = client.list_artifacts(run_id, name.rpartition("/")[0] or None)
    if name not in {item.path for item in listed}:
        return None
    target = folder / run_id
    target.mkdir(parents=True, exist_ok=True)
    return Path(client.download_artifacts(run_id, name, str(target)))


def attach(client: "MlflowClient", run_id: str, path: Path, folder: str) -> None:
    """Add a file to a run's artifacts, or replace it."""
    client.log_artifact(run_id, str(path), folder)


def name_and_note(client: "MlflowClient", run_id: str) -> tuple[str, str]:
    """Read a run's name, and the description that its page shows."""
    run = client.get_run(run_id)
    return str(run.info.run_name), str(run.data.tags.get("mlflow.note.content", ""))


def tag(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run."""
    set_tags(client, run_id, tags)


def network_of(model_id: str, folder: Path) -> tuple[Path, Path]:
    """Copy what a logged model carries into a folder: its `.keras` file and its contract.

    The contract is JSON: `ranges` with every AU column in order, `feature_map` and `emotions`.
    Raises `FileNotFoundError` where the store holds no file of it.
    """
    import mlflow.artifacts

    load = partial(mlflow.artifacts.download_artifacts, f"models:/{model_id}", dst_path=str(folder))
    copy = within(DOWNLOAD, "download_artifacts", load)
    carried = Path(copy) / "artifacts"
    if (network := next(carried.glob("*.keras"), None)) is None:  # MLflow says nothing
        raise FileNotFoundError(f"models:/{model_id} holds no .keras file.")
    return network, carried / CONTRACT


def features_in(contract: Mapping[str, Any]) -> FeatureMap:
    """Take from a contract how features are made; earlier models take the columns as they are."""
    return read_feature_map(contract.get("feature_map") or list(contract["ranges"]))
