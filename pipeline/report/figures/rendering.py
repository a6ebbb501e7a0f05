"""Render figures in a process of their own, which begins while the stage still computes."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Self

from joblib import cpu_count
from joblib.externals.loky.process_executor import ProcessPoolExecutor

if TYPE_CHECKING:  # a stage need not wait for what its process loads
    from matplotlib.figure import Figure

_FIGURES = "pipeline.report.figures.gallery"


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
    """Renders what it is given in a process beside this one; at last this one helps.

    joblib's processes, unlike Python's own, do not import the stage anew. Where there is one core
    alone, all is drawn here at last.
    """

    def __init__(self) -> None:
        self._beside = ProcessPoolExecutor(max_workers=1) if cpu_count() > 1 else None
        self._drawings: dict[str, Drawing] = {}
        self._begun: dict[str, Future[Drawn]] = {}
        if self._beside:
            self._beside.submit(import_module, _FIGURES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._beside:
            self._beside.shutdown(kill_workers=True)

    def begin(self, drawings: Mapping[str, Drawing]) -> None:
        """Render figures by name, each after those that were begun before."""
        self._drawings.update(drawings)
        if self._beside:
            for name, drawing in drawings.items():
                self._begun[name] = self._beside.submit(render, drawing)

    def finish(self) -> dict[str, Drawn]:
        """Give each figure by name, in the order in which they were begun."""
        here = {
            name: render(self._drawings[name])
            for name in reversed(self._drawings)  # the other process takes the first ones
            if not self._beside or self._begun[name].cancel()
        }
        return {
            name: here[name] if name in here else self._begun[name].result()
            for name in self._drawings
        }
