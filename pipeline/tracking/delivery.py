"""Send journals to the MLflow store, each entry once and in order; again after any trouble.

What is sent is noted after it has arrived. A sender that is killed in between sends it again,
which leaves no trace: see `pipeline.tracking.remote`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.journal import Entry, Journal, all_journals
from pipeline.tracking.remote import Remote, clean_tags, param_text
from pipeline.tracking.store import (
    connect,
    failures,
    journals_folder,
    tracking_uri,
    without_password,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient, entities

KEY = "pipeline.run"
PARENT = "mlflow.parentRunId"
KEPT = 20  # journals of runs that have arrived; from them a lost store can be filled again
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

    def send(self) -> None:
        """Send what has not arrived, whether or not the run goes on.

        Raises `UnsentError` where the store cannot take it now, `InputError` where somebody has
        to mend it first.
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
        if self._client is None:
            self._client = client_of(begin["experiment"])
        store, sent = tracking_uri(), self._journal.sent
        if sent.get("store") != store or not sent.get("run_id"):
            sent = {
                "store": store,
                "count": 1,
                "run_id": _begin(self._client, self._journal.key, begin),
            }
            self._journal.note_sent(sent)
        remote = Remote(sent["run_id"], self._client, self._journal.folder)
        for batch in _batches(self._journal.entries(sent["count"])):
            remote.write(batch)
            sent["count"] += len(batch)
            self._journal.note_sent(sent)


def client_of(experiment: str) -> "MlflowClient":
    """Connect to the store; see `pipeline.tracking.store.connect`."""
    connect(experiment)
    from mlflow import MlflowClient

    return MlflowClient()


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Put metrics that stand in a row together: one call for many epochs."""
    for kind, some in groupby(entries, key=lambda entry: entry["kind"]):
        waiting = list(some)
        size = _METRICS_AT_ONCE if kind == "metrics" else 1
        for start in range(0, len(waiting), size):
            yield waiting[start : start + size]


def _begin(client: "MlflowClient", key: str, begin: Entry) -> str:
    """Find the run of a journal, or make it; return its id."""
    experiment_id = connect(begin["experiment"])
    if found := find_run(client, experiment_id, key):
        return str(found.info.run_id)
    tags, name = begin["tags"] | {KEY: key}, begin["name"]
    if begin["maker"]:
        run = _maker(client, experiment_id, begin["maker"])
        if run is None:
            tags["source_run"] = begin["maker"]
        elif _agree(run.data.params, begin["params"]):
            client.update_run(run.info.run_id, status="RUNNING")
            return str(run.info.run_id)
        else:
            tags[PARENT], name = run.info.run_id, f"{run.info.run_name} evaluated anew"
    made = client.create_run(experiment_id, begin["time"], clean_tags(tags), name)
    return str(made.info.run_id)


def find_run(client: "MlflowClient", experiment_id: str, key: str) -> "entities.Run | None":
    """Look a run up by its key; None where the store has none or it was deleted."""
    found = client.search_runs([experiment_id], f"tags.`{KEY}` = '{key}'", max_results=1)
    return found[0] if found else None


def _maker(client: "MlflowClient", experiment_id: str, key: str) -> "entities.Run | None":
    """Find the run that made a model; where the store has lost it, send its journal again."""
    found = find_run(client, experiment_id, key)
    journal = Journal(journals_folder() / key)
    if found or not journal.folder.is_dir():
        return found
    journal.note_sent({})
    Courier(journal).send()
    return find_run(client, experiment_id, key)


def _agree(stored: dict[str, str], params: dict[str, str]) -> bool:
    return all(stored.get(key, text) == text for key, text in map(_stored, params.items()))


def _stored(item: tuple[str, str]) -> tuple[str, str]:
    return item[0], param_text(item[1])


@dataclass(frozen=True)
class Sent:
    """What became of a journal: how many of its entries had to be sent, and why they were not."""

    key: str
    waiting: int
    problem: str | None


def waiting(journal: Journal) -> int:
    """Count the entries that have not arrived."""
    written = sum(1 for _ in journal.entries())
    return max(written - int(journal.sent.get("count", 0)), 0)


def deliver_rest(own: str | None = None) -> list[Sent]:
    """Send what processes that are gone have left, the oldest first; close their runs.

    Stops at the first journal that the store cannot take. `own` is the key of a journal that the
    caller sends itself.
    """
    results: list[Sent] = []
    for journal in all_journals(journals_folder()):
        if journal.key == own or not _settle(journal):
            continue
        if not (count := waiting(journal)) or (lock := journal.send_lock()) is None:
            continue
        try:
            Courier(journal).send()
            results.append(Sent(journal.key, count, None))
        except (UnsentError, InputError) as error:
            results.append(Sent(journal.key, count, str(error)))
            break
        finally:
            lock.release()
    _forget_oldest()
    return results


def _settle(journal: Journal) -> bool:
    """End the run of a process that is gone; false where it lives, or never began."""
    if not any(True for _ in journal.entries()) or not journal.claim():
        return False
    if not journal.ended:
        gone = "The process ended without a word: it was killed, or the machine stopped."
        journal.append("end", status="KILLED", error=gone)
    journal.release()
    return True


def _forget_oldest() -> None:
    arrived = [
        journal
        for journal in all_journals(journals_folder())
        if journal.ended and not waiting(journal)
    ]
    for journal in arrived[:-KEPT]:
        journal.remove()
