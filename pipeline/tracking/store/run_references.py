"""Find the run that a person means, by whatever name it goes."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.repository import git
from pipeline.tracking.store.connection import without_password
from pipeline.tracking.store.recorded_runs import client_of

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

KEY = "pipeline.run"
SHORTEST = 6  # characters of an id
WORKSPACE = "workspace"  # DVC's word for what lies in the working directory
ACCEPTED = (
    f"a run's id or its first characters ({SHORTEST} or more), its name, a DVC experiment's name, "
    "models:/NAME@ALIAS, a git revision such as HEAD, or workspace (the model in outputs/)"
)
SHOWN = 10  # candidates
WAYS_BACK = (
    "Send it with `python -m pipeline sync`; where the store has lost it, `dvc repro --force "
    "--single-item evaluate` brings back the run of the model in outputs/ from its journal. Or set "
    "MLFLOW_TRACKING_URI to the store that holds it, or record it anew: `dvc repro --force "
    "--single-item train && dvc repro`."
)


@dataclass(frozen=True)
class Reference:
    """A run that was found; `key` is its tag `pipeline.run`, None of a run that is not ours."""

    id: str
    name: str
    key: str | None
    experiment_id: str
    tags: dict[str, str]


def find_run(uri: str, meant: str) -> Reference:
    """Find the one run that is meant, by one of what `ACCEPTED` lists.

    Raises `InputError` where there is none or more than one, which lists the candidates, and
    where the store cannot be used.
    """
    from mlflow.exceptions import MlflowException

    client = client_of(uri)
    try:
        found = next(filter(None, (way(client, meant) for way in WAYS)), [])
        latest = [] if found else _search(client, "", SHOWN)
    except MlflowException as error:
        raise InputError(
            without_password(f"{meant!r} cannot be looked up in {uri}: {error}")
        ) from error
    if not found:
        raise InputError(
            f"{meant!r} is no run in {without_password(uri)}. Allowed is {ACCEPTED}. "
            f"The latest:{_listed(latest) or ' none'}"
        )
    if len(found) > 1:
        raise InputError(f"{meant!r} may be {len(found)} runs. Give the id of one:{_listed(found)}")
    info, tags = found[0].info, dict(found[0].data.tags)
    return Reference(info.run_id, info.run_name or "", tags.get(KEY), info.experiment_id, tags)


def experiment_of(uri: str, name: str) -> str:
    """Find the id of an experiment; raises `InputError` where the store has none of the name."""
    if found := client_of(uri).get_experiment_by_name(name):
        return str(found.experiment_id)
    raise InputError(
        f"{without_password(uri)} has no experiment {name!r} yet: `dvc repro` records a first run."
    )


def key_of_outputs() -> str:
    """Read which run made the model in `outputs/`; raises `InputError` where there is none."""
    try:
        return str(json.loads(paths.RUN.read_text(encoding="utf-8"))["run"])
    except FileNotFoundError:
        raise InputError(f"{paths.RUN} is missing: train first, with `dvc repro`.") from None


def _of_model(client: "MlflowClient", meant: str) -> "list[entities.Run]":
    """Give the run of `models:/name@alias`, `models:/name/version` or `models:/m-id`."""
    from mlflow.exceptions import MlflowException

    if not (found := re.fullmatch(r"models:/([^/@]+)(?:@(.+)|/(\d+))?", meant)):
        return []
    name, alias, number = found.groups()
    try:
        if alias:
            run_id = client.get_model_version_by_alias(name, alias).run_id
        elif number:
            run_id = client.get_model_version(name, number).run_id
        else:
            run_id = client.get_logged_model(name).source_run_id
    except MlflowException as error:
        raise InputError(
            f"{meant} is no model of this store: {error.message.removesuffix('.')}. `python -m "
            "pipeline promote` makes a champion; a run's name leads to its model, too."
        ) from None
    return [client.get_run(str(run_id))]


def _of_workspace(client: "MlflowClient", meant: str) -> "list[entities.Run]":
    return _by_key(client, key_of_outputs(), meant) if meant == WORKSPACE else []


def _by_id(client: "MlflowClient", meant: str) -> "list[entities.Run]":
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},32}}", meant):
        return []
    return _search(client, f"attributes.run_id LIKE '{meant}%'")


def _by_name(client: "MlflowClient", meant: str) -> "list[entities.Run]":
    """Give the runs of this name, of this DVC experiment, and of this key."""
    quote = '"' if "'" in meant else "'"
    if not meant or quote in meant:  # MLflow's language has no way to write it
        return []
    keys = ("attributes.run_name", "tags.`dvc.experiment`", f"tags.`{KEY}`")
    found = [run for key in keys for run in _search(client, f"{key} = {quote}{meant}{quote}")]
    return list({run.info.run_id: run for run in found}.values())


def _of_commit(client: "MlflowClient", meant: str) -> "list[entities.Run]":
    """Give the run whose result a commit holds, else those that were made from it."""
    wanted = "rev-parse", "--verify", "--quiet", "--end-of-options", f"{meant}^{{commit}}"
    done = git(Path(), *wanted)
    if done.returncode:
        return []
    commit = done.stdout.strip()
    if key := _key_at(commit):
        return _by_key(client, key, meant)
    return _search(client, f"tags.`git.commit` = '{commit}'")


def _key_at(commit: str) -> str | None:
    """Read which run made the model of a commit, by its dvc.lock; None where none is recorded."""
    import dvc.api
    from dvc.exceptions import DvcException

    try:
        text = dvc.api.read(str(paths.RUN), rev=commit)
    except (DvcException, OSError):
        return None
    return str(json.loads(text)["run"])


def _by_key(client: "MlflowClient", key: str, meant: str) -> "list[entities.Run]":
    if found := _search(client, f"tags.`{KEY}` = '{key}'"):
        return found
    raise InputError(f"{meant} holds the model of run {key}, which the store lacks. {WAYS_BACK}")


def _search(client: "MlflowClient", question: str, most: int = 1000) -> "list[entities.Run]":
    experiments = [item.experiment_id for item in client.search_experiments()]
    return list(client.search_runs(experiments, question, max_results=most))


def _listed(runs: "Sequence[entities.Run]") -> str:
    lines = [f"\n  {_told(run)}" for run in runs[:SHOWN]]
    more = [f"\n  ... and {len(runs) - SHOWN} more"] if len(runs) > SHOWN else []
    return "".join([*lines, *more])


def _told(run: "entities.Run") -> str:
    start = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return f"{run.info.run_id}  {start:%Y-%m-%d %H:%M} UTC  {run.info.run_name}"


# The first that finds something decides.
WAYS: "Sequence[Callable[[MlflowClient, str], list[entities.Run]]]" = (
    _of_model,
    _of_workspace,
    _by_id,
    _by_name,
    _of_commit,
)
