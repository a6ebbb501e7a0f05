"""Keep the model's versions in MLflow's registry, and who of them is champion.

One fact decides: the alias `champion`. It is set by one write, after all that it stands for has
been written and before all that follows from it; what a killed process left out is mended by
`Registry.settle`, so that whoever comes next finds the registry whole.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.outbox.courier import KEY, find_run, open_store
from pipeline.tracking.outbox.entries import clean_tags
from pipeline.tracking.outbox.journal import all_journals
from pipeline.tracking.registry.versions import NONE, REPLACED, RULE, SINCE, Version, as_version
from pipeline.tracking.store.connection import (
    journals_folder,
    no_database,
    tracking_uri,
    without_password,
)
from pipeline.tracking.store.faults import failures
from pipeline.tracking.store.logged_model import model_of
from pipeline.tracking.store.run_references import WAYS_BACK

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
VERSIONS = "mlflow.modelVersions"
DESCRIPTION = """\
Probabilities of emotions from facial action units, one row a frame or clip. Load the champion with
`mlflow.pyfunc.load_model("models:/{name}@champion")`; columns go by name, values as OpenFace 2 or
py-feat wrote them for training.

- `champion`: the version that certainly gained on the one before, on the same test rows; the
  first on the constant
- `challenger`: the version judged last that did not become champion
- `previous`: the version that the champion replaced

