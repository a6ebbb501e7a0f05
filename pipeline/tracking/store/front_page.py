"""What MLflow shows of an experiment when it is opened, and the addresses that open it.

The list of runs opens on a shared view: MLflow keeps one as a tag of the experiment, in JSON, and
an address that names it shows its columns and order to whoever opens it.
"""

import json
from typing import Any

from pipeline.evaluation.scoring.metric_names import CHOOSE_BY

LOCAL = "http://127.0.0.1:5000"  # where `mlflow ui` listens
VIEW = "choose"
DESCRIPTION = f"""\
Trainings of networks that tell emotions from facial action units; a run is a trained model.

Choose by `{CHOOSE_BY}`: the kept checkpoint's, over all emotions, on validation people.
Never by `test/...`: that says how good the chosen one is. `val/loss` decides which epoch is kept;
across runs with other class weights or labels it means nothing. Whether two differ for certain
says `python -m pipeline compare RUN RUN`. `epoch/...` are the curves of training."""

_COLUMNS = (
    *(f"metrics.`{name}`" for name in (CHOOSE_BY, "val/auroc", "val/f1", "test/average_precision")),
    *(f"params.`{name}`" for name in ("recipe", "train.learning_rate", "train.seed")),
)
_NAME = "attributes.`Run Name`"
_WIDTHS = {_NAME: 260, **dict.fromkeys(_COLUMNS, 100)}  # pixels


def experiment_tags() -> dict[str, str]:
    """Give the tags of an experiment: its description, and the view of its runs."""
    view: dict[str, Any] = {
        "orderByKey": f"metrics.`{CHOOSE_BY}`",
        "orderByAsc": False,
        "selectedColumns": list(_COLUMNS),
        "columnOrder": [_NAME, *_COLUMNS],
        "columnWidths": _WIDTHS,
    }
    return {"mlflow.note.content": DESCRIPTION, f"mlflow.sharedViewState.{VIEW}": json.dumps(view)}


def runs_address(uri: str, experiment_id: str) -> str:
    """Give the address of an experiment's training runs, the one to choose first."""
    view = f"workflowType=machine_learning&viewStateShareKey={VIEW}"
    return f"{_server(uri)}/#/experiments/{experiment_id}/runs?{view}"


def run_address(uri: str, experiment_id: str, run_id: str) -> str:
    """Give the address of a run's page."""
    place = f"/#/experiments/{experiment_id}/runs/{run_id}"
    return f"{_server(uri)}{place}?workflowType=machine_learning"


def _server(uri: str) -> str:
    """Name the server that shows a store: itself, or the one that `mlflow ui` starts."""
    return uri.rstrip("/") if uri.startswith(("http://", "https://")) else LOCAL
