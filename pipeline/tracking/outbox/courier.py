"""Send journals to the MLflow store, each entry once and in order; again after any trouble.

What is sent is noted after it has arrived. A sender that is killed in between sends it again,
which leaves no trace: see `pipeline.tracking.outbox.entries`. What the store refuses for good is
noted as well and passed over, see `pipeline.tracking.outbox.refusal`.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.tracking.outbox import refusal
from pipeline.tracking.outbox.entries import Remote, clean_tags, param_text
from pipeline.tracking.outbox.journal import DamagedError, Entry, Journal, waiting
from pipeline.tracking.store.connection import (
    connect,
    journals_folder,
    no_database,
    open_client,
    tracking_uri,
    without_password,
)
from pipeline.tracking.store.faults import failures

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

KEY = "pipeline.run"
PARENT = "mlflow.parentRunId"
_METRICS_AT_ONCE = 50  # entries


class UnsentError(Exception):
    """The store cannot be reached, or refused an entry; the journal keeps it."""


class Courier:
    """Sends one journal to the store in use, from where an earlier courier left off.

    What arrived in another store counts for nothing: that store may be gone.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._client: MlflowClient | None = None
        self._experiment_id = ""
        self.reached = False  # whether the store answered when it was last asked

    def send(self) -> None:
        """Send what has not arrived, whether or not the run goes on.

        Raises `UnsentError` where the store cannot take it now, `DamagedError` where the journal
        does not hold what was written, `InputError` where somebody has to mend the store first.
        """
        try:
            self._send()
        except failures() as error:
            self._client = None
            raise UnsentError(without_password(f"{type(error).__name__}: {error}")) from error

    def _send(self) -> None:
        begin = next(self._journal.entries(), None)
        if begin is None:
            return
        store, sent = without_password(tracking_uri()), self._journal.sent
        self.reached = self._client is not None
        if self._client is None:
            self._client, self._experiment_id = open_store(begin["experiment"])
            if not has_run(self._client, sent.get("run_id")):
                sent = {}  # the database was deleted
            self.reached = True
        if sent.get("store") != store:
            run_id = _begin(self._client, self._experiment_id, self._journal.key, begin)
            sent = {"store": store, "count": 1, "run_id": run_id, "refused": {}}
            sent["experiment_id"] = self._experiment_id
            self._journal.note_sent(sent)
        remote = Remote(sent["run_id"], self._client, self._journal)
        for batch in _batches(self._journal.entries(sent["count"])):
            new = dict(refusal.write(remote, batch))
            if new.keys() - sent["refused"].keys():
                sent["refused"] |= new
                refusal.tell(remote, sent["refused"], new)
            sent["count"] += len(batch)
            self._journal.note_sent(sent)

    def abandon(self, why: str) -> None:
        """End the run of a damaged journal on the store, if it has begun and not ended there."""
        try:
            self._abandon(why)
        except failures() as error:
            raise UnsentError(without_password(f"{type(error).__name__}: {error}")) from error

    def _abandon(self, why: str) -> None:
        self.reached = False
        if no_database():
            return
        client = open_client()
        experiments = [item.experiment_id for item in client.search_experiments()]
        run = find_run(client, experiments, self._journal.key)
        self.reached = True
        if run and run.info.status == "RUNNING":
            Remote(run.info.run_id, client, self._journal).end("KILLED", why)


def has_run(client: "MlflowClient", run_id: str | None) -> bool:
    """Ask the store whether it has a run that was not deleted."""
    from mlflow.exceptions import MlflowException

    try:
        return run_id is not None and client.get_run(run_id).info.lifecycle_stage == "active"
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return False
        raise


def open_store(experiment: str) -> "tuple[MlflowClient, str]":
    """Connect to the store, see `store.connection.connect`; return the experiment's id."""
    experiment_id = connect(experiment)
    return open_client(), experiment_id


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Put metrics that stand in a row together: one call for many epochs."""
    for kind, some in groupby(entries, key=lambda entry: entry["kind"]):
        waiting = list(some)
        size = _METRICS_AT_ONCE if kind == "metrics" else 1
        for start in range(0, len(waiting), size):
            yield waiting[start : start + size]


def _begin(client: "MlflowClient", experiment_id: str, key: str, begin: Entry) -> str:
    """Find the run of a journal, or make it; return its id."""
    if found := find_run(client, [experiment_id], key):
        return str(found.info.run_id)
    tags, name = begin["tags"] | {KEY: key}, begin["name"]
    if begin["maker"]:
        nested = "nested" in begin  # below a run that may be open, and never the same one
        run = find_run(client, [experiment_id], begin["maker"]) if nested else None
        run = run or _maker(client, experiment_id, begin["maker"])
        if run is None:
            tags["source_run"] = begin["maker"]
        elif nested:
            tags[PARENT] = run.info.run_id
        elif _agree(run.data.params, begin["params"]):
            client.update_run(run.info.run_id, status="RUNNING")
            return str(run.info.run_id)
        else:
            tags[PARENT], name = run.info.run_id, _name_anew(run.info.run_name, tags)
    made = client.create_run(experiment_id, begin["time"], clean_tags(tags), name)
    return str(made.info.run_id)


def _name_anew(name: str, tags: Mapping[str, str]) -> str:
    """Name another evaluation of a run's model, with the DVC experiment that asked for it."""
    experiment = tags.get("dvc.experiment")
    return f"{name} evaluated anew" + (f" ({experiment})" if experiment else "")


def find_run(client: "MlflowClient", experiments: Sequence[str], key: str) -> "entities.Run | None":
    """Look a run up by its key in these experiments; None where there is none or it was deleted."""
    if "'" in key:
        return None  # not of our making, and it cannot be asked for
    found = client.search_runs([*experiments], f"tags.`{KEY}` = '{key}'", max_results=1)
    return found[0] if found else None


def _maker(client: "MlflowClient", experiment_id: str, key: str) -> "entities.Run | None":
    """Find the run that made a model, whole: what its journal still holds is sent before.

    Where the store has lost it, that is all. Raises `UnsentError` where it cannot be sent now.
    """
    found = find_run(client, [experiment_id], key)
    journal = Journal(journals_folder() / key)
    if not journal.folder.is_dir() or (found and not waiting(journal)):
        return found
    if (lock := journal.send_lock()) is None:
        raise UnsentError(f"another process sends run {key}, which made the model")
    try:
        if not found:
            journal.note_sent({})
        Courier(journal).send()
    except DamagedError:
        return None  # it is set aside when its turn comes
    finally:
        lock.release()
    return find_run(client, [experiment_id], key)


def _agree(stored: dict[str, str], params: dict[str, str]) -> bool:
    return all(stored.get(key, text) == text for key, text in map(_stored, params.items()))


def _stored(item: tuple[str, str]) -> tuple[str, str]:
    return item[0], param_text(item[1])
