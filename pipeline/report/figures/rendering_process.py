"""Render the drawings that come in on a connection, until it is closed; see `rendering`."""

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from pipeline.report.figures import (  # while the stage computes what is drawn
    au_grids,  # noqa: F401
    category_figures,  # noqa: F401
    clip_timeline,  # noqa: F401
    data_card,  # noqa: F401
    emotion_panels,  # noqa: F401
    files,  # noqa: F401
    overviews,  # noqa: F401
)
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
