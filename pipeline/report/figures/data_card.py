"""Draw the data card: the data before training, as a table whose numbers stand on bars."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.data.action_units import SPLITS
from pipeline.data.warnings import count_codes
from pipeline.report.figures.style import BLUE, FAINT, VERMILION, rows_of, sheet, styled

LINE = 0.23  # inches of a row
LETTERS, LINE_LETTERS = 40, 115  # of a name, on two lines; of a note
WIDEST = 0.93  # of a column's width
ODD = ("dead", "rare", "saturated")


@dataclass(frozen=True)
class Cell:
    """A number as a bar with a text on it; `marked` where it needs a look."""

    value: float
    text: str
    marked: bool = False


@dataclass(frozen=True)
class Group:
    """Columns of cells under a head, one a split; all their bars are drawn to one scale.

    `top` is where a bar fills its column; None for the largest of the group.
    """

    head: str
    columns: Mapping[str, list[Cell]] = field(default_factory=dict)
    top: float | None = None

    @property
    def scale(self) -> float:
        """The value that fills a column."""
        cells = [cell.value for column in self.columns.values() for cell in column]
        return self.top or max(cells, default=0.0) or 1.0


def card_figure(card: Mapping[str, Any]) -> Figure:
    """Draw the card of `data_card.data_card`."""
    tables = [
        ("action unit", _in_order(card["aus"], "au"), _aus(card)),
        ("emotion", _in_order(card["labels"], "emotion"), _labels(card)),
    ]
    heights = [LINE * (len(names) + 3) for _, names, _ in tables]
    with styled():
        figure = sheet("The data, before training", 9.5, sum(heights) + 1.1)
        *panels, below = figure.subplots(3, 1, height_ratios=[*heights, 0.75])
        for axes, table in zip(panels, tables, strict=True):
            _draw(axes, *table)
        below.set_axis_off()
        below.text(0, 1, _notes(card), color=FAINT, va="top", size=8)
    return figure


def _aus(card: Mapping[str, Any]) -> list[Group]:
    expressed = _columns(card["aus"], lambda row: _share(row["expressed_share"], row["state"]))
    means = _columns(card["aus"], lambda row: _mean(row["mean"]))
    return [
        Group("expressed (share of frames)", expressed, 1.0),
        Group("mean", means),
        Group("differs from train", _columns(card["au_drift"], _difference), 1.0),
    ]


def _labels(card: Mapping[str, Any]) -> list[Group]:
    kept = [row for row in card["labels"] if row["split"] != "all"]

    def shares(key: str) -> dict[str, list[Cell]]:
        return _columns(kept, lambda row: _share(row[key] if row["frames"] else None))

    return [
        Group("label > 0.1 (share of frames)", shares("share_above_0_1"), 1.0),
        Group("label ≥ 0.5 (share of frames)", shares("share_at_least_0_5"), 1.0),
        Group("differs from train", _columns(card["label_drift"], _difference), 1.0),
    ]


def _columns(rows: Sequence[Mapping[str, Any]], cell: Any) -> dict[str, list[Cell]]:
    """Give the cells of each split that the rows have, in the order of the splits."""
    by_split = {split: [cell(row) for row in rows if row["split"] == split] for split in SPLITS}
    return {split: cells for split, cells in by_split.items() if cells}


def _in_order(rows: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def _share(share: float | None, state: str | None = None) -> Cell:
    if share is None:
        return Cell(0.0, "-")
    odd = state in ODD
    return Cell(share, f"{share:.1%}{f' {state}' if odd else ''}", odd)


def _mean(value: float | None) -> Cell:
    return Cell(0.0, "-") if value is None else Cell(value, f"{value:.2f}")


def _difference(row: Mapping[str, Any]) -> Cell:
    """Show a difference, which has no bar but is marked where random deals seldom give it."""
    beyond = bool(row["beyond_chance"])
    text = "-" if row["difference"] is None else f"{row['difference']:+z.2f}"
    return Cell(float(beyond), text, beyond)


def _draw(axes: Axes, title: str, names: Sequence[str], groups: Sequence[Group]) -> None:
    """Draw a table; a column is as wide as 1."""
    rows = rows_of(axes, [_short(name) for name in names])
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_ylabel(title)
    left = 0.0
    for group in groups:
        axes.text(left, -1.6, group.head, va="bottom", color=FAINT)
        for split, cells in group.columns.items():
            axes.text(left, -0.8, split, va="bottom")
            _bars(axes, left, rows, cells, group.scale)
            left += 1.0
        left += 0.15
    axes.set_xlim(0, left)


def _bars(axes: Axes, left: float, rows: Any, cells: Sequence[Cell], scale: float) -> None:
    colors = [VERMILION if cell.marked else BLUE for cell in cells]
    widths = [WIDEST * cell.value / scale for cell in cells]
    axes.barh(rows, widths, left=left, height=0.8, color=colors, alpha=0.35)
    for row, cell in zip(rows, cells, strict=True):
        weight = "bold" if cell.marked else "normal"
        axes.text(left + 0.03, row, cell.text, va="center", size=8, weight=weight)


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def _notes(card: Mapping[str, Any]) -> str:
    counts = "; ".join(
        f"{split} {', '.join(f'{number:,} {name}' for name, number in found.items())}"
        for split, found in card["splits"].items()
    )
    codes = count_codes(card["warnings"])
    told = ", ".join(f"{code} {count}" for code, count in codes.items()) or "none"
    lines = [
        f"{counts}.",
        "Bars of one head share a scale; shares fill their column at 100%. Differs: standard "
        "deviations between people, marked beyond what random deals of the same people give.",
        f"Warnings: {told}.",
    ]
    return "\n".join(line for text in lines for line in textwrap.wrap(text, LINE_LETTERS))