Each version's own description says by which rules it was judged, its run from what it was made."""


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model; open it with `open_registry`."""

    client: "MlflowClient"
    experiment_id: str
    name: str

    def aliases(self) -> dict[str, str]:
        """Read which version each alias leads to; none where the model is not registered."""
        from mlflow.exceptions import MlflowException

        try:
            found = self.client.get_registered_model(self.name).aliases
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return {}
            raise
        return {alias: str(number) for alias, number in found.items()}

    def champion(self) -> Version | None:
        """Read the version that is champion."""
        number = self.aliases().get(CHAMPION)
        return self.version(number) if number else None

    def version(self, number: str) -> Version:
        """Read a version; raises `InputError` where there is none of this number."""
        from mlflow.exceptions import MlflowException

        try:
            return as_version(self.client.get_model_version(self.name, number))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            known = ", ".join(sorted((one.number for one in self.versions()), key=int))
            raise InputError(
                f"Model {self.name} has no version {number}; it has {known or 'none'}."
            ) from error

    def versions(self) -> list[Version]:
        """List all versions."""
        return [
            as_version(one) for one in self.client.search_model_versions(f"name = '{self.name}'")
        ]

    def version_of(self, key: str) -> Version | None:
        """Find the version that was made of a run, by the run's key."""
        return next((one for one in self.versions() if one.key == key), None)

    def register(self, key: str, tags: Mapping[str, str]) -> Version:
        """Find or make the version of the model that a run logged, and set its tags.

        Call it within `exclusive`. Raises `InputError` where the store lacks the run or its model.
        """
        if found := self.version_of(key):
            for name in {one for one in found.tags if one.startswith(RULE)} - tags.keys():
                self.client.delete_model_version_tag(self.name, found.number, name)
            self._link(found.model_id, int(found.number))
            return self.tag(found, tags)
        run = self.run(key)
        model_id = model_of(self.client, run)
        if model_id is None:
            raise InputError(
                f"Run {run} ({key}) has no logged model. Send what did not arrive with `python -m "
                "pipeline sync`, or train again: `dvc repro --force --single-item train`."
            )
        self._make_model()
        all_tags, source = clean_tags({KEY: key, **tags}), f"models:/{model_id}"
        made = self.client.create_model_version(
            self.name, source, run, tags=all_tags, model_id=model_id
        )
        self._link(model_id, int(made.version))
        return as_version(made)

    def run(self, key: str) -> str:
        """Find the id of a run by its key; raises `InputError` where the store lacks it."""
        if found := find_run(self.client, [self.experiment_id], key):
            return str(found.info.run_id)
        raise InputError(f"Run {key} is not in {without_password(tracking_uri())}. {WAYS_BACK}")

    def _link(self, model_id: str, number: int) -> None:
        """Name the version on the logged model's page, as `mlflow.register_model` does."""
        listed = self.client.get_logged_model(model_id).tags.get(VERSIONS, "[]")
        own = {"name": self.name, "version": number}
        if own not in (versions := json.loads(listed)):
            self.client.set_logged_model_tags(model_id, {VERSIONS: json.dumps([*versions, own])})

    def _make_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(
                self.name, description=DESCRIPTION.format(name=self.name)
            )
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        """Set tags of a version and give it with them."""
        clean = clean_tags(tags)
        for key, text in clean.items():
            self.client.set_model_version_tag(self.name, version.number, key, text)
        return Version(version.number, version.run_id, version.model_id, {**version.tags, **clean})

    def describe(self, version: Version, text: str) -> None:
        """Set the text that the version's page shows."""
        self.client.update_model_version(self.name, version.number, text)

    def challenge(self, version: Version) -> None:
        """Point the alias `challenger` at a version that was judged and did not become champion."""
        self.client.set_registered_model_alias(self.name, CHALLENGER, version.number)

    def crown(self, version: Version, before: Version | None) -> None:
        """Make a version champion in the place of `before`; call it within `exclusive`."""
        self.tag(version, {REPLACED: before.number if before else NONE})
        self.client.set_registered_model_alias(self.name, CHAMPION, version.number)
        self.settle()

    def restore(self, version: Version) -> None:
        """Make a version champion that was it before; call it within `exclusive`."""
        self.client.set_registered_model_alias(self.name, CHAMPION, version.number)
        self.settle()

    def settle(self) -> None:
        """Bring all that follows from the alias `champion` in line with it.

        `previous` leads to the version that the champion replaced, the champion knows since when
        it is one, and nobody is champion and challenger.
        """
        aliases = self.aliases()
        if not (number := aliases.get(CHAMPION)):
            return
        champion = self.version(number)
        if not champion.was_champion:
            self.tag(champion, {SINCE: now()})
        before = champion.tags.get(REPLACED, NONE)
        self._point(aliases, PREVIOUS, None if before == NONE else before)
        if aliases.get(CHALLENGER) == number:
            self._point(aliases, CHALLENGER, None)

    def _point(self, aliases: Mapping[str, str], alias: str, number: str | None) -> None:
        if aliases.get(alias) == number:
            return
        if number is None:
            self.client.delete_registered_model_alias(self.name, alias)
        else:
            self.client.set_registered_model_alias(self.name, alias, number)


@contextmanager
def open_registry(experiment: str, name: str) -> Iterator[Registry]:
    """Open the registry of the store in use, for runs of this experiment.

    Where the store fails within the block, raises `InputError`: what was to be done is whole or
    not done, and may simply be done again.
    """
    from pipeline.tracking.store.connection import load_mlflow

    load_mlflow()
    try:
        client, experiment_id = open_store(experiment)
        yield Registry(client, experiment_id, name)
    except failures() as error:
        raise InputError(
            without_password(f"MLflow store {tracking_uri()} failed: {error}\n")
            + "Start or mend it, or set MLFLOW_TRACKING_URI to another, and run this again: it "
            "goes on where it stopped."
        ) from error


def is_known(experiment: str, name: str, key: str) -> bool:
    """Tell whether the store has a run, or a journal on this machine can still bring it there."""
    if any(journal.key == key for journal in all_journals(journals_folder())):
        return True
    with open_registry(experiment, name) as registry:
        return find_run(registry.client, [registry.experiment_id], key) is not None


def champion_of(experiment: str, name: str) -> Version | None:
    """Read who is champion; nobody where there is no store yet."""
    if no_database():  # MLflow would make one, which takes seconds
        return None
    with open_registry(experiment, name) as registry:
        return registry.champion()


def now() -> str:
    """Give the time as a tag holds it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
