"""An experiment says by what to choose and opens on it; what people wrote there stays."""

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.evaluation.scoring.metric_names import CHOOSE_BY
from pipeline.tracking.store.connection import connect
from pipeline.tracking.store.front_page import VIEW, run_address, runs_address

if TYPE_CHECKING:
    from mlflow import MlflowClient

NOTE, SHARED = "mlflow.note.content", f"mlflow.sharedViewState.{VIEW}"


def test_a_new_experiment_has_a_description_and_a_view(client: "MlflowClient") -> None:
    tags = client.get_experiment(connect("e")).tags
    assert f"Choose by `{CHOOSE_BY}`" in tags[NOTE]
    view = json.loads(tags[SHARED])
    assert view["orderByKey"] == f"metrics.`{CHOOSE_BY}`"
    assert not view["orderByAsc"]
    assert view["selectedColumns"][0] == f"metrics.`{CHOOSE_BY}`"


def test_an_older_experiment_gets_what_it_lacks_and_keeps_its_own(client: "MlflowClient") -> None:
    made = client.create_experiment("e", tags={NOTE: "mine"})
    assert connect("e") == made
    tags = client.get_experiment(made).tags
    assert tags[NOTE] == "mine"
    assert SHARED in tags


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("sqlite:////somewhere/mlflow.db", "http://127.0.0.1:5000"),
        ("https://mlflow.example/base/", "https://mlflow.example/base"),
    ],
)
def test_addresses_lead_to_who_shows_the_store(uri: str, server: str) -> None:
    assert runs_address(uri, "1").startswith(f"{server}/#/experiments/1/runs?workflowType=")
    assert run_address(uri, "1", "ab").startswith(f"{server}/#/experiments/1/runs/ab?")
