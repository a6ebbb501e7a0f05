"""Look at the runs as a person does: list, comparison, table and model in the MLflow UI."""

import re

import pytest
from browser.conftest import keep
from playwright.sync_api import expect
from throwaway import run

FIND = """
import json
from mlflow import MlflowClient
client = MlflowClient("sqlite:///mlflow.db")
experiment = client.get_experiment_by_name("au-emotion")
runs = client.search_runs([experiment.experiment_id])
print(json.dumps({
    "experiment": experiment.experiment_id,
    "runs": {r.info.run_name: r.info.run_id for r in runs},
    "models": {m.source_run_id: m.model_id for m in
               client.search_logged_models([experiment.experiment_id])},
}))
"""


@pytest.fixture(scope="module")
def store(project) -> dict:
    import json

    return json.loads(run(project, "python", "-c", FIND).stdout.splitlines()[-1])


def test_the_store_has_one_run_per_recipe(store):
    assert set(store["runs"]) == {"improved", "baseline"}
    assert set(store["models"]) == set(store["runs"].values())


def test_lists_both_runs(page, ui, store):
    page.goto(f"{ui}/#/experiments/{store['experiment']}/runs")
    for name in ("improved", "baseline"):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    keep(page, "runs")


def test_comparison_draws_validation_loss(page, ui, store):
    ids = ",".join(f'"{run_id}"' for run_id in store["runs"].values())
    page.goto(f'{ui}/#/compare-runs?runs=[{ids}]&experiments=["{store["experiment"]}"]')
    expect(page.get_by_text("Comparing 2 Runs").first).to_be_visible()
    keep(page, "compare")
    page.goto(
        f"{ui}/#/metric?runs=[{ids}]&metric=%22val_loss%22"
        f'&experiments=["{store["experiment"]}"]&plot_metric_keys=["val_loss"]'
    )
    lines = page.locator(".js-line")
    # Each run is drawn twice: as measured and smoothed.
    expect(lines).to_have_count(4)
    for line in lines.all():  # a stroke between each of four epochs
        expect(line).to_have_attribute("d", re.compile("^M[^L]+(L[^L]+){3}"))
    keep(page, "val_loss")


def test_run_page_shows_the_mean_prediction_table(page, ui, store):
    run_id = store["runs"]["improved"]
    page.goto(
        f"{ui}/#/experiments/{store['experiment']}/runs/{run_id}"
        "/artifacts/evaluation/mean_predictions.json"
    )
    for text in ("mean_predicted", "mean_true", "anxiety"):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    keep(page, "table")


def test_run_page_shows_verdict_data_and_model(page, ui, store):
    run_id = store["runs"]["improved"]
    page.goto(f"{ui}/#/experiments/{store['experiment']}/runs/{run_id}")
    expect(page.get_by_text("The network", exact=False).first).to_be_visible()
    expect(page.get_by_text("FINISHED").or_(page.get_by_text("Finished")).first).to_be_visible()
    keep(page, "run")
    page.goto(f"{ui}/#/experiments/{store['experiment']}/models/{store['models'][run_id]}")
    expect(page.get_by_text("model", exact=True).first).to_be_visible()
    expect(page.get_by_text("val_loss").first).to_be_visible()
    keep(page, "model")
