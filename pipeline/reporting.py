"""Gather what the report of an evaluation says, draw its figures and write its pages.

A part of the evaluate stage. What it writes tells the same of the same model and data: no date,
no run. The copy that goes to a run is made by `page_of_run`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline import paths
from pipeline.data.units import number
from pipeline.data.warning import read_warnings
from pipeline.evaluation.case import Case, mean_table
from pipeline.evaluation.gallery import Drawn, draw, pictures
from pipeline.evaluation.limits import Limit, Rules, find_limits
from pipeline.evaluation.markdown import to_markdown
from pipeline.evaluation.metrics import Scores
from pipeline.evaluation.model_card import Facts
from pipeline.evaluation.pictures import save, save_svg
from pipeline.evaluation.report import Report, report_page
from pipeline.evaluation.webpage import inlined, to_html
from pipeline.schema import Params


@dataclass(frozen=True)
class Judged:
    """An evaluation: its rows, test scores by model and their verdict.

    `tables` are the tidy tables of means, intervals and, unless there are too many of them,
    scores of subjects; `audit` that of `audit.rule_audit`, where people named frames.
    """

    case: Case
    scores: Mapping[str, Scores]
    verdict: list[str]
    tables: Mapping[str, pd.DataFrame]
    audit: pd.DataFrame | None


@dataclass(frozen=True)
class Pages:
    """A report and its drawings, ready to be written."""

    report: Report
    figures: Mapping[str, Drawn]
    svgs: Mapping[str, str]


def make_pages(
    settings: Params,
    made: Mapping[str, Any],
    judged: Judged,
    keys: pa.Table,
    hashes: dict[str, str],
) -> Pages:
    """Draw the figures and put the report together.

    `made` is the content of run.json; `keys` has subject, clip and frame of the test rows;
    `hashes` are the md5 of what was read, by path.
    """
    account = json.loads(paths.PREPARE_SUMMARY.read_text())
    distribution, history = pd.read_csv(paths.LABEL_DISTRIBUTION), pd.read_csv(paths.HISTORY)
    drawn = draw(judged.case, keys, dict(judged.scores), distribution, history)
    report = Report(
        title=f"Evaluation of recipe {made['recipe']}",
        verdict=judged.verdict,
        scores=judged.scores,
        mean_predictions=mean_table(judged.case),
        facts=_facts(settings, made, account, hashes),
        pictures=pictures(drawn),
        limits=_limits(settings, judged.case, account["aus"]),
        warnings=read_warnings(paths.PREPARE_SUMMARY, paths.LABEL_SUMMARY),
        audit=judged.audit,
    )
    return Pages(report, drawn, inlined({name: one.figure for name, one in drawn.items()}))


def write_pages(pages: Pages) -> None:
    """Write figures, Markdown and HTML."""
    for name, one in pages.figures.items():
        save(one.figure, paths.PLOTS / f"{name}.png")
        save_svg(one.figure, paths.SVG / f"{name}.svg")
    page = report_page(pages.report)
    paths.REPORT.write_text(to_markdown(page, paths.PLOTS.name), encoding="utf-8")
    paths.REPORT_PAGE.write_text(to_html(page, pages.svgs), encoding="utf-8")


def page_of_run(pages: Pages, names: Mapping[str, str]) -> str:
    """Return the HTML with what names its run, which differs from run to run."""
    facts = replace(pages.report.facts, run=names)
    return to_html(report_page(replace(pages.report, facts=facts)), pages.svgs)


def _facts(
    settings: Params, made: Mapping[str, Any], account: Mapping[str, Any], hashes: dict[str, str]
) -> Facts:
    evaluated = {f"evaluate.{k}": v for k, v in settings.evaluate.model_dump().items()}
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
    )


def _limits(settings: Params, case: Case, aus: Mapping[str, Mapping[str, float]]) -> list[Limit]:
    rules = None
    if settings.label.source == "facs":
        weights = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
        still = [name for name, found in aus.items() if found["lowest"] == found["highest"]]
        # A rule reads intensities: a presence that never changes is not what kills it.
        dead = {number(name) for name in still if not name.endswith("_c")}
        rules = Rules(weights, dead)
    train, at = case.rows("train"), case.bounds.positive_at
    return find_limits(case.true, train, case.emotions, at, rules)
