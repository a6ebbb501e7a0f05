"""Give every figure one sober look, readable in grey and with any colour vision, and save it.

Figures are plain `Figure` objects without pyplot: nothing global stays behind, and no display
is needed.
"""

import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

# Okabe & Ito's palette (2008), in an order that alternates in lightness; each colour has a
# marker of its own, so that a grey print tells the series apart.
INK, FAINT = "#222222", "#8c8c8c"
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#666666"
SERIES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "o"},
    {"color": ORANGE, "marker": "s"},
    {"color": GREEN, "marker": "^"},
    {"color": GREY, "marker": "x"},
    {"color": INK, "marker": "D", "markerfacecolor": "none"},
    {"color": FAINT, "marker": "v", "markerfacecolor": "none"},
)

_SETTINGS: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.size": 9,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "lines.markersize": 5.5,
    "text.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}
PANELS_A_ROW = 4
NAME_WIDTH = 20  # letters, which fill a panel


def styled() -> AbstractContextManager[None]:
    """Apply the look, whatever a matplotlibrc says, for as long as the context lasts."""
    return matplotlib.style.context(["default", _SETTINGS])


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of 150 dots an inch; the same figure gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with styled():
        # A PNG holds no date by itself; without the version of matplotlib it holds no text.
        figure.savefig(path, format="png", dpi=150, metadata={"Software": None})


def sheet(title: str, width: float, height: float) -> Figure:
    """Start a figure of so many inches under a title at its left edge."""
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", wspace=0.06, hspace=0.05)
    figure.suptitle(title, x=0.012, ha="left")
    return figure


def panels(title: str, names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Start a figure with one small square panel a name, four in a row."""
    across = min(PANELS_A_ROW, len(names))
    down = -(-len(names) // across)
    figure = sheet(title, max(5.6, 2.3 * across), 2.3 * down + 0.8)
    cells = list(figure.subplots(down, across, squeeze=False).flat)
    for spare in cells[len(names) :]:
        spare.remove()
    for axes, name in zip(cells, names, strict=False):
        axes.set_title(wrapped(name))
    return figure, cells[: len(names)]


def wrapped(name: str) -> str:
    """Break a long name into lines that fit beside an axis or above a panel."""
    return "\n".join(textwrap.wrap(name, NAME_WIDTH)) or name


def dots(axes: Axes, names: Sequence[str], series: Mapping[str, npt.ArrayLike]) -> None:
    """Mark one value in [0, 1] for each name (a row) and series (a marker); NaN has no mark."""
    rows = np.arange(len(names))
    gap = 0.7 / len(series)
    defined = np.zeros(len(names), dtype=bool)
    for i, (label, given) in enumerate(series.items()):
        values = np.asarray(given, dtype=np.float64)
        place = rows + (i - (len(series) - 1) / 2) * gap
        axes.plot(values, place, linestyle="none", label=label, clip_on=False, **look(i))
        defined |= np.isfinite(values)
    for row in rows[~defined]:
        axes.text(0.02, row, "undefined", color=FAINT, va="center", style="italic")
    axes.set_yticks(rows, [wrapped(name) for name in names])
    axes.set_yticks(rows[:-1] + 0.5, minor=True)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", which="both", length=0)
    axes.grid(visible=False, axis="y", which="major")
    axes.grid(visible=True, axis="y", which="minor")


def look(position: int) -> dict[str, Any]:
    """Return the colour and marker of the n-th series."""
    return SERIES[position % len(SERIES)]


def unit(axes: Axes, label: str) -> None:
    """Let the x axis span 0 to 1."""
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.set_xlabel(label)


def plain(axes: Axes, label: str) -> None:
    """Let the x axis span 0 to what is there, in few steps."""
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(label)


def percent(axes: Axes, label: str) -> None:
    """Label an x axis of shares in percent, from 0 to what is there."""
    plain(axes, label)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
