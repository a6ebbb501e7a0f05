"""Gather what the report of an evaluation says, and write its pages and figures.

A part of the evaluate stage. What it writes tells the same of the same model and data: no date,
no run. The copy that goes to a run is made by `page_of_run`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args

import pandas as pd

from pipeline.data.action_units import number
from pipeline.data.card.level_warnings import warn_of_people
from pipeline.data.csv_files import read_csv
from pipeline.data.features.feature_map import read_feature_map
from pipeline.evaluation.all_models import Case
from pipeline.evaluation.categories.verdict import named_right
from pipeline.evaluation.explaining.rule_and_network import knows_more
from pipeline.evaluation.judgement import Judgement
from pipeline.evaluation.unlearnable import Limit, Rules, find_limits
from pipeline.report.evaluation_page import Report, report_page
from pipeline.report.figures.files import standalone
from pipeline.report.figures.gallery import before_scores, pictures
from pipeline.report.figures.rendering import Drawing, Drawn
from pipeline.report.model_card import Facts
from pipeline.report.pages.document import Link
from pipeline.report.pages.text import to_markdown
from pipeline.report.pages.webpage import to_html
from pipeline.settings import paths
from pipeline.settings.schema import Labels, Params


@dataclass(frozen=True)
class Pages:
    """A report and its figures, ready to be written."""

    report: Report
    figures: Mapping[str, Drawn]

    @property
    def svg(self) -> dict[str, str]:
        """Give the `<svg>` element of each figure."""
        return {name: one.svg for name, one in self.figures.items()}


def figures_before_scores(made: Mapping[str, Any]) -> dict[str, Drawing]:
    """Give the figures of data and training; `made` is the content of run.json."""
    distribution = read_csv(paths.LABEL_DISTRIBUTION, text=("split", "emotion"))
    return before_scores(card_of(made), distribution, pd.read_csv(paths.HISTORY))


def make_pages(
    settings: Params,
    made: Mapping[str, Any],
    judgement: Judgement,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Drawn],
    hashes: Mapping[str, str],
) -> Pages:
    """Put the report together.

    `made` is the content of run.json; `tables` are those of `evaluation_page.Report`; `figures`
    those of `gallery`; `hashes` the md5 of what was read, by path.
    """
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    report = Report(
        title=f"Recipe {made['recipe']} on {made['params']['data.path']}",
        headline=judgement.headline,
        verdict=judgement.verdict,
        scores=judgement.tuned,
        tables=tables,
        facts=facts_of(settings, made, account, hashes),
        card=card_of(made),
        named=_named(judgement, tables),
        left_out=judgement.left_out if settings.evaluate.primary in get_args(Labels) else (),
        pictures=pictures(figures, paths.PLOTS.name),
        limits=find_limits_of(settings, judgement.case, account["aus"]),
        about=[*_about(settings, account), Link("try the model", paths.TRY_PAGE.name)],
    )
    return Pages(report, figures)


def card_of(made: Mapping[str, Any]) -> dict[str, Any]:
    """Read the data card; with what is to be heeded of people's levels and of the start."""
    card: dict[str, Any] = json.loads(paths.DATA_CARD.read_text())
    card["warnings"] += warn_of_people(paths.FRAMES, read_feature_map(made["feature_map"]))
    card["warnings"] += made.get("start", {}).get("warnings", [])
    return card


def _named(judgement: Judgement, tables: Mapping[str, pd.DataFrame]) -> str:
    """Say how the network stands to what people said, where they said something."""
    if judgement.categories:
        return named_right(judgement.categories)
    return knows_more(tables["rule_and_network"]) if "rule_and_network" in tables else ""


def write_pages(pages: Pages) -> None:
    """Write figures, Markdown and HTML."""
    for folder in (paths.PLOTS, paths.SVG):
        folder.mkdir(parents=True, exist_ok=True)
    for name, one in pages.figures.items():
        (paths.PLOTS / f"{name}.png").write_bytes(one.png)
        (paths.SVG / f"{name}.svg").write_text(standalone(one.svg), encoding="utf-8")
    page = report_page(pages.report)
    paths.REPORT.write_text(to_markdown(page), encoding="utf-8")
    paths.REPORT_PAGE.write_text(to_html(page, pages.svg), encoding="utf-8")


def page_of_run(pages: Pages, made: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """Return the HTML with what differs from run to run: the run's name, its facts, the date."""
    today = datetime.now(tz=UTC)
    named = replace(
        pages.report,
        title=f"Run {made.get('name', made['run'])} on {made['params']['data.path']}",
        about=[f"evaluated {today:%-d %B %Y}", *pages.report.about],
        facts=replace(pages.report.facts, run=facts),
    )
    return to_html(report_page(named), pages.svg)


def _about(settings: Params, account: Mapping[str, Any]) -> list[str]:
    """Say what was trained and tested on."""
    source = {"facs": "labels by rule", "human": "labels by people"}[settings.label.source]
    test = account["splits"]["test"]
    return [
        f"{account['rows_kept']:,} frames ({account['extractor']}), {source}",
        f"tested on {test['frames']:,} frames of {test['subjects']:,} people",
    ]


def facts_of(
    settings: Params, made: Mapping[str, Any], account: Mapping[str, Any], hashes: Mapping[str, str]
) -> Facts:
    """Gather what the model card tells; `made` is run.json, `account` prepare.json."""
    evaluated = {k: v for k, v in settings.flat().items() if k.startswith("evaluate.")}
    return Facts(
        recipe=made["recipe"],
        extractor=account["extractor"],
        features=made["features"],
        emotions=made["emotions"],
        best_epoch=made["best_epoch"],
        label_source=settings.label.source,
        splits=account["splits"],
        hashes=hashes,
        params={**made["params"], **evaluated},
        start=made.get("start"),
    )


def find_limits_of(
    settings: Params, case: Case, aus: Mapping[str, Mapping[str, float]]
) -> list[Limit]:
    """Name the emotions that cannot be learned; `aus` are the action units of prepare.json."""
    rules = None
    if settings.label.source == "facs":
        still = [name for name, found in aus.items() if found["lowest"] == found["highest"]]
        # A rule reads intensities: a presence that never changes is not what kills it.
        dead = {number(name) for name in still if not name.endswith("_c")}
        rules = Rules(settings.label.weights, dead)
    train, at = case.rows("train"), case.bounds.positive_at
    return find_limits(case.true, train, case.emotions, at, rules)
