"""Send a run's journal while the stage works, in a thread of its own."""

import sys
import threading

from pipeline.errors import InputError
from pipeline.tracking.delivery import Courier, UnsentError, deliver_rest, waiting
from pipeline.tracking.journal import Journal

_PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds after the first, second, ... failure in a row
_SENDER_LOCK = 0.2  # seconds between looks whether another process has ceased to send it


class Sender(threading.Thread):
    """Sends what the journal holds whenever it is told of something new.

    First it sends what earlier processes have left, so that runs arrive in their order. A store
    that cannot be reached is tried again, ever more rarely, and once more at the end.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(name="mlflow-sender", daemon=True)
        self._journal = journal
        self._news = threading.Event()
        self._end = threading.Event()
        self._fault: InputError | None = None
        self._unsent: str | None = None

    def hear(self) -> None:
        """Take note of a new entry; raise the `InputError` that makes going on pointless."""
        self._news.set()
        if self._fault:
            raise self._fault

    def close(self, seconds: float | None = None) -> None:
        """Send the rest and stop; where it cannot arrive, say how it can later.

        Waits as long as sending goes on, or so many seconds. Raises the store's `InputError`.
        """
        self._end.set()
        self._news.set()
        self.join(seconds)
        if self._fault:
            raise self._fault
        if left := waiting(self._journal):
            reason = self._unsent or f"not done within {seconds} seconds"
            print(
                f"warning unsent: {left} entries of run {self._journal.key} did not reach MLflow "
                f"({reason[:500]}). They are kept in {self._journal.folder}; the next stage sends "
                "them, or `python -m pipeline sync`.",
                file=sys.stderr,
            )

    def run(self) -> None:
        try:
            self._work()
        except InputError as error:
            self._fault = error
        except Exception as error:  # a thread's own traceback would reach nobody
            self._unsent = f"{type(error).__name__}: {error}"

    def _work(self) -> None:
        while (lock := self._journal.send_lock()) is None:
            if self._end.wait(_SENDER_LOCK):
                return
        with lock:
            failed, rest, courier = 0, True, Courier(self._journal)
            while True:
                closing = self._end.is_set()  # what is logged before that goes with this round
                self._news.clear()
                try:
                    # What is left of others does not hold this run up.
                    rest = rest and any(one.problem for one in deliver_rest(self._journal.key))
                    courier.send()
                    failed, self._unsent = 0, None
                except UnsentError as error:
                    failed, self._unsent = failed + 1, str(error)
                if closing:
                    return
                if failed:
                    self._end.wait(_PAUSES[min(failed, len(_PAUSES)) - 1])
                else:
                    self._news.wait()
