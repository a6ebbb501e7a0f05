"""Lay a study of folds out as a page with its figure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.evaluation.resampling.intervals import Interval
from pipeline.evaluation.scoring.metric_names import label_of
from pipeline.report.figures.style import FAINT, dots, sheet, styled
from pipeline.report.pages.document import Items, Page, Picture, Section, Table, bounded
from pipeline.settings.schema import Params
from studies.folds.asking import BY_VALIDATION
from studies.folds.tables import MACRO
from studies.frames import Whole
from studies.recording import asked_of
from studies.scores import sign_of
from studies.settings import FoldsParams

FIGURE = "folds"


@dataclass(frozen=True)
class Found:
    """All that the page tells; tables are those of `tables`, `kind` what people are scored by."""

    study: FoldsParams
    settings: Params
    whole: Whole
    scores: pd.DataFrame
    subjects: pd.DataFrame
    kind: str

    @property
    def primary(self) -> str:
        """The metric by which models are compared."""
        return self.settings.evaluate.primary

    @property
    def confidence(self) -> float:
        """The share of intervals that are to hold the truth."""
        return self.settings.evaluate.confidence

    def of(self, metric: str, emotion: str = MACRO) -> pd.DataFrame:
        """Take the rows of a metric."""
        table = self.scores
        return table[(table["metric"] == metric) & (table["emotion"] == emotion)]


def folds_page(found: Found) -> Page:
    """Return the page; its figure is that of `draw`."""
    study = found.study
    about = asked_of(found.whole, found.settings, study.folds, study.seeds)
    about += " The other models learn from all of them."
    tables = [_scores(found, variant) for variant in study.variants]
    sections = [
        Section("Scores", [_picture(found), *tables, _legend(found)]),
        Section("Other metrics", [*_others(found)]),
        Section("By emotion", [*_emotions(found)], folded=True),
        Section("Who is not understood", [_people(found)], folded=True),
    ]
    return Page(f"Folds of people: {found.settings.data.path}", told(found), sections, [about])


def told(found: Found) -> list[str]:
    """Say for each variant how the networks stand to the reference."""
    table, reference = found.of(found.primary), found.study.reference
    lines = []
    for variant in found.study.variants:
        rows = {str(row["model"]): row for _, row in table[table["variant"] == variant].iterrows()}
        lines += [
            f"{variant}: {name} {label_of(found.primary)} {_own(rows[name])}, {reference} "
            f"{_own(rows[reference])}: {_standing(rows[name])}, {_gain(rows[name])}."
            for name in (*found.study.networks, BY_VALIDATION)
            if name in rows and name != reference
        ]
    return lines


def _standing(row: "pd.Series[float]") -> str:
    if np.isnan(row["gain_low"]):
        return "no interval"
    gain = Interval(row["gain"], row["gain_low"], row["gain_high"])
    return {1: "better", -1: "worse"}.get(sign_of(gain), "not told apart")


def _own(row: "pd.Series[float]") -> str:
    return bounded(row["value"], row["low"], row["high"])


def _gain(row: "pd.Series[float]") -> str:
    return bounded(row["gain"], row["gain_low"], row["gain_high"], "+")


def draw(found: Found) -> Figure:
    """Draw each model's primary score with its interval, a panel a variant."""
    table, variants = found.of(found.primary), list(found.study.variants)
    models = list(dict.fromkeys(table["model"]))
    with styled():
        height = 1.4 + 0.34 * len(models)
        figure = sheet("Every person predicted by models that never saw him", 9, height)
        panels = figure.subplots(1, len(variants), sharey=True, sharex=True, squeeze=False).flat
        for axes, variant in zip(panels, variants, strict=True):
            rows = table[table["variant"] == variant].set_index("model").reindex(models)
            dots(axes, models, {"score": rows["value"]}, {"score": (rows["low"], rows["high"])})
            for published in found.study.published:
                if published.metric == found.primary:
                    axes.axvline(published.value, color=FAINT, lw=1, ls=":")
            axes.set_title(variant)
            axes.set_xlabel(label_of(found.primary))
    return figure


def _picture(found: Found) -> Picture:
    dotted = "; dotted: published" if found.study.published else ""
    caption = f"{label_of(found.primary)} with {found.confidence:.0%} intervals{dotted}"
    return Picture(FIGURE, caption, " ".join(told(found)), f"{FIGURE}.png")


def _scores(found: Found, variant: str) -> Table:
    rows, study = found.of(found.primary), found.study
    lines: list[list[object]] = [
        [r["model"], _own(r), r["between_seeds"], r["between_cells"], r["validation"], _gain(r)]
        for _, r in rows[rows["variant"] == variant].iterrows()
    ]
    lines += [
        [f"{one.name} ({one.source})", f"{one.value:.3f}", None, None, None, None]
        for one in study.published
        if one.metric == found.primary
    ]
    header = ["model", label_of(found.primary), "between seeds", "between cells"]
    header += ["on validation people", f"gain over {study.reference}"]
    return Table(f"{variant}: {_values(study.variants[variant])}", header, lines)


def _values(values: dict[str, object]) -> str:
    return ", ".join(f"`{key}: {value}`" for key, value in values.items()) or "as params.yaml says"


def _legend(found: Found) -> Items:
    networks = [f"`{name}`: {_values(own)}" for name, own in found.study.networks.items()]
    return Items(
        [
            f"In brackets {found.confidence:.0%} intervals: a bootstrap over people and seeds, "
            "paired between models.",
            "Between seeds, between cells: standard deviations of the score of all people, and of "
            "that of one fold in one seed.",
            "Choose by the validation people, never by the score: the people of the folds are "
            "those on whom the models are told apart here.",
            *networks,
        ]
    )


def _others(found: Found) -> list[Table]:
    table = found.scores[found.scores["emotion"] == MACRO]
    metrics = list(dict.fromkeys(table["metric"]))
    blocks = []
    for variant in found.study.variants:
        own = table[table["variant"] == variant]
        wide = own.pivot(index="model", columns="metric", values="value")
        rows = [[model, *map(float, wide.loc[model, metrics])] for model in own["model"].unique()]
        blocks.append(Table(variant, ["model", *map(label_of, metrics)], rows))
    return blocks


def _emotions(found: Found) -> list[Table]:
    """Show recall where people gave categories, else average precision."""
    by = [m for m in found.scores["metric"].unique() if m.endswith("clip_balanced_accuracy")]
    metric = by[0] if by else "average_precision"
    name = "recall of clips" if by else label_of(metric)
    table = found.scores[(found.scores["metric"] == metric) & (found.scores["emotion"] != MACRO)]
    emotions = list(table["emotion"].unique())
    blocks = []
    for variant in found.study.variants:
        own = table[table["variant"] == variant]
        wide = own.pivot(index="model", columns="emotion", values="value")
        rows = [[model, *map(float, wide.loc[model, emotions])] for model in own["model"].unique()]
        blocks.append(Table(f"{variant}: {name}", ["model", *emotions], rows))
    return blocks


def _people(found: Found) -> Table:
    """Show networks and reference alone, person by person."""
    shown = [*found.study.networks, found.study.reference]
    columns = [c for c in found.subjects.columns[1:] if c.split(": ", 1)[1] in shown]
    rows = [[r["subject"], *(float(r[c]) for c in columns)] for _, r in found.subjects.iterrows()]
    return Table(f"{found.kind}, least understood first", ["subject", *columns], rows)
