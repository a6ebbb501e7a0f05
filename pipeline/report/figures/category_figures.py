"""Draw which categories are taken for which, and whose clips are understood."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.report.figures.style import BLUE, DEEPEST, FAINT, FILL, INK, cell, sheet, styled, unit

MOST_PEOPLE = 60  # more are not told by name: a row each would not fit on a screen
_LETTERS = 11  # of a name in one line


def confusion_matrix(counts: pd.DataFrame, what: str) -> Figure:
    """Draw a table of counts: a row for each category that is, a column for each that is named.

    A cell is filled by its share of the row, which is written into it with the count; `what` says
    what is counted.
    """
    names = ["\n".join(textwrap.wrap(str(name), _LETTERS)) for name in counts.index]
    cells = counts.to_numpy(dtype=np.float64)
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    with styled():
        figure = sheet(
            f"What is named what ({what})",
            max(4.6, 2.2 + 0.75 * len(names)),
            1.6 + 0.6 * len(names),
        )
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
        for (row, column), share in np.ndenumerate(shares):
            cell(axes, column, row, FILL, share * DEEPEST)
            if count := int(cells[row, column]):
                text = f"{share:.0%}\n{count:,}"
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color=INK)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("named by the network: share of the row, and count")
        axes.set_ylabel("said by people")
    return figure


def accuracy_by_subject(table: pd.DataFrame, mean: float, chance: float) -> Figure:
    """Draw the accuracy of `accuracy` for each `subject`, worst first, of `MOST_PEOPLE` at most.

    Lines mark the accuracy over all (`mean`) and that of guessing evenly (`chance`).
    """
    shown = table.head(MOST_PEOPLE)
    rows = np.arange(len(shown))
    rest = len(table) - len(shown)
    title = "Accuracy by person" + (f" (the {len(shown)} worst of {len(table)})" if rest else "")
    with styled():
        figure = sheet(title, 6, 1.3 + 0.22 * len(shown))
        axes = figure.subplots()
        axes.plot(shown["accuracy"], rows, "o", color=BLUE, ms=5, clip_on=False)
        axes.hlines(rows, 0, shown["accuracy"], color=BLUE, lw=1.2)
        axes.axvline(mean, color=INK, lw=1, ls="--", label=f"of all {mean:.3f}")
        axes.axvline(chance, color=FAINT, lw=1, ls=":", label=f"guessing evenly {chance:.3f}")
        axes.set_yticks(rows, [str(name) for name in shown["subject"]])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        unit(axes, "accuracy")
        figure.legend(loc="outside lower left", ncols=2)
    return figure
