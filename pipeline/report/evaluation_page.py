"""Lay an evaluation out as a page: verdict, figures and tables, data, model card, provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.errors import InputError
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.explaining.rule_audit import wrong_ways
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.evaluation.unlearnable import Limit, limits_line
from pipeline.report import category_tables, data_tables, score_tables
from pipeline.report.model_card import Facts, model_card, provenance
from pipeline.report.pages.document import Block, Items, Link, Page, Picture, Section


@dataclass(frozen=True)
class Report:
    """What the page tells.

    `headline` is its first line, `verdict` says it with the numbers, `named` how well categories
    are named, where they are; `left_out` are emotions that the means of the headline are without;
    `scores` are the test scores by model, the network's under
    `baselines.NETWORK`; `pictures` are the figures by name; `card` is `data_card.json`, whose
    warnings each have a `code`, a `number` and a `message`; `tables` are tidy: `mean_predictions`,
    `intervals` and, where they were made, `audit`, `audit_aus` (see `rule_audit`), `fitted_rules`
    (see `rule_fitting`), `disagreements`, and those of `CategoryJudgement.tables`.
    """

    title: str
    headline: str
    verdict: Sequence[str]
    scores: Mapping[str, Scores]
    tables: Mapping[str, pd.DataFrame]
    facts: Facts
    card: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    limits: Sequence[Limit] = ()
    named: str = ""
    left_out: Sequence[str] = ()
    about: Sequence[str | Link] = ()


def report_page(report: Report) -> Page:
    """Return the page. Raises `InputError` where the network's scores are missing."""
    if NETWORK not in report.scores:
        raise InputError(
            f"scores are given for {list(report.scores)}; {NETWORK!r} is needed for a report. "
            "Pass the network's test scores under that name."
        )
    return Page(
        title=report.title,
        about=report.about,
        lead=lead(report),
        sections=[
            *_scores(report),
            *_data(report),
            *_looks(report),
            Section("Training", _shown(report, "training_curves")),
            *model_card(report.facts, report.limits, len(report.card["warnings"])),
            *provenance(report.facts),
        ],
    )


def lead(report: Report) -> list[str]:
    """Give the first lines: what the network is worth, by what, and what no model could learn."""
    return [report.headline, *_by_some(report), *limits_line(report.limits)]


def _by_some(report: Report) -> list[str]:
    """Say where the headline's means are not those of the tables, which are of all emotions."""
    every, without = len(report.scores[NETWORK]["emotion"]), len(report.left_out)
    if without in (0, every):
        return []
    told = ", ".join(report.left_out)
    return [f"Judged by {every - without} of {every} emotions: too few rows or people for {told}."]


def _shown(report: Report, *names: str) -> list[Block]:
    return [report.pictures[name] for name in names if name in report.pictures]


def _scores(report: Report) -> list[Section]:
    intervals = report.tables["intervals"]
    models = score_tables.models(report.scores, intervals)
    emotions = score_tables.emotions(report.scores, intervals)
    curves = _shown(report, "confusion", "precision_recall", "roc", "reliability")
    means = score_tables.means(report.tables["mean_predictions"])
    verdict = Items(report.verdict)
    return [
        Section(
            "The network and its baselines",
            [*models, *_shown(report, "overview"), score_tables.gains(intervals), verdict],
        ),
        Section("Categories", _categories(report)),
        Section("By emotion", [*emotions, *curves]),
        Section("Mean predictions and mean labels", [*_shown(report, "mean_predictions"), means]),
        Section("From person to person", _shown(report, "subjects")),
        Section("Over a clip", _shown(report, "timeline")),
    ]


def _categories(report: Report) -> list[Block]:
    tables = report.tables
    if "categories" not in tables:
        return []
    return [
        report.named,
        *category_tables.models(tables["categories"], tables["category_confusion"]),
        *_shown(report, "categories", "category_people"),
        category_tables.people(tables["category_people"]),
    ]


def _data(report: Report) -> list[Section]:
    warnings = report.card["warnings"]
    told = [f"{w['message']} (`{w['code']}`: {w['number']})" for w in warnings]
    counts = data_tables.splits(report.card["splits"])
    figures = _shown(report, "data_card", "label_distribution")
    return [
        Section("Warnings about the data", [Items(told)] if told else []),
        Section("The data", [counts, *figures, *data_tables.data_card(report.card)]),
        Section("The labelling rule against human labels", _audit(report.tables)),
    ]


def _audit(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    blocks = data_tables.audit(tables["audit"]) if "audit" in tables else []
    if "rule_and_network" in tables:
        blocks += data_tables.rule_and_network(tables["rule_and_network"])
    if "audit_aus" in tables and (wrong := wrong_ways(tables["audit_aus"])):
        blocks += ["Action units of a rule that point the wrong way:", Items(wrong)]
    if "fitted_rules" in tables:
        blocks += data_tables.fitted_rules(tables["fitted_rules"])
    return blocks


def _looks(report: Report) -> list[Section]:
    blocks = _shown(report, "importance", "response")
    if "disagreements" in report.tables:
        blocks += data_tables.disagreements(report.tables["disagreements"])
    return [Section("What the network looks at", blocks)]
