import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from patience import HANGS

from pipeline.errors import InputError
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.store.connection import connect, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

Start = Callable[[str], "subprocess.Popen[str]"]


def test_store_is_in_the_main_repository_that_dvc_names(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tracking_uri() == f"sqlite:///{root}/mlflow.db"


def test_without_dvc_store_is_at_the_top_of_the_git_repository(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_ROOT")
    (root / ".git").mkdir()
    (root / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(root / "deep/er")
    assert tracking_uri() == f"sqlite:///{root}/mlflow.db"


def test_outside_git_store_is_in_the_working_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_ROOT")
    monkeypatch.chdir(root)
    assert tracking_uri() == f"sqlite:///{root}/mlflow.db"


def test_environment_wins(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    assert tracking_uri() == "http://tracking.example:5000"


def test_connecting_twice_gives_the_same_experiment(store: Path) -> None:
    assert connect("first") == connect("first") != connect("second")


def test_artifacts_lie_beside_the_database_wherever_one_connects_from(
    store: Path, client: "MlflowClient", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    experiment = client.get_experiment(connect("../odd name"))
    location = (store / "mlruns" / "___odd_name").as_uri()
    assert experiment.artifact_location == location


def test_two_processes_can_create_the_store_at_once_and_in_silence(
    root: Path, start: Start
) -> None:
    code = "from pipeline.tracking.store.connection import connect; print(connect('shared'))"
    processes = [start(code) for _ in range(2)]
    answers = [process.communicate(timeout=HANGS) for process in processes]
    assert answers == [("1\n", ""), ("1\n", "")]
    assert (root / "mlflow.db").is_file()


def test_deleted_experiment_is_refused_with_the_way_back(
    store: Path, client: "MlflowClient"
) -> None:
    experiment = connect("gone")
    client.delete_experiment(experiment)
    with pytest.raises(InputError, match=f"restore --experiment-id {experiment}"):
        connect("gone")


def test_file_store_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (store / "mlruns").as_uri())
    with pytest.raises(InputError, match="SQLite database of this MLflow version or a server"):
        connect("files")


def test_password_of_a_server_is_not_shown(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    with training_run("away", "r", {}, {}):
        pass
    shown = capsys.readouterr().err
    assert "http://127.0.0.1:9" in shown
    assert "secret" not in shown


def test_importing_the_room_is_cheap(start: Start) -> None:
    code = (
        "import sys\n"
        "from pipeline.tracking import open_runs, provenance, resumable, run\n"
        "from pipeline.tracking.outbox import courier\n"
        "from pipeline.tracking.store import connection, logged_model\n"
        "print(*sys.modules, sep='\\n')"
    )
    out, errors = start(code).communicate(timeout=HANGS)
    assert errors == ""
    assert "pipeline.tracking.store.logged_model" in out
    assert {"mlflow", "pandas", "keras", "tensorflow"}.isdisjoint(out.split())
