"""What names its run stands in the run's copy of the report alone."""

import pytest
from reports import invented_report

from pipeline.report.evaluation_page import report_page
from pipeline.report.pages.webpage import to_html
from pipeline.stages.steps.reporting import Pages, page_of_run

NAMED = {"run": "0-key", "name": "improved seed=8", "params": {"data.path": "data/mine"}}
OLDER = {key: value for key, value in NAMED.items() if key != "name"}


@pytest.mark.parametrize(("made", "name"), [(NAMED, "improved seed=8"), (OLDER, "0-key")])
def test_only_the_copy_of_a_run_names_it_and_its_date(made: dict[str, object], name: str) -> None:
    pages = Pages(invented_report(), {})
    text = page_of_run(pages, made, {"key": "0-key"})
    assert f"<h1>Run {name} on data/mine</h1>" in text
    assert "<span>evaluated " in text
    plain = to_html(report_page(pages.report), {})
    assert name not in plain
    assert "<span>evaluated " not in plain
