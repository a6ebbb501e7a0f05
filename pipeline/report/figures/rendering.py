"""Render figures in a process of their own, which begins while the stage still computes."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Self

from joblib import cpu_count

if TYPE_CHECKING:  # a stage need not wait for what its process loads
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn, its caption, and in words what it shows."""

    draw: "Callable[[], Figure]"
    caption: str
    words: str


@dataclass(frozen=True)
class Drawn:
    """A drawing with its files: an `<svg>` element (see `files.svg`) and a PNG."""

    caption: str
    words: str
    svg: str
    png: bytes


def render(drawing: Drawing) -> Drawn:
    """Draw a figure and both its files."""
    from pipeline.report.figures.files import png, svg

    figure = drawing.draw()
    return Drawn(drawing.caption, drawing.words, svg(figure), png(figure))


class Renderer:
    """Renders in a process beside this one; at last this one takes what is not begun there.

    Where there is one core alone, all is drawn here at last.
    """

    def __init__(self) -> None:
        self._drawings: dict[str, Drawing] = {}
        self._queued: dict[str, Future[Drawn | None]] = {}
        self._queue = ThreadPoolExecutor(1)  # a drawing at a time goes to the process and back
        self._process = self._start() if cpu_count() > 1 else None

    def _start(self) -> "subprocess.Popen[bytes]":
        # A process of multiprocessing or joblib would import the stage again, or outlive it.
        self._connection, there = Pipe()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pipeline.report.figures.rendering_process",
                str(there.fileno()),
            ],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=[there.fileno()],
            start_new_session=True,  # Ctrl-C is for the stage, which then ends this one
        )
        there.close()
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._queue.shutdown(cancel_futures=True)
        if self._process:
            self._connection.close()

    def begin(self, drawings: Mapping[str, Drawing]) -> None:
        """Queue figures by name; the process beside renders one after the other."""
        self._drawings.update(drawings)
        if self._process:
            for name, drawing in drawings.items():
                self._queued[name] = self._queue.submit(self._ask, drawing)

    def _ask(self, drawing: Drawing) -> Drawn | None:
        try:
            self._connection.send(drawing)
            drawn: Drawn | None = self._connection.recv()
        except (EOFError, OSError):  # that process has ended
            return None
        return drawn

    def finish(self) -> dict[str, Drawn]:
        """Give each figure by name, in the order in which they were queued.

        What could not be drawn beside is drawn here, so that whatever is wrong is raised here.
        """
        here = {
            name: render(self._drawings[name])
            for name in reversed(self._drawings)  # the other process takes the first ones
            if name not in self._queued or self._queued[name].cancel()
        }
        return {
            name: here.get(name) or self._queued[name].result() or render(drawing)
            for name, drawing in self._drawings.items()
        }
