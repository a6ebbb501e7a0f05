"""Lay a comparison of two models out as a page with its figure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.comparison.models import (
    BETTER,
    COMPARED,
    LEVEL,
    MACRO,
    NAMED,
    WORSE,
    Contender,
    bounds,
    headline,
    named_right,
    verdict,
)
from pipeline.evaluation.prediction_file import Predictions
from pipeline.evaluation.scoring.metric_names import LESS_IS_BETTER, label_of
from pipeline.report.figures.style import FAINT, dots, sheet, styled
from pipeline.report.pages.document import UNDEFINED, Items, Page, Picture, Section, Table

FIGURE = "differences"


def comparison_page(
    table: pd.DataFrame, first: Contender, second: Contender, confidence: float
) -> Page:
    """Return the page of `models.compare`'s table; its figure is that of `differences`."""
    primary = str(table["metric"].iloc[0])
    subject = first.predictions.subject
    about = (
        f"{len(subject):,} test rows of {len(np.unique(subject))} subjects, the same for both. "
        f"Differences are {second.name} minus {first.name}; intervals ({confidence:.0%}) come from "
        f"a paired bootstrap over subjects. `{BETTER}` or `{WORSE}` is {second.name}; `{LEVEL}`: "
        "the interval holds 0, or there is none."
    )
    named = Items([f"{side.name}: run `{side.run_id}`" for side in (first, second)])
    names = first.name, second.name
    if _equal(first.predictions, second.predictions):
        lead = [f"{second.name} and {first.name} predict the same numbers for every test row."]
    else:
        lead = [headline(table, names), verdict(table, names, confidence)]
        lead += [*named_right(table, names), *_emotions(table, primary, second.name)]
    by_emotion = [metric for metric in (*COMPARED, NAMED) if (table["metric"] == metric).any()]
    return Page(
        title=f"{second.name} against {first.name}",
        lead=lead,
        sections=[
            Section("Scores", [about, named, _scores(table, names, confidence), _picture(table)]),
            Section("By emotion", [_scores(table, names, confidence, of) for of in by_emotion]),
            Section("Parameters that differ", _params(first, second)),
        ],
    )


def differences(table: pd.DataFrame, first: str, second: str) -> Figure:
    """Draw each metric's difference with its interval, by emotion and on average."""
    names = list(dict.fromkeys(table["emotion"]))
    with styled():
        figure = sheet(f"{second} minus {first}", 9, 2 * (1.0 + 0.32 * len(names)) + 0.4)
        grid = figure.subplots(2, -(-len(COMPARED) // 2), sharey=True, squeeze=False)
        for axes, metric in zip(grid.flat, COMPARED, strict=False):
            rows = table[table["metric"] == metric].set_index("emotion").loc[names]
            spans = {"difference": (rows["low"], rows["high"])}
            axes.axvline(0, color=FAINT, lw=1, ls=":")
            dots(axes, names, {"difference": rows["difference"]}, spans)
            axes.locator_params(axis="x", nbins=5)
            axes.set_xlabel(
                f"{label_of(metric)} ({'less' if metric in LESS_IS_BETTER else 'more'} is better)"
            )
    return figure


def _picture(table: pd.DataFrame) -> Picture:
    macro = table[table["emotion"] == MACRO]
    told = "; ".join(
        f"{label_of(row['metric'])} {row['difference']:+.3f}, {bounds(row)}"
        for _, row in macro.iterrows()
    )
    return Picture(
        FIGURE,
        "Differences with their intervals; where a line crosses the dotted 0, chance may be enough",
        f"Differences of the two runs by metric and emotion. On average over emotions: {told}.",
        "",
    )


def _equal(first: Predictions, second: Predictions) -> bool:
    pairs = ((getattr(p, name) for p in (first, second)) for name in ("predicted", "thresholds"))
    return all(np.array_equal(*pair) for pair in pairs)


def _emotions(table: pd.DataFrame, metric: str, second: str) -> list[str]:
    """Say for which emotions the second model is certainly better or worse."""
    rows = table[(table["metric"] == metric) & (table["emotion"] != MACRO)]
    told = [
        f"{kind} for {', '.join(found['emotion'])}" for kind, found in rows.groupby("second_is")
    ]
    return [f"By emotion ({label_of(metric)}), {second} is {'; '.join(told)}."]


def _scores(
    table: pd.DataFrame, names: tuple[str, str], confidence: float, metric: str | None = None
) -> Table:
    """Show the macro averages of all metrics, or all emotions of one."""
    if metric is None:
        rows, caption, of = table[table["emotion"] == MACRO], "Macro averages", "metric"
        heads = [label_of(name) for name in rows["metric"]]
    else:
        rows = table[(table["metric"] == metric) & (table["emotion"] != MACRO)]
        heads, caption, of = list(rows["emotion"]), label_of(metric), "emotion"
    interval = f"{confidence:.0%} interval"
    return Table(
        caption,
        [of, *names, "difference", interval, "result"],
        [[head, *_cells(row)] for head, (_, row) in zip(heads, rows.iterrows(), strict=True)],
    )


def _cells(row: "pd.Series[float]") -> Sequence[object]:
    return [
        float(row["first"]),
        float(row["second"]),
        UNDEFINED if np.isnan(row["difference"]) else f"{row['difference']:+.3f}",
        bounds(row),
        str(row["second_is"]),
    ]


def _params(first: Contender, second: Contender) -> list[str | Table]:
    keys = sorted({*first.params, *second.params})
    pairs = [
        (key, *(side.params.get(key, "not recorded") for side in (first, second))) for key in keys
    ]
    rows = [pair for pair in pairs if pair[1] != pair[2]]
    if not rows:
        return ["Both runs have the same parameters."]
    return [Table("Recorded values", ["parameter", first.name, second.name], rows)]
