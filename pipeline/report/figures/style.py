"""Give every figure one sober look, readable in grey and with any colour vision, and save it.

Figures are plain `Figure` objects without pyplot: nothing global stays behind, and no display
is needed.
"""

import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib.style
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

# Okabe & Ito's palette (2008), in an order that alternates in lightness; each colour has a
# marker and a line of its own, so that a grey print tells the series apart. Every colour of a
# figure is one of these: `pictures` exchanges them for those of a dark page.
INK, FAINT, GRID, PAPER = "#222222", "#6f6f6f", "#e6e6e6", "#ffffff"
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#666666"
VERMILION, PINK, SKY, BROWN = "#d55e00", "#cc79a7", "#56b4e9", "#7a5c00"
FILL, WARM = "#0073b3", "#d55f01"  # of cells, so light at `DEEPEST` that ink on it is read
DEEPEST = 0.7
SERIES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "o", "dashes": ()},
    {"color": ORANGE, "marker": "s", "dashes": (4, 1.5)},
    {"color": GREEN, "marker": "^", "dashes": (1, 1)},
    {"color": GREY, "marker": "x", "dashes": (6, 1.5, 1, 1.5)},
    {"color": PINK, "marker": "D", "dashes": (2, 2), "markerfacecolor": "none"},
    {"color": INK, "marker": "v", "dashes": (8, 2), "markerfacecolor": "none"},
    {"color": VERMILION, "marker": "P", "dashes": (3, 1, 1, 1, 1, 1)},
    {"color": SKY, "marker": "*", "dashes": (1, 3)},
    {"color": BROWN, "marker": "<", "dashes": (5, 3, 2, 3), "markerfacecolor": "none"},
)

_SETTINGS: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.facecolor": PAPER,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.size": 9,
    "grid.color": GRID,
    "legend.frameon": False,
    "lines.markersize": 5.5,
    "svg.fonttype": "path",  # as drawn, whatever fonts the reader has
    "svg.hashsalt": "au-emotion",  # ids in the file are the same each time
    "text.color": INK,
    "text.parse_math": False,  # names are shown as written, a dollar sign too
    "xtick.color": INK,
    "xtick.labelsize": 8,
    "ytick.color": INK,
    "ytick.labelsize": 8,
}
PANELS_A_ROW = 4
NAME_WIDTH = 20  # letters, which fill a panel


def styled() -> AbstractContextManager[None]:
    """Apply the look, whatever a matplotlibrc says, for as long as the context lasts."""
    return matplotlib.style.context(["default", _SETTINGS])


def sheet(title: str, width: float, height: float) -> Figure:
    """Start a figure of so many inches under a title at its left edge."""
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", wspace=0.06, hspace=0.05)
    figure.suptitle(title, x=0.012, ha="left")
    return figure


def panels(title: str, names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Start a figure with one small square panel a name, four in a row; names may have lines."""
    across = min(PANELS_A_ROW, len(names))
    down = -(-len(names) // across)
    figure = sheet(title, max(5.6, 2.3 * across), 2.3 * down + 0.8)
    cells = list(figure.subplots(down, across, squeeze=False).flat)
    for spare in cells[len(names) :]:
        spare.remove()
    for axes, name in zip(cells, names, strict=False):
        axes.set_title("\n".join(map(wrapped, name.split("\n"))))
    return figure, cells[: len(names)]


def wrapped(name: str) -> str:
    """Break a long name into lines that fit beside an axis or above a panel."""
    return "\n".join(textwrap.wrap(name, NAME_WIDTH)) or name


def rows_of(axes: Axes, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Lay out one row a name, from the top, with a line between two; return their places."""
    rows = np.arange(len(names))
    axes.set_yticks(rows, [wrapped(name) for name in names])
    axes.set_yticks(rows[:-1] + 0.5, minor=True)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", which="both", length=0)
    axes.grid(visible=False, axis="y", which="major")
    axes.grid(visible=True, axis="y", which="minor")
    return rows


def dots(
    axes: Axes,
    names: Sequence[str],
    series: Mapping[str, npt.ArrayLike],
    spans: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
) -> None:
    """Mark one value for each name (a row) and series (a marker); NaN has no mark.

    `spans` holds low and high bounds of a series, drawn as a line through its mark.
    """
    rows = rows_of(axes, names)
    gap = 0.7 / len(series)
    defined = np.zeros(len(names), dtype=bool)
    for i, (label, given) in enumerate(series.items()):
        values = np.asarray(given, dtype=np.float64)
        place = rows + (i - (len(series) - 1) / 2) * gap
        if spans and label in spans:
            low, high = spans[label]
            axes.hlines(place, low, high, color=mark(i)["color"], lw=1.4, clip_on=False)
        axes.plot(values, place, linestyle="none", label=label, clip_on=False, **mark(i))
        defined |= np.isfinite(values)
    for row in rows[~defined]:
        axes.text(0.02, row, "undefined", color=FAINT, va="center", style="italic")


def mark(position: int) -> dict[str, Any]:
    """Return the colour and marker of the n-th series."""
    return {key: value for key, value in _series(position).items() if key != "dashes"}


def line(position: int) -> dict[str, Any]:
    """Return the colour and dashes of the n-th series."""
    own = _series(position)
    return {"color": own["color"], "linestyle": (0, own["dashes"]) if own["dashes"] else "-"}


def _series(position: int) -> dict[str, Any]:
    return SERIES[position % len(SERIES)]


def unit(axes: Axes, label: str) -> None:
    """Let the x axis span 0 to 1."""
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.set_xlabel(label)


def cell(axes: Axes, x: int, y: int, color: str, alpha: float) -> None:
    """Fill the square around a point of a grid."""
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=color, alpha=alpha, lw=0))


def plain(axes: Axes, label: str) -> None:
    """Let the x axis span 0 to what is there, in few steps."""
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(label)


def percent(axes: Axes, label: str) -> None:
    """Label an x axis of shares in percent, from 0 to what is there."""
    plain(axes, label)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
