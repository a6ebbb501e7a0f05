"""Mend the store's paths after its folder was moved or copied.

MLflow keeps absolute paths of artifacts in its SQLite database. At another place they lead
nowhere, and the UI shows runs without artifacts in silence; in a copy they lead to the original.
Without mlflow, so that it costs next to nothing where nothing is to be done.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import InputError

# Every column of MLflow 3.17 and 3.18 that may hold a path, and which rows do.
COLUMNS = (
    ("experiments", "artifact_location", ""),
    ("runs", "artifact_uri", ""),
    ("logged_models", "artifact_location", ""),
    ("model_versions", "source", ""),
    ("model_versions", "storage_location", ""),
    ("workspaces", "default_artifact_root", ""),
    ("workspaces", "trace_archival_location", ""),
    ("trace_tags", "value", "key = 'mlflow.artifactLocation' AND "),
)
ARTIFACTS = "mlruns"  # the folder beside the database, see `store`
WAIT = 30  # seconds, for another process to end its writing


@dataclass(frozen=True)
class Stored:
    """A local path in the database that does not lie beside it."""

    table: str
    column: str
    row: int
    text: str

    @property
    def path(self) -> Path:
        """The path, of a `file:` address as well."""
        address = self.text.startswith("file:")
        return Path(unquote(urlsplit(self.text).path) if address else self.text)


@dataclass(frozen=True)
class Move:
    """A stored path, and where its files lie now."""

    stored: Stored
    root: Path  # the folder that held the store
    new: Path

    @property
    def text(self) -> str:
        """The new path, written as the old one was."""
        return self.new.as_uri() if self.stored.text.startswith("file:") else str(self.new)


def mend(database: Path) -> list[Move]:
    """Mend the paths of a store, and give what was changed.

    A path is changed where its files lie in the `mlruns` beside the database. One without files
    anywhere follows those that lay beside it. Raises `InputError` where the database cannot be
    read or written, `TimeoutError` where another process holds it; without a database there is
    nothing to do.
    """
    if not database.is_file():
        return []
    try:
        if not _moves(database, read(database)):  # without a lock: others may be writing
            return []
        with closing(sqlite3.connect(database, timeout=WAIT, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # closed before COMMIT: nothing is changed
            moves = _moves(database, _read(connection, database))
            for move in moves:
                _write(connection, move)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise TimeoutError(f"{database}: {error} by another process") from error
        raise InputError(
            f"{database}: {error}. A SQLite database of MLflow that can be read and written is "
            "needed: end what is using it, or see to its permissions."
        ) from error
    return moves


def read(database: Path) -> list[Stored]:
    """List the local paths in a database that do not lie beside it."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        return _read(opened, database)


def _read(connection: sqlite3.Connection, database: Path) -> list[Stored]:
    beside = database.absolute().parent / ARTIFACTS
    prefixes = (f"{beside.as_uri()}/", f"{beside}/")
    present = {
        (table, column)
        for table in dict.fromkeys(table for table, _, _ in COLUMNS)
        for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    }
    return [
        Stored(table, column, row, text)
        for table, column, rows in COLUMNS
        if (table, column) in present  # other versions of MLflow have other tables
        for row, text in connection.execute(
            f"SELECT rowid, {column} FROM {table} WHERE {rows}"  # noqa: S608 (names of our own)
            f"(substr({column}, 1, 1) = '/' OR substr({column}, 1, 6) = 'file:/') "
            f"AND substr({column}, 1, ?) <> ? AND substr({column}, 1, ?) <> ?",
            [part for prefix in prefixes for part in (len(prefix), prefix)],
        )
    ]


def _moves(database: Path, found: list[Stored]) -> list[Move]:
    """Find the stored paths whose files lie beside the database, and those that go with them."""
    root = database.absolute().parent
    possible = [list(_candidates(stored, root)) for stored in found]
    there = [[move for move in moves if move.new.exists()] for moves in possible]
    # An experiment without a run has no folder yet; its first run would make one at the old place.
    proved = {move.root for moves in there for move in moves}
    moved = []
    for stored, sure, moves in zip(found, there, possible, strict=True):
        follows = [move for move in moves if move.root in proved and not stored.path.exists()]
        moved += (sure or follows)[:1]
    return moved


def _candidates(stored: Stored, root: Path) -> Iterator[Move]:
    parts = stored.path.parts
    for index, part in enumerate(parts):
        new = root.joinpath(*parts[index:])
        if part == ARTIFACTS and not _same(new, stored.path):
            yield Move(stored, Path(*parts[:index]), new)


def _same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one place, such as through a link."""
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def _write(connection: sqlite3.Connection, move: Move) -> None:
    stored = move.stored
    connection.execute(
        f"UPDATE {stored.table} SET {stored.column} = ? WHERE rowid = ?",  # noqa: S608
        (move.text, stored.row),
    )
