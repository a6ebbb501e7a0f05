"""Mend the MLflow store after the repository was moved or copied: its artifact paths."""

from collections import Counter
from pathlib import Path

from pipeline.errors import InputError
from pipeline.tracking.store import relocation
from pipeline.tracking.store.connection import SQLITE, tracking_uri, without_password


def run() -> None:
    """Change what must be changed, and print it."""
    for line in describe(_database(tracking_uri())):
        print(line)


def describe(database: Path) -> list[str]:
    """Mend a database, and say in lines what was changed and what leads nowhere."""
    moves = relocation.mend(database)
    now = database.absolute().parent / relocation.ARTIFACTS
    counted = Counter((move.stored.table, move.stored.column, move.root) for move in moves)
    lines = [
        f"{table}.{column}: {count} of {root / relocation.ARTIFACTS}"
        for (table, column, root), count in counted.items()
    ]
    if moves:
        lines.append(f"changed {len(moves)} paths in {database}; they lead to {now}")
    else:
        lines.append(f"nothing to change in {database}")
    lost = [stored for stored in relocation.read(database) if _lost(stored)]
    lines += [f"leads nowhere, left as it is: {s.table}.{s.column} {s.text}" for s in lost]
    return lines


def _lost(stored: relocation.Stored) -> bool:
    # The folder of an experiment is made by its first run.
    return stored.table != "experiments" and not stored.path.exists()


def _database(uri: str) -> Path:
    if not uri.startswith(SQLITE):
        raise InputError(
            f"The MLflow store is {without_password(uri)}. Only a SQLite store holds paths of its "
            "own files: set MLFLOW_TRACKING_URI to sqlite:///<path>, or unset it for mlflow.db in "
            "the repository."
        )
    database = Path(uri.removeprefix(SQLITE))
    if not database.is_file():
        raise InputError(
            f"{database} is not there. Run this in the repository that holds mlflow.db, or set "
            "MLFLOW_TRACKING_URI to sqlite:///<path>."
        )
    return database
