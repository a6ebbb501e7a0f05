"""Draw what the model makes of each action unit (rows) for each emotion (columns).

Both figures take the tables of `explaining`, share their layout, and box the action units that an
emotion's rule has.
"""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.report.figures.style import BLUE, DEEPEST, FILL, INK, WARM, cell, sheet, styled

_LETTERS = 12  # a column's width


def importance_map(table: pd.DataFrame) -> Figure:
    """Draw the table of `importance.importance`: darker cells cost more when they are shuffled."""
    emotions, columns = _names(table)
    most = table["importance"].abs().max()
    note = "bold: certain (interval above 0); box: the emotion's rule has this action unit"
    with styled():
        figure, axes = _grid(
            "Importance: rise of the loss (1/1000 nat) when shuffled", emotions, columns, note
        )
        for row in table.to_dict("records"):
            x, y = emotions.index(row["emotion"]), columns.index(row["column"])
            share = abs(row["importance"]) / most if most > 0 else 0.0
            cell(axes, x, y, FILL if row["importance"] >= 0 else WARM, share * DEEPEST)
            weight = "bold" if row["low"] > 0 else "normal"
            text = f"{1000 * row['importance']:.0f}".replace("-0", "0")
            axes.text(x, y, text, ha="center", va="center", fontsize=8, fontweight=weight)
            if row["prototype"] is True:
                _box(axes, x, y)
    return figure


def response_curves(table: pd.DataFrame, importance: pd.DataFrame) -> Figure:
    """Draw the table of `importance.response`: each cell a curve of probability, 0 to 1 upwards."""
    emotions, columns = _names(table)
    note = "in each cell: the action unit from none to most, the probability from 0 (bottom) to 1"
    with styled():
        figure, axes = _grid(
            "What the network predicts while one action unit rises", emotions, columns, note
        )
        curves = []
        for (emotion, column), curve in table.groupby(["emotion", "column"], sort=False):
            x, y = emotions.index(str(emotion)), columns.index(str(column))
            across = curve["value"] / max(curve["value"].max(), 1e-9)
            curves.append(
                np.column_stack([x - 0.4 + 0.8 * across, y + 0.4 - 0.8 * curve["predicted"]])
            )
        axes.add_collection(LineCollection(curves, colors=BLUE, linewidths=1.4))
        for row in importance[importance["prototype"].eq(True)].to_dict("records"):
            _box(axes, emotions.index(row["emotion"]), columns.index(row["column"]))
    return figure


def _names(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(table["emotion"])), list(dict.fromkeys(table["column"]))


def _grid(
    title: str, emotions: Sequence[str], columns: Sequence[str], note: str
) -> tuple[Figure, Axes]:
    figure = sheet(title, max(6.0, 1.1 + 0.95 * len(emotions)), 1.6 + 0.3 * len(columns))
    axes = figure.subplots()
    axes.set(xlim=(-0.5, len(emotions) - 0.5), ylim=(len(columns) - 0.5, -0.5))
    names = ["\n".join(textwrap.wrap(name, _LETTERS)) for name in emotions]
    axes.set_xticks(range(len(emotions)), names)
    axes.set_yticks(range(len(columns)), columns)
    axes.set_xticks(np.arange(1, len(emotions)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(columns)) - 0.5, minor=True)
    axes.grid(visible=False, which="major")
    axes.grid(visible=True, which="minor")
    axes.tick_params(which="both", length=0, top=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(note, fontsize=8)
    return figure, axes


def _box(axes: Axes, x: int, y: int) -> None:
    axes.add_patch(Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, fill=False, ec=INK, lw=1.1))
