"""Say which MLflow run is meant, what it is, and the addresses that show it and all runs.

RUN is a run's id or its first characters, its name, a DVC experiment's name, models:/NAME@ALIAS, a
git revision such as HEAD, or workspace, the default: the model in outputs/.
"""

import click

from pipeline.settings import params
from pipeline.tracking.registry.registry import champion_of
from pipeline.tracking.store.connection import tracking_uri, without_password
from pipeline.tracking.store.front_page import run_address, runs_address
from pipeline.tracking.store.run_models import find_model, model_of
from pipeline.tracking.store.run_references import WORKSPACE, experiment_of, find_run

LOAD = (
    'import mlflow; mlflow.set_tracking_uri("{uri}"); '
    'model = mlflow.pyfunc.load_model("models:/{model}")'
)
TAGS = ("dvc.experiment", "git.commit", "promotion.verdict", "promotion.version")


def model_address(uri: str, meant: str | None) -> str:
    """Give `models:/ID`. Raises `InputError` where the run has logged no model."""
    if meant is None:
        settings = params.load()
        if champion := champion_of(settings.tracking.experiment, settings.promote.model):
            return f"models:/{champion.model_id}"
    return f"models:/{find_model(uri, meant or WORKSPACE)[1]}"


@click.argument("meant", metavar="[RUN]", required=False)
@click.option("--all", "every", is_flag=True, help="Only the address of the list of all runs.")
@click.option(
    *("--uri", "address"),
    is_flag=True,
    help="Only what MLflow calls the run's model; without RUN that of the champion, if there is "
    "one.",
)
def run(meant: str | None = None, *, every: bool = False, address: bool = False) -> None:
    """Print a line for each thing to know."""
    uri = tracking_uri()
    shown = without_password(uri)
    if address:
        print(model_address(uri, meant))
        return
    meant = meant or WORKSPACE
    if every:
        name = params.load().tracking.experiment
        print(f"all runs          {runs_address(shown, experiment_of(uri, name))}")
        return
    found = find_run(uri, meant)
    print(f"run               {found.name}")
    print(f"id                {found.id}")
    for tag in TAGS:
        if tag in found.tags:
            print(f"{tag:18}{found.tags[tag]}")
    print(f"page              {run_address(shown, found.experiment_id, found.id)}")
    print(f"all runs          {runs_address(shown, found.experiment_id)}")
    if model_id := model_of(uri, found):
        print(f"load anywhere     {LOAD.format(uri=shown, model=model_id)}")
    if not shown.startswith("http"):
        print("                  (`make ui` or `mlflow ui` serves the two pages)")
