"""Lay an evaluation out as a page: verdict, figures and tables, data, model card, provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.errors import InputError
from pipeline.evaluation import report_tables
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.document import Block, Items, Page, Picture, Section
from pipeline.evaluation.limits import Limit, limits_line
from pipeline.evaluation.metrics import Scores
from pipeline.evaluation.model_card import Facts, model_card, provenance


@dataclass(frozen=True)
class Report:
    """What the page tells.

    `verdict` are its first lines; `scores` the test scores by model, the network's under
    `baselines.NETWORK`; `mean_predictions` the table of that name, of one or more splits;
    `pictures` the figures by name; each of `warnings` has a `code`, a `number` and a `message`;
    `audit` is the table of `audit.rule_audit`.
    """

    title: str
    verdict: Sequence[str]
    scores: Mapping[str, Scores]
    mean_predictions: pd.DataFrame
    facts: Facts
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    limits: Sequence[Limit] = ()
    warnings: Sequence[Mapping[str, object]] = ()
    audit: pd.DataFrame | None = None


def report_page(report: Report) -> Page:
    """Return the page. Raises `InputError` where the network's scores are missing."""
    if NETWORK not in report.scores:
        raise InputError(
            f"scores are given for {list(report.scores)}; {NETWORK!r} is needed for a report. "
            "Pass the network's test scores under that name."
        )
    return Page(
        title=report.title,
        lead=lead(report.verdict, report.limits),
        sections=[
            *_scores(report),
            *_data(report),
            *_looks(report),
            Section("Training", _shown(report, "training_curves")),
            *model_card(report.facts, report.limits, len(report.warnings)),
            *provenance(report.facts),
        ],
    )


def lead(verdict: Sequence[str], limits: Sequence[Limit]) -> list[str]:
    """Give the first lines: what the network is worth, and what no model could learn."""
    return [*verdict[:1], *limits_line(limits), *verdict[1:]]


def _shown(report: Report, *names: str) -> list[Block]:
    return [report.pictures[name] for name in names if name in report.pictures]


def _scores(report: Report) -> list[Section]:
    by_emotion = report_tables.emotions(report.scores)
    return [
        Section(
            "The network and its baselines",
            [*_shown(report, "overview"), *report_tables.models(report.scores)],
        ),
        Section(
            "By emotion",
            [*by_emotion, *_shown(report, "confusion", "precision_recall", "roc", "reliability")],
        ),
        Section(
            "Mean predictions and mean labels",
            [*_shown(report, "mean_predictions"), report_tables.means(report.mean_predictions)],
        ),
        Section("From person to person", _shown(report, "subjects")),
        Section("Over a clip", _shown(report, "timeline")),
    ]


def _data(report: Report) -> list[Section]:
    told = [f"{w['message']} (`{w['code']}`: {w['number']})" for w in report.warnings]
    counts = report_tables.splits(report.facts.splits)
    audit = [] if report.audit is None else report_tables.audit(report.audit)
    return [
        Section("Warnings about the data", [Items(told)] if told else []),
        Section("The data", [counts, *_shown(report, "data_card", "label_distribution")]),
        Section("The labelling rule against human labels", audit),
    ]


def _looks(report: Report) -> list[Section]:
    return [Section("What the network looks at", _shown(report, "importance", "response"))]
