"""Draw a challenger beside the champion: their scores, and what is certain of the change."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.comparison.paired import Change
from pipeline.evaluation.scoring.metric_names import label_of
from pipeline.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    dots,
    sheet,
    styled,
    unit,
    wrapped,
)

MEAN = "mean"


def scores(changes: Sequence[Change], metric: str, old: str = "champion") -> Figure:
    """Draw the metric of both models, by emotion and on average; undefined ones have no mark."""
    own = _of(changes, metric)
    with styled():
        figure = sheet(f"The challenger beside the {old}", 6, _height(own))
        axes = figure.subplots()
        series = {
            "challenger": np.array([found.second for found in own]),
            old: np.array([found.first for found in own]),
        }
        dots(axes, _names(own), series)
        unit(axes, label_of(metric))
        figure.legend(loc="outside lower left", ncols=2)
    return figure


def changes(found: Sequence[Change], metric: str, tolerance: float) -> Figure:
    """Draw the interval of each change; filled where it excludes 0, `tolerance` as a line."""
    own = _of(found, metric)
    rows = np.arange(len(own))
    with styled():
        figure = sheet("What is certain of the change", 6, _height(own))
        axes = figure.subplots()
        axes.axvline(0, color=INK, lw=1)
        axes.axvline(-tolerance, color=ORANGE, lw=1, ls="--", label=f"tolerance -{tolerance:g}")
        for row, one in zip(rows, own, strict=True):
            certain = one.change.low > 0 or one.change.high < 0
            axes.plot([one.change.low, one.change.high], [row, row], color=BLUE, lw=1.5)
            axes.plot(one.change.point, row, "o", color=BLUE, mfc=BLUE if certain else "white")
            if one.change.reason:
                axes.text(0.02, row - 0.2, "no interval", color=FAINT, style="italic", fontsize=7)
        axes.set_yticks(rows, [wrapped(name) for name in _names(own)])
        axes.set_ylim(len(own) - 0.5, -0.5)
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(f"change of {label_of(metric)} (filled: certain)")
        figure.legend(loc="outside lower left")
    return figure


def _of(changes: Sequence[Change], metric: str) -> list[Change]:
    return [found for found in changes if found.metric == metric]


def _names(changes: Sequence[Change]) -> list[str]:
    return [found.emotion or MEAN for found in changes]


def _height(changes: Sequence[Change]) -> float:
    return 1.3 + 0.36 * len(changes)
