"""A server that is down, dies, answers 500 or loses answers: nothing is lost or doubled."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import journals
import pandas as pd
import pytest
from faulty import Faulty
from journals import copy_journal, make_evaluation, make_training
from server import Server

from pipeline.commands.sync import run as sync
from pipeline.errors import InputError
from pipeline.tracking.open_runs import evaluation_run, training_run
from pipeline.tracking.outbox.journal import new_key, waiting
from pipeline.tracking.run import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient

TABLE = pd.DataFrame({"emotion": ["joy"], "mean": [0.25]})
Happen = Callable[[int], None]


def train(experiment: str, happen: Happen = lambda _epoch: None) -> Run:
    """Log what a training logs; something may happen at each of ten epochs."""
    with training_run(experiment, "r", {"seed": 7}, {"stage": "train"}) as run:
        run.log_text("- a\n", "provenance/changes.patch")
        for epoch in range(10):
            happen(epoch)
            run.log_metrics({"loss": 1 / (epoch + 1), "lr": 0.001}, epoch)
        run.log_table(TABLE, "means")
    return run


def content(client: "MlflowClient", experiment: str) -> list[dict[str, Any]]:
    """Give what the server holds of each run of an experiment."""
    found = client.get_experiment_by_name(experiment)
    assert found
    return [
        {
            "status": run.info.status,
            "params": run.data.params,
            "epochs": [
                (metric.key, metric.step, metric.value)
                for key in sorted(run.data.metrics)
                for metric in client.get_metric_history(run.info.run_id, key)
            ],
            "table": Path(client.download_artifacts(run.info.run_id, "means.json")).read_text(),
            "stage": run.data.tags["stage"],
        }
        for run in client.search_runs([found.experiment_id])
    ]


@pytest.fixture
def client(server: Server) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(server.uri)


@pytest.fixture
def undisturbed(
    server: Server, experiment: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """Train with a sound server and give what it holds then."""
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    train(f"{experiment} undisturbed")
    return content(MlflowClient(server.uri), f"{experiment} undisturbed")


@pytest.fixture
def through(faulty: Faulty, undisturbed: Any, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """Give the proxy that the next training talks to."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", faulty.uri)
    return faulty


def test_server_is_down_until_sync(
    through: Faulty,
    experiment: str,
    undisturbed: Any,
    client: "MlflowClient",
    capsys: pytest.CaptureFixture[str],
) -> None:
    through.refuse()
    run = train(experiment)
    assert run.id is None
    shown = capsys.readouterr().err
    assert "python -m pipeline sync" in shown
    assert run.key in shown
    with pytest.raises(InputError, match="did not take 1 of 1 runs"):
        sync()
    through.mend()
    sync()
    assert content(client, experiment) == undisturbed
    requests = len(through.requests)
    sync()
    assert len(through.requests) == requests, "it was sent again"


def test_next_stage_sends_what_was_kept(
    through: Faulty, experiment: str, undisturbed: Any, client: "MlflowClient"
) -> None:
    through.refuse()
    run = train(experiment)
    through.mend()
    with evaluation_run(experiment, run.key, {"evaluate.threshold": 0.5}) as evaluation:
        evaluation.log_metrics({"test/f1": 0.5})
    assert evaluation.id == run.id
    (found,) = content(client, experiment)
    assert found["params"] == {"seed": "7", "evaluate.threshold": "0.5"}
    assert [entry for entry in found["epochs"] if entry[0] != "test/f1"] == undisturbed[0]["epochs"]


def test_server_answers_500_for_a_while(
    through: Faulty, experiment: str, undisturbed: Any, client: "MlflowClient"
) -> None:
    through.fail(3)
    run = train(experiment)
    if waiting(run.journal):
        sync()
    assert content(client, experiment) == undisturbed


def test_lost_answers_double_nothing(
    through: Faulty,
    experiment: str,
    undisturbed: Any,
    client: "MlflowClient",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.tracking.outbox.sender._LAST_PAUSES", (0.0,))
    for place in range(100):  # the answer to this request is lost
        through.refuse()
        train(experiment)
        through.drop(1, after=place)
        before = len(through.requests)
        with suppress(InputError):
            sync()
        lost = len(through.requests) - before > place
        through.mend()
        sync()
        if not lost:
            break
    assert 10 < place < 99
    assert content(client, experiment) == undisturbed * (place + 1)


def test_server_dies_during_training_and_comes_back(
    server: Server,
    experiment: str,
    undisturbed: Any,
    client: "MlflowClient",
) -> None:
    def die(epoch: int) -> None:
        if epoch == 3:
            server.kill()

    run = train(experiment, die)
    assert waiting(run.journal)
    server.start()
    sync()
    assert content(client, experiment) == undisturbed


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_lost_answers_of_a_training_with_its_evaluation_double_nothing(
    through: Faulty,
    experiment: str,
    client: "MlflowClient",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every: int,
) -> None:
    """A model, and more metrics of it than MLflow compares at once, among them."""
    monkeypatch.setattr("pipeline.tracking.outbox.leftovers.KEPT", 1000)  # the originals, too
    training = make_training(experiment, tmp_path)
    evaluation = make_evaluation(experiment, training)
    sync()
    wanted = journals.content(client, experiment, training)
    assert wanted["status"] == "FINISHED"
    assert len(wanted["models"][0][1]) == 250
    for place in range(0, 200, every):  # the answer to this request is lost
        maker = copy_journal(training, new_key())
        copy_journal(evaluation, new_key(), maker.key).note_sent({})
        maker.note_sent({})
        through.drop(1, after=place)
        before = len(through.requests)
        with suppress(InputError):
            sync()
        lost = len(through.requests) - before > place
        through.mend()
        sync()
        assert journals.content(client, experiment, maker.key) == wanted, place
        if not lost:
            break
    assert 30 < place < 190


def test_answer_of_400_is_about_the_entry_and_of_500_about_the_server(
    through: Faulty, experiment: str, client: "MlflowClient", tmp_path: Path
) -> None:
    """A metric that the server refuses, and the same training while it fails."""
    with training_run(experiment, "r", {"seed": 7}, {"stage": "train"}) as run:
        run.log_metrics({"a & b": 1.0, "loss": 0.5})
    found = journals.content(client, experiment, run.key)
    assert (found["status"], found["metrics"]) == ("FINISHED", {"loss": [(0, 0.5)]})
    assert found["tags"]["refused"] == "metrics 'a & b'"
    key = make_training(experiment, tmp_path)
    through.fail()
    with pytest.raises(InputError, match="did not take 1 of 1 runs"):
        sync()
    through.mend()
    sync()
    assert "refused" not in journals.content(client, experiment, key)["tags"]
