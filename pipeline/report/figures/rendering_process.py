"""Render the drawings that come in on a connection, until it is closed; see `rendering`."""

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

import pipeline.report.figures.gallery  # noqa: F401  # while the stage computes what is drawn
from pipeline.report.figures.rendering import render


def main() -> None:
    asked = Connection(int(sys.argv[1]))
    with suppress(EOFError, BrokenPipeError):
        while True:
            drawing = asked.recv()
            try:
                asked.send(render(drawing))
            except BrokenPipeError:
                raise
            except Exception as error:  # told by the stage
                asked.send(error)


if __name__ == "__main__":
    main()
