"""Show what `drift` found: as a page, as plain data, and as a figure of every subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.data.card.profile import Profile
from pipeline.drift.shift_test import Drift, DriftBounds, subject_means
from pipeline.report.figures.style import BLUE, ORANGE, sheet, styled
from pipeline.report.pages.document import Page, Picture, Section, Table

NAME = "subjects"
FIGURE = f"{NAME}.png"
OUTCOMES = {
    "no drift": "No drift was found.",
    "drift": "Drift: the new data lies otherwise than training data; the model's scores say little "
    "about it.",
    "unknown": "It cannot be told whether the new data drifted.",
}
KINDS = (("AU", "Action units"), ("prediction", "Predictions"))
_COLUMNS = {
    "item": "item",
    "drift": "",
    "training": "mean in training",
    "new": "mean in new data",
    "psi": "PSI",
    "ks": "KS",
    "outside": "frames outside",
    "p": "p",
    "noticed_from": "noticed from",
}


@dataclass(frozen=True)
class Comparison:
    """What was compared by which bounds; `quarantined` new rows took no part."""

    data: str
    reference: str
    quarantined: int
    bounds: DriftBounds
    drift: Drift


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Lay the comparison out for JSON; what is undefined becomes null."""
    drift, bounds = comparison.drift, comparison.bounds
    rows = drift.items.astype(object).where(drift.items.notna(), None).to_dict("records")
    return {
        "outcome": drift.outcome,
        "reasons": drift.reasons,
        "data": comparison.data,
        "reference": comparison.reference,
        "subjects": dict(zip(("training", "new"), drift.subjects, strict=True)),
        "frames": dict(zip(("training", "new"), drift.frames, strict=True)),
        "rows_quarantined": comparison.quarantined,
        "level": bounds.level,
        "psi": bounds.psi,
        "permutations": bounds.permutations,
        "items": rows,
    }


def headlines(drift: Drift) -> list[str]:
    """Say the outcome, why, and how small a shift of an action unit would have been noticed."""
    aus = drift.items[drift.items["kind"] == "AU"] if len(drift.items) else drift.items
    lines = [OUTCOMES[drift.outcome], *drift.reasons]
    if len(aus) and aus["noticed_from"].notna().all():
        ranked = aus.sort_values("noticed_from")
        least, most = ranked.iloc[0], ranked.iloc[-1]
        lines.append(
            f"With {drift.subjects[1]} new subjects beside {drift.subjects[0]}, a shift would be "
            f"noticed in half of the cases from {least['noticed_from']:.2f} ({least['item']}) to "
            f"{most['noticed_from']:.2f} ({most['item']}) on; more subjects show smaller ones."
        )
    return lines


def drift_page(comparison: Comparison) -> Page:
    """Return the page: the outcome first, then why, the figure and the numbers."""
    drift = comparison.drift
    training, new = (
        f"{subjects} subjects and {frames} frames"
        for subjects, frames in zip(drift.subjects, drift.frames, strict=True)
    )
    numbers = [_table(drift.items, *kind) for kind in KINDS] if len(drift.items) else []
    return Page(
        title=f"{comparison.data} against the training data of {comparison.reference}",
        about=[f"{new} beside {training} of training; {comparison.quarantined} rows quarantined."],
        lead=headlines(drift),
        sections=[
            Section("Each subject", [_picture(drift)] if numbers else []),
            Section("Numbers", [*numbers, _explained(comparison.bounds)] if numbers else []),
        ],
    )


def _picture(drift: Drift) -> Picture:
    found = ", ".join(drift.items.loc[drift.items["drift"], "item"]) or "none"
    return Picture(
        NAME,
        "Each subject's mean of each action unit and emotion",
        f"Means of training and new subjects side by side. Drifted: {found}.",
        FIGURE,
    )


def _table(items: pd.DataFrame, kind: str, title: str) -> Table:
    shown = items[items["kind"] == kind]
    shown = shown.assign(drift=shown["drift"].map({True: "drift", False: ""}))
    rows = shown[list(_COLUMNS)].to_numpy().tolist()
    return Table(title, list(_COLUMNS.values()), [list(map(_tiny, row)) for row in rows])


def _tiny(value: object) -> object:
    return "<0.001" if isinstance(value, float) and 0 < value < 0.001 else value


def _explained(bounds: DriftBounds) -> str:
    return (
        f"Drift: p at most {bounds.level} and PSI at least {bounds.psi}. p is the share of "
        f"{bounds.permutations} random deals of the subjects to both groups in which any item "
        "differs as much, so it holds for all items together. Each subject counts the same in "
        "means, PSI (population stability index) and KS (Kolmogorov-Smirnov statistic). *Frames "
        "outside* lie beyond what any training frame reached. A shift of the whole item by "
        "*noticed from* would be found in about half of the cases, a larger one more often, a "
        "smaller one seldom: more subjects make it smaller. PSI and KS alone say nothing where "
        "subjects are few, for chance makes them large."
    )


def figure(training: Profile, new: Profile, drift: Drift) -> Figure:
    """Draw each subject's mean of each item, training beside new data; drift is marked."""
    kinds = [drift.items["kind"] == kind for kind in ("AU", "prediction")]
    height = 1.6 + 0.3 * max(kind.sum() for kind in kinds)
    with styled():
        drawn = sheet("Each subject's mean: training and new data", 9, height)
        panels = list(drawn.subplots(1, 2, squeeze=False).flat)
        for axes, kind, label in zip(
            panels, kinds, ("intensity or presence", "prediction (0-1)"), strict=True
        ):
            rows = np.flatnonzero(kind)
            words = [_name(row) for row in drift.items[kind].to_dict("records")]
            _strip(axes, words, subject_means(training)[:, rows], subject_means(new)[:, rows])
            axes.set_xlabel(f"mean {label}")
        drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return drawn


def _name(row: Mapping[Any, Any]) -> str:
    return f"{row['item']} ▸ drift" if row["drift"] else str(row["item"])


def _strip(axes: Axes, names: Sequence[str], training: Any, new: Any) -> None:
    rows = np.arange(len(names))
    groups = ((training, -0.16, BLUE, "o", "training"), (new, 0.16, ORANGE, "s", "new data"))
    for values, shift, color, marker, label in groups:
        place = np.broadcast_to(rows + shift, values.shape)
        faint = max(0.15, min(0.8, 10 / len(values)))
        look: dict[str, Any] = {"color": color, "marker": marker, "ls": "none", "ms": 4}
        axes.plot(values.ravel(), place.ravel(), alpha=faint, mec="none", **look)
        axes.plot([], [], label=f"{label} ({len(values)} subjects)", **look)
        mean = values.mean(axis=0)
        axes.vlines(mean, rows + shift - 0.15, rows + shift + 0.15, color=color, lw=2)
    axes.set_yticks(rows, list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
