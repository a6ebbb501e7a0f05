"""Make an empty store for a run that is not to be kept."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.tracking.store.connection import SQLITE

SEEDED = ("alembic_version", "workspaces")  # what MLflow itself writes into a new database


def scratch_store(folder: Path, like: str) -> str:
    """Name an empty SQLite store in a folder, with the tables of the store `like`.

    MLflow makes its tables in about 7 seconds, migration by migration; copied from a SQLite
    store that has them they are there at once. Of a store of another kind MLflow makes them.
    """
    new = folder / "mlflow.db"
    if like.startswith(SQLITE):
        address = f"{Path(like.removeprefix(SQLITE)).absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as old,
            closing(sqlite3.connect(new)) as db,
        ):
            _copy_tables(old, db)
    return f"{SQLITE}{new}"


def _copy_tables(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    made = old.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "ORDER BY type <> 'table'"  # indexes need their tables
    ).fetchall()
    for (sql,) in made:
        new.execute(sql)
    for table in SEEDED:
        for row in old.execute(f"SELECT * FROM {table}"):  # noqa: S608 (a name of our own)
            places = ", ".join("?" for _ in row)
            new.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608
    new.commit()
