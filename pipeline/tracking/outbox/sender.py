"""Send a run's journal meanwhile, in a thread of its own."""

import sys
import threading
import time

from pipeline.errors import InputError
from pipeline.tracking.outbox.courier import Courier, UnsentError
from pipeline.tracking.outbox.journal import DamagedError, Journal, waiting
from pipeline.tracking.outbox.leftovers import deliver_rest

# Seconds after the first, second, ... failure in a row; before each try when the stage is over;
# between looks whether another process has ceased to send the journal.
_PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
_LAST_PAUSES = (0.0, 0.5, 2.0)
_LOOK_AGAIN = 0.2
_LAST = 60.0  # seconds after which no further try is begun when the stage is over


class Sender(threading.Thread):
    """Sends what the journal holds whenever it is told of something new.

    First it sends what earlier processes have left, so that runs arrive in their order. A store
    that cannot be reached is tried again, ever more rarely, and a few times more at the end.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(name="mlflow-sender", daemon=True)
        self.fault: InputError | None = None
        self.unsent: str | None = None
        self._journal = journal
        self._news = threading.Event()
        self._end = threading.Event()
        self._courier = Courier(journal)
        self._rest = True

    def hear(self) -> None:
        """Take note of a new entry; raise the `InputError` that makes going on pointless."""
        self._news.set()
        if self.fault:
            raise self.fault

    def finish(self, seconds: float | None = None) -> None:
        """Send the rest and stop; wait as long as that goes on, or so many seconds."""
        self._end.set()
        self._news.set()
        self.join(seconds)

    def close(self, seconds: float | None = None) -> None:
        """Finish; where something cannot arrive, say how it can later.

        Raises the store's `InputError`.
        """
        self.finish(seconds)
        if self.fault:
            raise self.fault
        warn_unsent(self._journal, self.unsent or f"not done within {seconds} seconds")

    def run(self) -> None:
        try:
            self._work()
        except InputError as error:
            self.fault = error
        except Exception as error:  # a thread's own traceback would reach nobody
            self.unsent = f"{type(error).__name__}: {error}"

    def _work(self) -> None:
        while (lock := self._journal.send_lock()) is None:
            if self._end.wait(_LOOK_AGAIN):
                return
        try:
            self._send_until_the_end()
        finally:
            lock.release()

    def _send_until_the_end(self) -> None:
        failed = 0
        while not self._over():
            failed = 0 if self._try() else failed + 1
            if failed:
                self._end.wait(_PAUSES[min(failed, len(_PAUSES)) - 1])
            else:
                self._news.wait()
        begun = time.monotonic()
        for pause in _LAST_PAUSES:
            time.sleep(pause)
            if self._try() or time.monotonic() - begun > _LAST:
                return

    def _over(self) -> bool:
        self._news.clear()  # before the look: an end that comes later is news again
        return self._end.is_set()

    def _try(self) -> bool:
        try:
            if self._rest:  # what does not arrive of others' does not hold this run up
                self._rest = any(one.problem for one in deliver_rest(self._journal.key))
            self._courier.send()
        except (UnsentError, DamagedError) as error:
            self.unsent = str(error)
            return False
        return True


def warn_unsent(journal: Journal, reason: str) -> None:
    """Say how what did not arrive can arrive later; nothing where all did."""
    if left := waiting(journal):
        print(
            f"warning unsent: {left} entries of run {journal.key} did not reach MLflow "
            f"({reason[:500]}). They are kept in {journal.folder}; the next stage sends them, or "
            "`python -m pipeline sync`.",
            file=sys.stderr,
        )
