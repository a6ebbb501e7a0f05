import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from patience import HANGS

from pipeline.errors import InputError
from pipeline.tracking.open_runs import evaluation_run, training_run
from pipeline.tracking.outbox.journal import all_journals, waiting
from pipeline.tracking.outbox.leftovers import deliver_rest
from pipeline.tracking.store.connection import connect, journals_folder, tracking_uri
from pipeline.tracking.store.run_references import find_run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Stored

EXPERIMENT = "au emotion/test"
AT_HALF = {"evaluate.threshold": 0.5}
AT_THIRD = {"evaluate.threshold": 0.3}

# A training that says when it has logged two epochs, and then waits for its end.
TRAINING = f"""
import time
from pipeline.tracking.open_runs import training_run
with training_run({EXPERIMENT!r}, 'r', {{'seed': 7}}, {{}}, key=KEY) as run:
    run.log_metrics({{'loss': 0.5}}, 0)
    run.log_metrics({{'loss': 0.25}}, 1)
    while not run.id:
        time.sleep(0.01)
    print(run.id, flush=True)
    time.sleep(3600)
"""


def made(key: str | None = None) -> tuple[str, str]:
    """Leave a finished run as training does; return its key and its id."""
    with training_run(EXPERIMENT, "train", {"train.seed": 7}, {}, key) as run:
        run.log_metrics({"loss": 0.5}, 0)
    assert run.id
    return run.key, run.id


def evaluated(key: str, params: dict[str, float]) -> str:
    with evaluation_run(EXPERIMENT, key, params) as run:
        run.log_metrics({"test/f1": params["evaluate.threshold"]})
    assert run.id
    return run.id


def all_runs(client: "MlflowClient") -> "list[Stored]":
    return list(client.search_runs([connect(EXPERIMENT)]))


def epochs(client: "MlflowClient", run_id: str) -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in client.get_metric_history(run_id, "loss")]


def test_run_holds_name_params_and_tags_and_ends_finished(
    store: Path, client: "MlflowClient"
) -> None:
    params = {"train.seed": 7, "model.hidden": [256, 128], "label.gate": None}
    with training_run(EXPERIMENT, "improved", params, {"git.commit": "abc"}) as run:
        pass
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
    assert stored.data.tags["pipeline.run"] == run.key


def test_exception_ends_run_failed_with_its_message(store: Path, client: "MlflowClient") -> None:
    with (
        pytest.raises(ValueError, match="loss is nan"),
        training_run(EXPERIMENT, "r", {}, {}) as run,
    ):
        raise ValueError("loss is nan")
    stored = client.get_run(run.id)
    assert stored.info.status == "FAILED"
    assert stored.data.tags["error"] == "ValueError: loss is nan"


def test_ctrl_c_ends_run_killed(store: Path, client: "MlflowClient") -> None:
    with pytest.raises(KeyboardInterrupt), training_run(EXPERIMENT, "r", {}, {}) as run:
        raise KeyboardInterrupt
    assert client.get_run(run.id).info.status == "KILLED"


