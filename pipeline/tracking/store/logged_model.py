"""Log a trained network as an MLflow model that anyone can load, serve and register.

Models-from-code: the model holds `serving.py`, the `.keras` file and a JSON contract, no pickle.
"""

import json
import logging
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.data.action_units import value_range
from pipeline.data.features import feature_map
from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.reading.columns.extractors import recognise
from pipeline.model.inference import network as inference

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.models import ModelSignature

SERVING = Path(__file__).with_name("serving.py")
# They go along, so that a logged model makes the same features and runs the same products.
FEATURES, INFERENCE = feature_map.__file__, inference.__file__
SOURCE = ("mlflow.source.", "mlflow.user")  # tags of a run that the model's page shows, too
CONTRACT = "contract.json"
OPTIONS = ("decisions", "strict", "same_units")  # of a prediction; see `serving`
_FOREIGN = re.compile("[/:.%\"']")  # what MLflow refuses in the name of a logged model
REQUIREMENTS = ("mlflow", "h5py", "numpy", "pandas")


def log_model(
    client: "MlflowClient",
    run_id: str,
    network: Path,
    features: FeatureMap,
    emotions: Sequence[str],
    example: "pd.DataFrame",
    step: int,
) -> str:
    """Log with a run a `.keras` file that takes `features` and gives `emotions`.

    `example` holds a few rows with the columns that features are made of; `step` is the model's
    epoch. Returns the id of the model: load it with `mlflow.pyfunc.load_model(f"models:/{id}")`.
    Where the run has its model already that is the one.
    """
    from mlflow.entities import LoggedModelOutput

    if (model_id := model_of(client, run_id)) is None:
        model_id = _make(client, run_id, network, features, emotions, example)
    if model_id not in {one.model_id for one in client.get_run(run_id).outputs.model_outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step)])
    return model_id


def _make(
    client: "MlflowClient",
    run_id: str,
    network: Path,
    features: FeatureMap,
    emotions: Sequence[str],
    example: "pd.DataFrame",
) -> str:
    made_by = client.get_run(run_id)
    tags = {key: text for key, text in made_by.data.tags.items() if key.startswith(SOURCE)}
    experiment, name = made_by.info.experiment_id, _FOREIGN.sub("_", str(made_by.info.run_name))
    logged = client.create_logged_model(experiment, name, run_id, tags, made_by.data.params)
    with TemporaryDirectory() as folder:
        contract = Path(folder) / CONTRACT
        contract.write_text(_contract(features, emotions), encoding="utf-8")
        carried = {"network": str(network), "contract": str(contract), "features": FEATURES}
        carried["inference"] = INFERENCE
        target = Path(folder) / "model"
        _save(target, logged, carried, _signature(emotions), example)
        client.log_model_artifacts(logged.model_id, str(target))
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)


def _save(
    target: Path,
    logged: "LoggedModel",
    carried: dict[str, str],
    signature: "ModelSignature",
    example: "pd.DataFrame",
) -> None:
    """Write MLflow's model into a folder.

    `log_model` of its pyfunc flavour would run the example in whatever process sends the model;
    that it runs is for the tests to say.
    """
    import mlflow.pyfunc
    from mlflow.models import Model

    # Else it warns that an environment made by uv has no pip to pin.
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    location, run_id = logged.artifact_location, logged.source_run_id
    mlflow.pyfunc.save_model(
        target,
        mlflow_model=Model(location, run_id, model_id=logged.model_id),
        python_model=str(SERVING),
        artifacts=carried,
        signature=signature,
        input_example=example.reset_index(drop=True),
        metadata={"inputs": json.dumps(list(example.columns))},  # for who looks at the model
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
    )


def model_of(client: "MlflowClient", run_id: str) -> str | None:
    """Find the id of the run's model; what a killed process left half made is deleted."""
    experiment_id = client.get_run(run_id).info.experiment_id
    found = client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'")
    whole = None
    for model in found:
        if model.status == "READY":
            whole = str(model.model_id)
        else:
            client.delete_logged_model(model.model_id)
    return whole


def _contract(features: FeatureMap, emotions: Sequence[str]) -> str:
    ranges = {name: value_range(name) for name in features.columns}
    made = {
        "ranges": ranges,
        "feature_map": features.lay_out(),
        "emotions": list(emotions),
        "extractor": recognise(features.columns),
    }
    return json.dumps(made, indent=2)


def _signature(emotions: Sequence[str]) -> "ModelSignature":
    """Say what the model gives and which params it takes; of inputs `serving` says why not."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    outputs = Schema([ColSpec(DataType.double, name) for name in emotions])
    params = ParamSchema([ParamSpec(name, DataType.boolean, False) for name in OPTIONS])
    return ModelSignature(outputs=outputs, params=params)


def add_thresholds(client: "MlflowClient", run_id: str, path: Path) -> None:
    """Let the model of a run carry its tuned thresholds; nothing where the run logged none."""
    if model_id := model_of(client, run_id):
        client.log_model_artifact(model_id, str(path), "artifacts")  # beside the contract
