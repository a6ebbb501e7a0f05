"""Find the model that a person means, and all that it takes to use it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.data.card import profile
from pipeline.errors import InputError
from pipeline.prediction.stored_model import StoredModel, tuned_in
from pipeline.settings import paths, run_files
from pipeline.settings.schema import Params
from pipeline.tracking.registry.registry import CHAMPION, champion_of
from pipeline.tracking.store import run_models
from pipeline.tracking.store.artifacts import features_in, fetch, network_of
from pipeline.tracking.store.connection import open_client, tracking_uri, without_password
from pipeline.tracking.store.faults import failures
from pipeline.tracking.store.run_references import ACCEPTED, WORKSPACE

KERAS = ".keras"
_WHOLE = "Bring it back as it was written; `dvc repro` does so in outputs/."


def find_model(settings: Params, meant: str | None, folder: Path) -> StoredModel:
    """Find a model; its files are copied into a folder unless they lie here.

    `meant` is `champion`, a file, or what `ACCEPTED` lists; None means the champion, and where
    there is none the model in outputs. Raises `InputError` where that is none.
    """
    if meant in (None, CHAMPION):
        if best := champion_of(settings.tracking.experiment, settings.promote.model):
            name = f"champion {settings.promote.model}, version {best.number}"
            return _of_logged(open_client(), best.model_id, best.run_id, name, folder)
        if meant:
            raise InputError(
                f"model {CHAMPION}: {settings.promote.model} has none; `python -m "
                f"pipeline promote` makes one. Allowed are a {KERAS} file and {ACCEPTED}."
            )
    if meant in (None, WORKSPACE):
        return _of_outputs()
    if Path(str(meant)).suffix == KERAS:
        return _of_file(Path(str(meant)))
    found, model_id = run_models.find_model(tracking_uri(), str(meant))
    name = f"the model of run {found.name} ({found.id[:8]})"
    return _of_logged(open_client(), model_id, found.id, name, folder)


def _of_logged(client: Any, model_id: str, run_id: str, name: str, folder: Path) -> StoredModel:
    try:
        return _copied(client, model_id, run_id, name, folder)
    except failures() as error:
        raise InputError(
            f"{name} cannot be copied from the store: {without_password(str(error))[:300]} "
            "Mend the store; after the repository was moved, run `python -m pipeline relocate`; or "
            "name another model."
        ) from error


def _copied(client: Any, model_id: str, run_id: str, name: str, folder: Path) -> StoredModel:
    network, contract = network_of(model_id, folder)
    thresholds = contract.with_name(Path(run_files.THRESHOLDS).name)
    if not thresholds.is_file():  # of a model that was logged before it carried them
        thresholds = fetch(client, run_id, run_files.THRESHOLDS, folder) or thresholds
    counted = fetch(client, run_id, run_files.PROFILE, folder) or folder / "none"
    return replace(_read(name, network, _json(contract), thresholds, counted), run=run_id)


def _of_outputs() -> StoredModel:
    if not (paths.RUN.is_file() and paths.MODEL.is_file()):
        raise InputError(
            f"there is no champion, and {paths.MODEL} with {paths.RUN.name} is not there either: "
            "`make repro` trains a model. Or name one."
        )
    name = f"the model in {paths.MODEL.parent}"
    return _read(name, paths.MODEL, _json(paths.RUN), paths.THRESHOLDS, paths.PROFILE)


def _of_file(network: Path) -> StoredModel:
    """Take a network with what it was saved with: a logged model's contract, or run.json."""
    told = [network.with_name(name) for name in ("contract.json", paths.RUN.name)]
    beside = next((path for path in told if path.is_file()), None)
    if not network.is_file() or beside is None:
        lacking = network if not network.is_file() else " or ".join(map(str, told))
        raise InputError(
            f"model {network}: {lacking} is not there. Allowed is a {KERAS} file beside "
            "the contract.json or run.json that says what it takes and gives."
        )
    thresholds = network.with_name(paths.THRESHOLDS.name)
    if network.resolve() == paths.MODEL.resolve():
        thresholds = paths.THRESHOLDS
    counted = network.with_name(paths.PROFILE.name)
    return _read(f"the model in {network}", network, _json(beside), thresholds, counted)


def _read(
    name: str, network: Path, told: Mapping[str, Any], thresholds: Path, counted: Path
) -> StoredModel:
    try:
        return StoredModel(
            name=name,
            network=network,
            features=features_in(told),
            emotions=tuple(told["emotions"]),
            thresholds=tuned_in(_json(thresholds)) if thresholds.is_file() else {},
            profile=profile.read(counted) if counted.is_file() else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"what lies beside {network} is not whole (it lacks {error}). {_WHOLE}"
        ) from error


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}). {_WHOLE}") from error
    return content
