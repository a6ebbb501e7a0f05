"""A real training whose tracking server dies: its run ends up as if nothing had happened."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from server import Server
from throwaway import commit, environment, make_clone, set_params

if TYPE_CHECKING:
    from mlflow.entities import Run

TEN_EPOCHS = {
    "demo.subjects": 6,
    "demo.frames_per_clip": 400,
    "recipes.improved.epochs": 10,
    "recipes.improved.early_stopping_patience": None,
}


@pytest.mark.soak  # quickly: tests/tracking/outbox/test_outages.py
def test_server_dies_at_the_third_of_ten_epochs(server: Server, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    clone = make_clone(tmp_path / "clone")
    set_params(clone, TEN_EPOCHS | {"tracking.experiment": "outage"})
    commit(clone, "ten epochs")
    own = environment(MLFLOW_TRACKING_URI=server.uri)
    dvc = shutil.which("dvc", path=own["PATH"])
    assert dvc

    def call(*command: str) -> str:
        options = {"cwd": clone, "env": own, "check": True, "text": True}
        return subprocess.run(command, stdout=subprocess.PIPE, **options).stdout

    with subprocess.Popen(
        [dvc, "repro", "train"], cwd=clone, env=own, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch 4/10"):
                server.kill()
    assert process.returncode == 0
    files = ("model.keras", "history.csv", "run.json")
    assert all((clone / "outputs/train" / name).is_file() for name in files)
    server.start()
    assert "entries sent" in call("python", "-m", "pipeline", "sync")
    call(dvc, "repro", "--force", "--single-item", "train")
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name("outage")
    undisturbed, disturbed = client.search_runs([experiment.experiment_id])
    assert metrics(client, disturbed) == metrics(client, undisturbed)
    assert len(client.get_metric_history(disturbed.info.run_id, "epoch/val_loss")) == 10
    for run in (undisturbed, disturbed):
        assert run.info.status == "FINISHED"
    assert artifacts(client, disturbed) == artifacts(client, undisturbed)


def metrics(client: Any, run: "Run") -> dict[str, list[tuple[int, float]]]:
    return {
        key: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, key)]
        for key in run.data.metrics
    }


def artifacts(client: Any, run: "Run", folder: str | None = None) -> list[str]:
    """List the names of all files of a run."""
    found = client.list_artifacts(run.info.run_id, folder)
    deeper = [artifacts(client, run, entry.path) for entry in found if entry.is_dir]
    return sorted([*(entry.path for entry in found), *(name for names in deeper for name in names)])
