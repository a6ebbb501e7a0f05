"""Render the drawings that come in on a connection, until it is closed; see `rendering`."""

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

import pipeline.report.figures.gallery  # noqa: F401  # while the stage computes what is drawn
from pipeline.report.figures.rendering import Drawing, Drawn, render


def attempt(drawing: Drawing) -> Drawn | None:
    """Render; None where that fails: the stage tries again itself, and tells what is wrong."""
    try:
        return render(drawing)
    except Exception:
        return None


def main() -> None:
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):  # the stage has ended
        while True:
            connection.send(attempt(connection.recv()))


if __name__ == "__main__":
    main()
