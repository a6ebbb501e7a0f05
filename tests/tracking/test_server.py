"""What a run holds when it is logged to a real server, and the server and proxy themselves."""

import json
import random
import urllib.request
from collections.abc import Callable, Iterator
from http.client import RemoteDisconnected
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError, URLError

import numpy as np
import pandas as pd
import pytest
from faulty import Faulty, free_port
from server import Server

from pipeline.data.features.feature_map import read_feature_map
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.run import DataSet
from pipeline.tracking.store.connection import connect
from pipeline.tracking.store.faults import failures
from pipeline.tracking.store.logged_model import model_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

FEATURES = ["AU06_r", "AU12_r"]
FEATURE_MAP = read_feature_map(FEATURES)
FRAMES = pd.DataFrame([[0.0, 5.0], [2.5, 1.0]], columns=FEATURES)
TABLE = pd.DataFrame({"emotion": ["joy", "Überraschung"], "f1": [1 / 3, None]})
LOSSES = [(1, 1.0), (2, 0.5), (3, 1 / 3)]
PARAMS = {"train.seed": 7, "model.hidden": [256, 128], "note": "größer 😀"}
# Also an empty file: clients send it in another way, without a length.
FILES = {"noise.bin": bytes(range(256)) * 4096, "empty.txt": b""}


class Written(NamedTuple):
    """A run that was logged to the server, and the network that its model was made from."""

    run_id: str
    model_id: str
    network: Any


@pytest.fixture(scope="module")
def written(
    server: Server,
    isolate: Callable[[pytest.MonkeyPatch, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Written]:
    import keras

    folder = tmp_path_factory.mktemp("written")
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    network.save(folder / "model.keras")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, folder)
        patch.setenv("MLFLOW_TRACKING_URI", server.uri)
        with training_run("written", "train", PARAMS, {"git.dirty": "false"}) as run:
            log(run, folder)
            run.log_model(folder / "model.keras", FEATURE_MAP, ["joy"], FRAMES, step=2)
            run.log_metrics({"test/auroc": 0.75}, of_model=DataSet("test", "abc"))
        model_id = model_of(open_store("written")[0], run.id)
        yield Written(run.id, model_id, network)


@pytest.fixture
def direct(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch, experiment: str
) -> "MlflowClient":
    """Give a client of the server, which MLFLOW_TRACKING_URI names."""
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    return MlflowClient(server.uri)


def log(run: Any, folder: Path) -> None:
    for epoch, loss in LOSSES:
        run.log_metrics({"val_loss": loss}, step=epoch)
    run.log_table(TABLE, "tables/emotions")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        run.log_file(folder / name, "files")


def check(client: "MlflowClient", run_id: str, folder: Path) -> None:
    """Hold all that `log` logged to what the server gives back."""
    stored = client.get_run(run_id)
    assert stored.info.artifact_uri.startswith("mlflow-artifacts:/")  # the server serves them
    assert stored.info.status == "FINISHED"
    assert stored.data.params == {key: str(value) for key, value in PARAMS.items()}
    assert stored.data.tags["git.dirty"] == "false"
    history = client.get_metric_history(run_id, "val_loss")
    assert [(metric.step, metric.value) for metric in history] == LOSSES
    table = client.download_artifacts(run_id, "tables/emotions.json", str(folder))
    read = json.loads(Path(table).read_text("utf-8"))
    assert read["columns"] == ["emotion", "f1"]
    assert read["data"] == [["joy", 0.3333333333], ["Überraschung", None]]
    listed = json.loads(stored.data.tags["mlflow.loggedArtifacts"])
    assert listed == [{"path": "tables/emotions.json", "type": "table"}]
    for name, content in FILES.items():
        path = client.download_artifacts(run_id, f"files/{name}", str(folder))
        assert Path(path).read_bytes() == content


def check_model(client: "MlflowClient", written: Written) -> None:
    import mlflow.pyfunc

    logged = client.get_logged_model(written.model_id)
    assert logged.status == "READY"
    assert logged.source_run_id == written.run_id
    [metric] = logged.metrics
    assert (metric.key, metric.value, metric.dataset_name) == (
        "test/auroc",
        0.75,
        "frames for test",
    )
    loaded = mlflow.pyfunc.load_model(f"models:/{written.model_id}")
    expected = np.asarray(written.network(FRAMES.to_numpy()))
    np.testing.assert_allclose(loaded.predict(FRAMES).to_numpy(), expected, atol=1e-6)


def status(uri: str, question: dict[str, str] | None = None) -> int:
    """Ask for health, or to create an experiment; raise where the answer is no success."""
    path = "api/2.0/mlflow/experiments/create" if question else "health"
    body = json.dumps(question).encode() if question else None
    request = urllib.request.Request(f"{uri}/{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def test_run_reads_back_equal(written: Written, direct: "MlflowClient", tmp_path: Path) -> None:
    check(direct, written.run_id, tmp_path)
    check_model(direct, written)


def test_workers_that_seed_alike_take_other_ports() -> None:
    ports = set()
    for _ in range(3):
        random.seed(5)
        ports.add(free_port())
    assert len(ports) > 1


def test_killed_and_started_again_the_server_has_kept_all(
    written: Written,
    server: Server,
    faulty: Faulty,
    direct: "MlflowClient",
    tmp_path: Path,
    experiment: str,
) -> None:
    server.kill()
    with pytest.raises(URLError, match="Connection refused"):
        status(server.uri)
    with pytest.raises(RemoteDisconnected):
        status(faulty.uri)
    server.start()
    check(direct, written.run_id, tmp_path)
    check_model(direct, written)
    with training_run(experiment, "afterwards", {}, {}) as run:
        run.log_metrics({"f1": 0.5})
    assert direct.get_run(run.id).data.metrics == {"f1": 0.5}


def test_proxy_passes_all_a_run_holds(
    direct: "MlflowClient",
    faulty: Faulty,
    experiment: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", faulty.uri)
    with training_run(experiment, "train", PARAMS, {"git.dirty": "false"}) as run:
        log(run, tmp_path)
    (tmp_path / "read").mkdir()
    check(direct, run.id, tmp_path / "read")
    assert "POST /api/2.0/mlflow/runs/log-batch" in faulty.requests


def test_failing_proxy_answers_500_unseen_by_the_server(
    direct: "MlflowClient", faulty: Faulty, experiment: str
) -> None:
    faulty.fail()
    for _ in range(2):
        with pytest.raises(HTTPError, match="500") as caught:
            status(faulty.uri, {"name": experiment})
        caught.value.close()
    assert direct.get_experiment_by_name(experiment) is None
    faulty.mend()
    assert status(faulty.uri, {"name": experiment}) == 200
    assert faulty.requests == ["POST /api/2.0/mlflow/experiments/create"] * 3


def test_refusing_proxy_accepts_no_connection(
    direct: "MlflowClient", faulty: Faulty, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", faulty.uri)
    faulty.refuse()
    with pytest.raises(URLError, match="Connection refused"):
        status(faulty.uri)
    with pytest.raises(failures(), match="Connection refused"):
        connect(experiment)
    assert faulty.requests == []
    faulty.mend()
    assert connect(experiment) == direct.get_experiment_by_name(experiment).experiment_id


def test_dropped_request_was_carried_out(
    direct: "MlflowClient", faulty: Faulty, experiment: str
) -> None:
    faulty.drop(requests=1)
    with pytest.raises(RemoteDisconnected):
        status(faulty.uri, {"name": experiment})
    assert direct.get_experiment_by_name(experiment).lifecycle_stage == "active"
    assert status(faulty.uri) == 200
