"""Let one process at a time change who is champion.

MLflow's store has no transactions that span two calls, and setting an alias is a blind write: of
two that decide at once, the later one would win over a champion that it was never compared with.
So a change is made in turns, and who gets a turn looks first whether the champion is still the one
that was judged.

On a SQLite store the turn is a lock of the operating system, which ends with its process: exactly
one has it. On a server it is a registered model of a reserved name, `<model>-turn`, which exists
while somebody changes something: its name is a unique key of the server's database, so that of
many who make it one succeeds. A holder that died is passed over once the same turn was seen for
`PATIENCE` seconds, by this process' own clock. Who was slow enough to be passed over finds, before
its decisive write, that the turn is another's, and gives up. What is left open: a process that
stands still for `PATIENCE` seconds between that look and its write; it finds out after the write.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.store.connection import SQLITE, artifacts_beside, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

PATIENCE = 60.0  # seconds; a turn takes about one
_LOOK_AGAIN = 0.3
_HOLDER = "holder"
# It is there; or it was, and its holder ended it while the server looked up what is in the way.
_ANOTHERS = ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST")

Check = Callable[[], None]


@contextmanager
def exclusive(client: "MlflowClient", model: str) -> Iterator[Check]:
    """Wait for the turn and hold it for the block.

    Gives a function that raises `InputError` where the turn was lost meanwhile: call it before
    the decisive write and after it.
    """
    if tracking_uri().startswith(SQLITE):
        from filelock import FileLock

        name = re.sub(r"[^\w-]", "_", model)
        with FileLock(artifacts_beside(tracking_uri()) / f".{name}.turn"):
            yield lambda: None
        return
    turn = _Turn(client, f"{model}-turn", uuid.uuid4().hex)
    turn.take()
    try:
        yield turn.check
    finally:
        turn.end()


class _Turn:
    """A registered model that exists as long as its holder has the turn."""

    def __init__(self, client: "MlflowClient", name: str, token: str) -> None:
        self._client = client
        self._name = name
        self._token = token

    def take(self) -> None:
        """Wait until it is ours."""
        seen, since = "", time.monotonic()
        while not self._make():
            holder = self.holder()
            if holder != seen:
                seen, since = holder, time.monotonic()
            elif holder and time.monotonic() - since > PATIENCE:
                self._remove(holder)
            time.sleep(_LOOK_AGAIN)

    def check(self) -> None:
        """Raise `InputError` where another has it."""
        if self.holder() != self._token:
            raise InputError(
                f"Another process changes who is champion (this one was silent for over "
                f"{PATIENCE:g} seconds). Run this again: it judges against today's champion."
            )

    def end(self) -> None:
        """Give it up, if it still is ours."""
        self._remove(self._token)

    def holder(self) -> str:
        """Read the token of who has it; "" where nobody does."""
        from mlflow.exceptions import MlflowException

        try:
            return str(self._client.get_registered_model(self._name).tags.get(_HOLDER, ""))
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return ""
            raise

    def _make(self) -> bool:
        from mlflow.exceptions import MlflowException

        note = "Exists while a process changes who is champion; delete it if none runs."
        try:
            self._client.create_registered_model(self._name, {_HOLDER: self._token}, note)
        except MlflowException as error:
            # The answer to our own making may have been lost.
            if error.error_code not in _ANOTHERS and self.holder() != self._token:
                raise
            return self.holder() == self._token
        return True

    def _remove(self, token: str) -> None:
        from mlflow.exceptions import MlflowException

        with suppress(MlflowException):  # another may have been quicker, or will wait it out
            if self.holder() == token:
                self._client.delete_registered_model(self._name)
