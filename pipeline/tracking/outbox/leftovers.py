"""Send what processes that are gone have left, and end the runs that they left running.

A journal that does not hold what was written is moved to `.local/damaged`, for people to look at;
its run ends, and the others' are not held up.
"""

import sys
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.tracking.outbox.courier import Courier, UnsentError
from pipeline.tracking.outbox.journal import DamagedError, Journal, all_journals, waiting
from pipeline.tracking.store.connection import journals_folder, local_folder

# Journals of trainings, and of evaluations, that have arrived; from them a lost store is filled.
KEPT = 20


@dataclass(frozen=True)
class Sent:
    """What became of a journal: how many of its entries had to be sent, and why they were not."""

    key: str
    waiting: int
    problem: str | None
    damaged: bool = False


def deliver_rest(own: str | None = None) -> list[Sent]:
    """Send what processes that are gone have left, the oldest first; close their runs.

    Stops where the store cannot be reached; what it refuses does not hold up the rest. `own` is
    the key of a journal that the caller sends itself.
    """
    results: list[Sent] = []
    for journal in all_journals(journals_folder()):
        if journal.key == own:
            continue
        courier = Courier(journal)
        try:
            result = _deliver(journal, courier)
        except DamagedError as error:
            result = _set_aside(journal, courier, str(error))
        if result:
            results.append(result)
            if result.problem and not courier.reached:
                break
    _forget_oldest()
    return results


def _deliver(journal: Journal, courier: Courier) -> Sent | None:
    if not _settle(journal) or not (left := waiting(journal)):
        return None
    if (lock := journal.send_lock()) is None:
        return None
    problem = None
    try:
        courier.send()
    except DamagedError:
        raise
    except (UnsentError, InputError) as error:
        problem = str(error)
    finally:
        lock.release()
    return Sent(journal.key, left, problem)


def _set_aside(journal: Journal, courier: Courier, why: str) -> Sent | None:
    """Move a damaged journal away and end its run; nothing where a living process has it."""
    if (lock := journal.send_lock()) is None:
        return None
    folder = local_folder() / "damaged"
    names = (f"{journal.key}{suffix}" for suffix in ("", *(f"-{i}" for i in range(1, 1000))))
    target = next(path for name in names if not (path := folder / name).exists())
    try:
        courier.abandon(f"Its journal is damaged and was set aside as {target.name}: {why}")
        folder.mkdir(exist_ok=True)
        journal.folder.rename(target)
    except (UnsentError, OSError) as error:
        return Sent(journal.key, 0, f"{why} It cannot be set aside yet: {error}", damaged=True)
    finally:
        lock.release()
    print(
        f"warning damaged: the journal of run {journal.key} is not what was written: {why} It was "
        f"moved to {target}; what had reached MLflow is kept there, and no other run is affected.",
        file=sys.stderr,
    )
    return Sent(journal.key, 0, None, damaged=True)


def _settle(journal: Journal) -> bool:
    """End the run of a process that is gone; false where it lives, or never began."""
    if not journal.claim():
        return False
    try:
        if not journal.count():
            return False
        journal.check()
        if not journal.ended:
            gone = "The process ended without a word: it was killed, or the machine stopped."
            journal.append("end", status="KILLED", error=gone)
    finally:
        journal.release()
    return True


def _forget_oldest() -> None:
    trainings: list[Journal] = []
    evaluations: list[Journal] = []
    for journal in all_journals(journals_folder()):
        try:
            begin = next(journal.entries(), None)
            if begin is None or not journal.ended or waiting(journal):
                continue
        except DamagedError:
            continue
        (trainings if begin["maker"] is None else evaluations).append(journal)
    for journal in trainings[:-KEPT] + evaluations[:-KEPT]:
        journal.remove()
