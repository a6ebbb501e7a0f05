"""Find the model that a run logged, and refuse a run that only evaluates another's."""

from dataclasses import replace

from pipeline.errors import InputError
from pipeline.tracking.store.recorded_runs import client_of
from pipeline.tracking.store.run_references import Reference, find_run


def model_of(uri: str, run: Reference) -> str | None:
    """Find the id of the model that a run logged."""
    question = f"source_run_id = '{run.id}'"
    found = client_of(uri).search_logged_models([run.experiment_id], question)
    return next((str(model.model_id) for model in found if model.status == "READY"), None)


def find_model(uri: str, meant: str) -> tuple[Reference, str]:
    """Find the run that is meant and its model's id; raises `InputError` where it logged none."""
    found = find_run(uri, meant)
    if (model_id := model_of(uri, found)) is None:
        refuse_evaluation(uri, found)
        raise InputError(f"run {found.name} ({found.id}) has logged no model: choose another.")
    return found, model_id


def refuse_evaluation(uri: str, run: Reference) -> None:
    """Raise `InputError` for a run that only evaluates the model of another, which it names."""
    parent = run.tags.get("mlflow.parentRunId")
    if parent and model_of(uri, run) is None and model_of(uri, replace(run, id=parent)):
        raise InputError(
            f"run {run.name} ({run.id}) is only another evaluation of the model of run {parent}: "
            "name that one."
        )