def test_sigterm_ends_run_killed(
    store: Path, client: "MlflowClient", start: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = start(TRAINING.replace("KEY", "None"))
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    assert client.get_run(run_id).info.status == "RUNNING"
    process.terminate()
    process.communicate(timeout=HANGS)
    assert client.get_run(run_id).info.status == "KILLED"
    assert process.returncode == -signal.SIGINT


@pytest.fixture
def killed(store: Path, start: Callable[[str], "subprocess.Popen[str]"]) -> str:
    """Kill a training after two epochs with SIGKILL; return its run's id."""
    process = start(TRAINING.replace("KEY", "'killed'"))
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    process.kill()
    process.communicate(timeout=HANGS)
    return run_id


def test_killed_run_is_gone_on_with_and_logs_each_thing_once(
    killed: str, client: "MlflowClient"
) -> None:
    assert client.get_run(killed).info.status == "RUNNING"
    with (journals_folder() / "killed/entries.jsonl").open("ab") as file:
        file.write(b'{"kind": "metrics", "values": {"lo')  # which the kill cut off
    with training_run(EXPERIMENT, "r", {"seed": 7}, {}, key="killed") as run:
        for epoch in range(3):
            run.log_metrics({"loss": 0.5 / 2**epoch}, epoch)
    assert run.id == killed
    (stored,) = all_runs(client)
    assert stored.info.status == "FINISHED"
    assert epochs(client, killed) == [(0, 0.5), (1, 0.25), (2, 0.125)]


def test_killed_run_that_nobody_goes_on_with_is_ended_by_the_next(
    killed: str, client: "MlflowClient"
) -> None:
    made()
    stored = client.get_run(killed)
    assert stored.info.status == "KILLED"
    assert "killed" in stored.data.tags["error"]
    with training_run(EXPERIMENT, "r", {"seed": 7}, {}, key="killed"):
        pass
    again = client.get_run(killed)
    assert again.info.status == "FINISHED"
    assert "error" not in again.data.tags


def test_living_run_of_another_process_is_left_alone(
    store: Path, client: "MlflowClient", start: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = start(TRAINING.replace("KEY", "None"))
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    try:
        made()
        assert client.get_run(run_id).info.status == "RUNNING"
    finally:
        process.kill()
        process.communicate(timeout=HANGS)


def test_killed_run_whose_store_was_deleted_is_whole_in_the_new_one(
    killed: str, store: Path, migrated: Path, start: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    (store / "mlflow.db").unlink()
    shutil.copy(migrated, store / "mlflow.db")
    # In a process of its own: MLflow keeps a database that was deleted open.
    process = start(
        "from pipeline.tracking.open_runs import training_run\n"
        f"with training_run({EXPERIMENT!r}, 'r', {{'seed': 7}}, {{}}, key='killed') as run:\n"
        "    run.log_metrics({'loss': 0.125}, 2)\n"
    )
    assert process.communicate(timeout=HANGS)[1] == ""
    with closing(sqlite3.connect(store / "mlflow.db")) as opened:
        assert opened.execute("select status from runs").fetchall() == [("FINISHED",)]
        query = "select step, value from metrics order by step"
        assert opened.execute(query).fetchall() == [(0, 0.5), (1, 0.25), (2, 0.125)]


def test_sending_everything_twice_leaves_no_trace(store: Path, client: "MlflowClient") -> None:
    key, run_id = made()
    (journal,) = all_journals(journals_folder())
    before = client.get_run(run_id)
    journal.note_sent(journal.sent | {"count": 1})
    assert [sent.problem for sent in deliver_rest()] == [None]
    journal.note_sent({})
    assert [sent.problem for sent in deliver_rest()] == [None]
    after = client.get_run(run_id)
    assert before.data.to_dictionary() == after.data.to_dictionary()
    assert before.info.end_time == after.info.end_time
    assert epochs(client, run_id) == [(0, 0.5)]
    assert len(all_runs(client)) == 1
    assert not waiting(journal)
    assert journal.key == key


def test_handler_of_sigterm_is_put_back(store: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with training_run(EXPERIMENT, "r", {}, {}):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_run_opens_in_another_thread(store: Path, client: "MlflowClient") -> None:
    ids: list[str] = []
    thread = threading.Thread(target=lambda: ids.append(made()[1]))
    thread.start()
    thread.join()
    assert client.get_run(ids[0]).info.status == "FINISHED"


def test_run_id_in_the_environment_is_not_used(
    store: Path, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = made()
    monkeypatch.setenv("MLFLOW_RUN_ID", other)
    _, run_id = made()
    assert run_id != other
    assert "mlflow.parentRunId" not in client.get_run(run_id).data.tags


def test_store_that_cannot_be_used_stops_the_run(store: Path) -> None:
    (store / "mlflow.db").write_bytes(b"this is no database" * 100)

    def log_for_a_while() -> None:
        with training_run(EXPERIMENT, "r", {}, {}) as run:
            for epoch in range(3000):
                run.log_metrics({"loss": 1}, epoch)
                time.sleep(0.01)

    with pytest.raises(InputError, match=r"mlflow\.db: file is not a database"):
        log_for_a_while()


def test_first_evaluation_continues_the_run_that_made_the_model(
    store: Path, client: "MlflowClient"
) -> None:
    key, run_id = made()
    assert evaluated(key, AT_HALF) == run_id
    stored = client.get_run(run_id)
    assert stored.info.status == "FINISHED"
    assert stored.data.params == {"train.seed": "7", "evaluate.threshold": "0.5"}
    assert stored.data.metrics == {"loss": 0.5, "test/f1": 0.5}


def test_evaluation_with_the_same_params_continues_it_again(
    store: Path, client: "MlflowClient"
) -> None:
    key, run_id = made()
    evaluated(key, AT_HALF)
    assert evaluated(key, AT_HALF) == run_id
    assert len(all_runs(client)) == 1


def test_evaluation_with_other_params_is_a_nested_run(store: Path, client: "MlflowClient") -> None:
    key, run_id = made()
    evaluated(key, AT_HALF)
    nested = client.get_run(evaluated(key, AT_THIRD))
    assert nested.info.run_id != run_id
    assert nested.info.run_name == "train evaluated anew"
    assert nested.data.tags["mlflow.parentRunId"] == run_id
    assert nested.data.params == {"evaluate.threshold": "0.3"}
    assert nested.data.metrics == {"test/f1": 0.3}
    assert nested.info.status == "FINISHED"
    parent = client.get_run(run_id)
    assert parent.data.params["evaluate.threshold"] == "0.5"
    assert parent.data.metrics == {"loss": 0.5, "test/f1": 0.5}


def test_evaluation_anew_is_found_by_the_experiment_that_asked_for_it(
    store: Path, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    key, run_id = made()
    evaluated(key, AT_HALF)
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-mole")
    nested = client.get_run(evaluated(key, AT_THIRD))
    assert nested.info.run_name == "train evaluated anew (tidy-mole)"
    assert nested.data.tags["dvc.experiment"] == "tidy-mole"
    assert find_run(tracking_uri(), "tidy-mole").id == nested.info.run_id
    assert evaluated(key, AT_HALF) == run_id
    assert "dvc.experiment" not in client.get_run(run_id).data.tags


def test_evaluation_fills_a_lost_store_with_the_run_that_made_the_model(
    store: Path, client: "MlflowClient"
) -> None:
    key, run_id = made()
    client.delete_run(run_id)
    again = client.get_run(evaluated(key, AT_HALF))
    assert again.info.run_id != run_id
    assert again.data.tags["pipeline.run"] == key
    assert again.data.params == {"train.seed": "7", "evaluate.threshold": "0.5"}
    assert again.data.metrics == {"loss": 0.5, "test/f1": 0.5}
    assert len(all_runs(client)) == 1


def test_evaluation_of_a_run_that_nobody_has_says_so(store: Path, client: "MlflowClient") -> None:
    stored = client.get_run(evaluated("lost", AT_HALF))
    assert stored.data.tags["source_run"] == "lost"
    assert "mlflow.parentRunId" not in stored.data.tags
    assert stored.data.metrics == {"test/f1": 0.5}
