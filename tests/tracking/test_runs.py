import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.tracking.runs import evaluation_run, resume_run, start_run
from pipeline.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "au emotion/test"
AT_HALF = {"evaluate.threshold": 0.5}
AT_THIRD = {"evaluate.threshold": 0.3}


def made() -> str:
    """Leave a finished run as training does and return its id."""
    with start_run(EXPERIMENT, "train", {"train.seed": 7}, {}) as run:
        return run.id


def evaluated(run_id: str, params: dict[str, float]) -> str:
    with evaluation_run(EXPERIMENT, run_id, params) as run:
        run.log_metrics({"test/f1": params["evaluate.threshold"]})
        return run.id


def test_run_holds_name_params_and_tags_and_ends_finished(
    store: Path, client: "MlflowClient"
) -> None:
    params = {"train.seed": 7, "model.hidden": [256, 128], "label.gate": None}
    with start_run(EXPERIMENT, "improved", params, {"git.commit": "abc"}) as run:
        assert client.get_run(run.id).info.status == "RUNNING"
    stored = client.get_run(run.id)
    assert stored.info.status == "FINISHED"
    assert stored.info.run_name == "improved"
    assert stored.info.experiment_id == connect(EXPERIMENT)
    assert stored.data.params == {
        "train.seed": "7",
        "model.hidden": "[256, 128]",
        "label.gate": "None",
    }
    assert stored.data.tags["git.commit"] == "abc"


def test_exception_ends_run_failed_with_its_message(store: Path, client: "MlflowClient") -> None:
    with (
        pytest.raises(ValueError, match="loss is nan"),
        start_run(EXPERIMENT, "r", {}, {}) as run,
    ):
        raise ValueError("loss is nan")
    stored = client.get_run(run.id)
    assert stored.info.status == "FAILED"
    assert stored.data.tags["error"] == "ValueError: loss is nan"


def test_refused_param_ends_run_failed(store: Path, client: "MlflowClient") -> None:
    with (
        pytest.raises(Exception, match="Names may only contain"),
        start_run(EXPERIMENT, "r", {"bad*key": 1}, {}),
    ):
        pytest.fail("the run must not open")
    [stored] = client.search_runs([connect(EXPERIMENT)])
    assert stored.info.status == "FAILED"


def test_ctrl_c_ends_run_killed(store: Path, client: "MlflowClient") -> None:
    with pytest.raises(KeyboardInterrupt), start_run(EXPERIMENT, "r", {}, {}) as run:
        raise KeyboardInterrupt
    assert client.get_run(run.id).info.status == "KILLED"


def test_sigterm_ends_run_killed(
    store: Path, client: "MlflowClient", start: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = start(
        "import time\n"
        "from pipeline.tracking.runs import start_run\n"
        f"with start_run({EXPERIMENT!r}, 'r', {{}}, {{}}) as run:\n"
        "    print(run.id, flush=True)\n"
        "    time.sleep(300)\n"
    )
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    assert client.get_run(run_id).info.status == "RUNNING"
    process.terminate()
    process.communicate(timeout=60)
    assert client.get_run(run_id).info.status == "KILLED"
    assert process.returncode == -signal.SIGINT


def test_handler_of_sigterm_is_put_back(store: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with start_run(EXPERIMENT, "r", {}, {}):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_run_opens_in_another_thread(store: Path, client: "MlflowClient") -> None:
    ids: list[str] = []
    thread = threading.Thread(target=lambda: ids.append(made()))
    thread.start()
    thread.join()
    assert client.get_run(ids[0]).info.status == "FINISHED"


def test_run_id_in_the_environment_is_not_used(
    store: Path, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    other = made()
    monkeypatch.setenv("MLFLOW_RUN_ID", other)
    run_id = made()
    assert run_id != other
    assert "mlflow.parentRunId" not in client.get_run(run_id).data.tags


def test_resumed_run_loses_the_error_of_the_earlier_attempt(
    store: Path, client: "MlflowClient"
) -> None:
    with pytest.raises(ValueError, match="x"), start_run(EXPERIMENT, "r", {}, {}) as run:
        raise ValueError("x")
    with resume_run(EXPERIMENT, run.id) as resumed:
        assert client.get_run(run.id).info.status == "RUNNING"
        resumed.log_metrics({"f1": 1})
    stored = client.get_run(run.id)
    assert resumed.id == run.id
    assert stored.info.status == "FINISHED"
    assert stored.data.metrics == {"f1": 1}
    assert "error" not in stored.data.tags


def test_first_evaluation_continues_the_run_that_made_the_model(
    store: Path, client: "MlflowClient"
) -> None:
    run_id = made()
    assert evaluated(run_id, AT_HALF) == run_id
    stored = client.get_run(run_id)
    assert stored.data.params == {"train.seed": "7", "evaluate.threshold": "0.5"}
    assert stored.data.metrics == {"test/f1": 0.5}


def test_evaluation_with_the_same_params_continues_it_again(
    store: Path, client: "MlflowClient"
) -> None:
    run_id = made()
    evaluated(run_id, AT_HALF)
    assert evaluated(run_id, AT_HALF) == run_id
    assert len(client.search_runs([connect(EXPERIMENT)])) == 1


def test_evaluation_with_other_params_is_a_nested_run(store: Path, client: "MlflowClient") -> None:
    run_id = made()
    evaluated(run_id, AT_HALF)
    nested = client.get_run(evaluated(run_id, AT_THIRD))
    assert nested.info.run_id != run_id
    assert nested.data.tags["mlflow.parentRunId"] == run_id
    assert nested.data.params == {"evaluate.threshold": "0.3"}
    assert nested.data.metrics == {"test/f1": 0.3}
    assert nested.info.status == "FINISHED"
    parent = client.get_run(run_id)
    assert parent.data.params["evaluate.threshold"] == "0.5"
    assert parent.data.metrics == {"test/f1": 0.5}


def test_nested_run_stays_in_its_parents_experiment(store: Path, client: "MlflowClient") -> None:
    run_id = made()
    evaluated(run_id, AT_HALF)
    with evaluation_run("another experiment", run_id, AT_THIRD) as nested:
        pass
    assert client.get_run(nested.id).info.experiment_id == connect(EXPERIMENT)


def test_evaluation_of_an_unknown_run_is_a_run_that_says_so(
    store: Path, client: "MlflowClient"
) -> None:
    lost = "0" * 32
    stored = client.get_run(evaluated(lost, AT_HALF))
    assert stored.data.tags["source_run"] == lost
    assert "mlflow.parentRunId" not in stored.data.tags
    assert stored.data.metrics == {"test/f1": 0.5}


def test_evaluation_of_a_deleted_run_is_a_run_that_says_so(
    store: Path, client: "MlflowClient"
) -> None:
    run_id = made()
    client.delete_run(run_id)
    assert client.get_run(evaluated(run_id, AT_HALF)).data.tags["source_run"] == run_id
