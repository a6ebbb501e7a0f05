"""Send to MLflow what earlier stages could not."""

from pipeline.errors import InputError
from pipeline.tracking.outbox.leftovers import deliver_rest
from pipeline.tracking.store.connection import tracking_uri, without_password


def run() -> None:
    """Send the journals of runs whose process has ended, and end runs that were left running.

    Raises `InputError` where something could not be sent; it is kept.
    """
    store = without_password(tracking_uri())
    results = deliver_rest()
    for sent in results:
        state = f"not sent: {sent.problem}" if sent.problem else "sent"
        print(f"run {sent.key}: {'damaged' if sent.damaged else f'{sent.waiting} entries {state}'}")
    if failed := [sent for sent in results if sent.problem]:
        raise InputError(
            f"{store} did not take {len(failed)} of {len(results)} runs. Start or mend the server, "
            "or set MLFLOW_TRACKING_URI to another store, and run this command again."
        )
    damaged = sum(sent.damaged for sent in results)
    every = f"{store} has every run" + (
        f" but {damaged} whose journal is damaged" if damaged else ""
    )
    print(every if results else f"nothing to send: {every}")
