"""Draw the data card as SVG, before training and without a plotting library.

A second of start-up would double what the label stage takes, and a picture that hung on the
figures' code would have a model trained anew where a colour changes there.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from pipeline.data.units import SPLITS
from pipeline.data.warning import count_codes

NAMES, CELL, GAP, LINE = 150, 84, 24, 20  # widths of names, cells and gaps; height of a row
LETTERS, LINE_LETTERS = 20, 115  # fit beside the cells, and in a whole line
WIDTH = NAMES + 2 * (len(SPLITS) * CELL + GAP) + (len(SPLITS) - 1) * CELL + GAP
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.n{text-anchor:end}.h{font-weight:bold}"
    ".f{fill:#666}.b{fill:#b3d4ea}.w{fill:#f6c3ab}.bg{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.f{fill:#aaa}.b{fill:#2b5f80}"
    ".w{fill:#84482f}.bg{fill:#1b1b1b}}"
)

# A share in 0-1 to draw as a bar, the text on it, whether it is stressed.
Cell = tuple[float, str, bool]
# A name, and the cells of each group of columns.
Row = tuple[str, Sequence[Sequence[Cell]]]


def card_figure(card: Mapping[str, Any]) -> str:
    """Draw the card of `card.data_card`; the same card gives the same text."""
    sheet = _Sheet()
    sheet.text(0, "The data, before training", "h")
    for split, counts in card["splits"].items():
        told = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        sheet.text(0, f"{split}: {told}")
    heads = ("expressed (share of frames)", "mean", "differs from train")
    sheet.table("action unit", heads, _aus(card))
    heads = ("label > 0.1 (share of frames)", "label ≥ 0.5", "differs from train")
    sheet.table("emotion", heads, _labels(card))
    note = (
        "differs: standard deviations between people; stressed where it exceeds what random deals "
        "of the same people give"
    )
    sheet.text(0, note, "f")
    codes = count_codes(card["warnings"])
    told = ", ".join(f"{code} {count}" for code, count in codes.items()) or "none"
    for line in textwrap.wrap(f"warnings: {told}", LINE_LETTERS):
        sheet.text(0, line, "h")
    return sheet.page()


def _aus(card: Mapping[str, Any]) -> list[Row]:
    drift = _by(card["au_drift"], "name")
    rows: list[Row] = []
    for name, found in _by(card["aus"], "au").items():
        expressed = [_share(row["expressed_share"], row["state"]) for row in found]
        top = max([row["mean"] or 0.0 for row in found]) or 1.0
        means = [(0.8 * (row["mean"] or 0.0) / top, _plain(row["mean"]), False) for row in found]
        rows.append((name, [expressed, means, _drift(drift[name])]))
    return rows


def _labels(card: Mapping[str, Any]) -> list[Row]:
    drift = _by(card["label_drift"], "name")
    kept = [row for row in card["labels"] if row["split"] != "all"]
    rows: list[Row] = []
    for name, found in _by(kept, "emotion").items():
        shares = [
            [_share(row[key] if row["frames"] else None, "ok") for row in found]
            for key in ("share_above_0_1", "share_at_least_0_5")
        ]
        rows.append((name, [*shares, _drift(drift[name])]))
    return rows


def _by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _share(share: float | None, state: str | None) -> Cell:
    if share is None:
        return 0.0, "-", False
    odd = state in ("dead", "rare", "saturated")
    return share, f"{share:.1%}{f' {state}' if odd else ''}", odd


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _drift(rows: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """Draw the difference of val and of test from train."""
    cells: list[Cell] = []
    for row in rows:
        difference, beyond = row["difference"], bool(row["beyond_chance"])
        text = "-" if difference is None else f"{difference:+.2f}"
        cells.append((1.0 if beyond else 0.0, text, beyond))
    return cells


class _Sheet:
    """Lines from top to bottom."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._y = LINE

    def text(self, x: float, text: str, kind: str = "") -> None:
        """Write a line of its own."""
        self._write(x, text, kind)
        self._y += LINE

    def table(self, title: str, heads: Sequence[str], rows: Sequence[Row]) -> None:
        """Draw rows with one group of columns under each head: a column a split, the last ones."""
        self._y += LINE // 2
        for group, head in enumerate(heads):
            self._write(_left(group), head, "f")
        self._y += LINE
        self._write(0, title, "h")
        for group, cells in enumerate(rows[0][1]):
            for column, split in enumerate(SPLITS[-len(cells) :]):
                self._write(_left(group) + column * CELL, split, "h")
        self._y += LINE
        for name, groups in rows:
            self._write(0, name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…")
            for group, cells in enumerate(groups):
                for column, cell in enumerate(cells):
                    self._cell(_left(group) + column * CELL, cell)
            self._y += LINE
        self._y += LINE // 2

    def _cell(self, x: float, cell: Cell) -> None:
        share, text, stressed = cell
        width, kind = share * (CELL - 6), "w" if stressed else "b"
        if width:
            self._parts.append(
                f'<rect class="{kind}" x="{x + 10:g}" y="{self._y - 14}" width="{width:.1f}" '
                f'height="{LINE - 3}"/>'
            )
        self._write(x, text, "h" if stressed else "")

    def _write(self, x: float, text: str, kind: str = "") -> None:
        style = f' class="{kind}"' if kind else ""
        self._parts.append(f'<text x="{x + 12:g}" y="{self._y}"{style}>{escape(text)}</text>')

    def page(self) -> str:
        """Close the sheet."""
        size = f'width="{WIDTH}" height="{self._y}" viewBox="0 0 {WIDTH} {self._y}"'
        opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        title = "<title>Data card: splits, action units, labels and warnings</title>"
        ground = '<rect class="bg" width="100%" height="100%"/>'
        parts = [opening, title, f"<style>{_STYLE}</style>", ground, *self._parts, "</svg>"]
        return "\n".join(parts) + "\n"


def _left(group: int) -> float:
    return NAMES + group * (GAP + len(SPLITS) * CELL)
