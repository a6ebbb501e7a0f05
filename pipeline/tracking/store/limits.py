"""Let each call of a client end within a time, whatever the server does.

MLflow limits how long a read may wait for the next byte; a server that gives one byte a second
keeps that limit for hours. The call that was given up goes on in a thread which nobody waits for:
what it still brings about is what sending again finds there.
"""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from mlflow import MlflowClient

Result = TypeVar("Result")

CALL = 45.0  # seconds for a call
DOWNLOAD = 600.0  # seconds for one whose answer may be large
SLOWEST = 50_000  # bytes a second that an upload may count on


def limited(client: "MlflowClient") -> "MlflowClient":
    """Give a client whose calls raise `TimeoutError` where they take too long."""
    return cast("MlflowClient", _Limited(client))


def within(seconds: float, what: str, call: Callable[[], Result]) -> Result:
    """Give what the call gives; raises `TimeoutError` where that takes longer."""
    done: Future[Result] = Future()

    def work() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    context = contextvars.copy_context()
    Thread(target=context.run, args=(work,), name=f"mlflow-{what}", daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():
            raise
        raise TimeoutError(f"{what}: no whole answer within {seconds:g} seconds") from None


class _Limited:
    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*args: Any, **options: Any) -> Any:
            return within(_patience(name, args), name, lambda: method(*args, **options))

        return call


def _patience(name: str, args: tuple[Any, ...]) -> float:
    if name.startswith("download"):
        return DOWNLOAD
    if not name.endswith(("artifact", "artifacts")) or not name.startswith("log"):
        return CALL
    path = Path(args[1])
    files = path.rglob("*") if path.is_dir() else [path]
    return CALL + sum(file.stat().st_size for file in files) / SLOWEST
