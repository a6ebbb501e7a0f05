"""Send what processes that are gone have left, and end the runs that they left running."""

from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.tracking.outbox.courier import Courier, UnsentError
from pipeline.tracking.outbox.journal import Journal, all_journals
from pipeline.tracking.store.connection import journals_folder

# Journals of trainings, and of evaluations, that have arrived; from them a lost store is filled.
KEPT = 20


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

    Stops where the store cannot be reached; what it refuses does not hold up the rest. `own` is
    the key of a journal that the caller sends itself.
    """
    results: list[Sent] = []
    for journal in all_journals(journals_folder()):
        if journal.key == own or not _settle(journal):
            continue
        if not (count := waiting(journal)) or (lock := journal.send_lock()) is None:
            continue
        courier, problem = Courier(journal), None
        try:
            courier.send()
        except (UnsentError, InputError) as error:
            problem = str(error)
        finally:
            lock.release()
        results.append(Sent(journal.key, count, problem))
        if problem and not courier.reached:
            break
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
    evaluations = [journal for journal in arrived if _of_evaluation(journal)]
    trainings = [journal for journal in arrived if not _of_evaluation(journal)]
    for journal in trainings[:-KEPT] + evaluations[:-KEPT]:
        journal.remove()


def _of_evaluation(journal: Journal) -> bool:
    return next(journal.entries())["maker"] is not None
