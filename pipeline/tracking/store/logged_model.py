"""Log a trained network as an MLflow model that anyone can load, serve and register.

Models-from-code: the model holds `serving.py`, the `.keras` file and a JSON contract, no pickle.
"""

import json
import logging
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipeline.data.action_units import value_range
from pipeline.tracking.outbox.entries import Remote

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

SERVING = Path(__file__).with_name("serving.py")
SOURCE = ("mlflow.source.", "mlflow.user")  # tags of a run that the model's page shows, too
CONTRACT = "contract.json"
REQUIREMENTS = ("mlflow", "keras", "tensorflow", "numpy", "pandas")


class _Pyfunc:
    """MLflow's pyfunc flavour without the trial run of the example.

    The trial loads the network, and TensorFlow with it, in whatever process sends the model; that
    it runs is for the tests to say. `Model.log` can leave it out, but hands the option on.
    """

    @staticmethod
    def save_model(*, validate_serving_input: bool, **options: Any) -> None:
        import mlflow.pyfunc

        del validate_serving_input
        mlflow.pyfunc.save_model(**options)


def log_model(
    run: Remote,
    network: Path,
    features: Sequence[str],
    emotions: Sequence[str],
    example: "pd.DataFrame",
    step: int,
) -> str:
    """Log a `.keras` file that takes `features` in this order and gives `emotions`.

    `example` holds a few rows with at least these columns; `step` is the model's epoch, whose
    metrics MLflow shows with the model. Returns the id of the model: load it with
    `mlflow.pyfunc.load_model(f"models:/{id}")`.
    """
    from mlflow.models import Model

    # Else it warns that an environment made by uv has no pip to pin.
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    made_by = run.client.get_run(run.id)
    # Named here, for MLflow would file it under the active experiment of its global state.
    logged = run.client.create_logged_model(
        made_by.info.experiment_id,
        str(made_by.info.run_name),
        source_run_id=run.id,
        params=made_by.data.params,
        tags={key: text for key, text in made_by.data.tags.items() if key.startswith(SOURCE)},
    )
    with TemporaryDirectory() as folder:
        contract = Path(folder) / CONTRACT
        contract.write_text(_contract(features, emotions), encoding="utf-8")
        Model.log(
            artifact_path=None,
            flavor=_Pyfunc,
            model_id=logged.model_id,
            run_id=run.id,
            step=step,
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
