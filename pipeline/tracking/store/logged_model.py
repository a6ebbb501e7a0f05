"""Log a trained network as an MLflow model that anyone can load, serve and register.

Models-from-code: the model holds `serving.py`, the `.keras` file and a JSON contract, no pickle.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipeline.data.action_units import value_range
from pipeline.tracking.outbox.entries import Remote

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import Model, ModelSignature

SERVING = Path(__file__).with_name("serving.py")
SOURCE = ("mlflow.source.", "mlflow.user")  # tags of a run that the model's page shows, too
CONTRACT = "contract.json"
_FOREIGN = re.compile("[/:.%\"']")  # what MLflow refuses in the name of a logged model
REQUIREMENTS = ("mlflow", "keras", "tensorflow", "numpy", "pandas")


@dataclass(frozen=True)
class _Pyfunc:
    """MLflow's pyfunc flavour without the trial run of the example, for a model of this run.

    The trial loads the network, and TensorFlow with it, in whatever process sends the model; that
    it runs is for the tests to say. `Model.log` can leave it out, but hands the option on. It is
    not told of the run, for it would copy the metrics of an epoch, and without their data set.
    """

    run_id: str

    def save_model(
        self, *, validate_serving_input: bool, mlflow_model: "Model", **options: Any
    ) -> None:
        import mlflow.pyfunc

        del validate_serving_input
        mlflow_model.run_id = self.run_id
        mlflow.pyfunc.save_model(mlflow_model=mlflow_model, **options)


def log_model(
    run: Remote,
    network: Path,
    features: Sequence[str],
    emotions: Sequence[str],
    example: "pd.DataFrame",
    step: int,
) -> str:
    """Log a `.keras` file that takes `features` in this order and gives `emotions`.

    `example` holds a few rows with at least these columns; `step` is the model's epoch. Returns
    the id of the model: load it with `mlflow.pyfunc.load_model(f"models:/{id}")`.
    """
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    # Else it warns that an environment made by uv has no pip to pin.
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    made_by = run.client.get_run(run.id)
    # Named here, for MLflow would file it under the active experiment of its global state.
    logged = run.client.create_logged_model(
        made_by.info.experiment_id,
        _FOREIGN.sub("_", str(made_by.info.run_name)),
        source_run_id=run.id,
        params=made_by.data.params,
        tags={key: text for key, text in made_by.data.tags.items() if key.startswith(SOURCE)},
    )
    run.client.log_outputs(run.id, [LoggedModelOutput(logged.model_id, step)])
    with TemporaryDirectory() as folder:
        contract = Path(folder) / CONTRACT
        contract.write_text(_contract(features, emotions), encoding="utf-8")
        Model.log(
            artifact_path=None,
            flavor=_Pyfunc(run.id),
            model_id=logged.model_id,
            python_model=str(SERVING),
            artifacts={"network": str(network), "contract": str(contract)},
            validate_serving_input=False,
            signature=_signature(features, emotions),
            input_example=example[list(features)].astype("float64").reset_index(drop=True),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )
    return str(logged.model_id)


def know_packages() -> None:
    """Let MLflow find out which package each module is of, as it does once to log a model.

    It takes 0.4 seconds, which a process that logs models can spend before it has one.
    """
    from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

    warn_dependency_requirement_mismatches(list(REQUIREMENTS))


def model_of(run: Remote) -> str | None:
    """Find the id of the run's model; what a killed process left half made is deleted."""
    experiment_id = run.client.get_run(run.id).info.experiment_id
    found = run.client.search_logged_models([experiment_id], f"source_run_id = '{run.id}'")
    whole = None
    for model in found:
        if model.status == "READY":
            whole = str(model.model_id)
        else:
            run.client.delete_logged_model(model.model_id)
    return whole


def _contract(features: Sequence[str], emotions: Sequence[str]) -> str:
    ranges = {name: value_range(name) for name in features}
    return json.dumps({"ranges": ranges, "emotions": list(emotions)}, indent=2)


def _signature(features: Sequence[str], emotions: Sequence[str]) -> "ModelSignature":
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema

    inputs, outputs = (
        Schema([ColSpec(DataType.double, name) for name in names]) for names in (features, emotions)
    )
    return ModelSignature(inputs=inputs, outputs=outputs)
