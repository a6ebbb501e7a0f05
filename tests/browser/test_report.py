"""The report as one file in a browser: wide, narrow, dark, printed; it asks nobody for anything."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import CONTRAST, in_mlflows_frame
from playwright.sync_api import Browser, Page, expect
from reports import invented_figures, invented_report

from pipeline.report.evaluation_page import report_page
from pipeline.report.pages.webpage import to_html

Open = Callable[..., "Page"]
SETTINGS = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of an invented evaluation."""
    folder = tmp_path_factory.mktemp("report")
    drawn = {name: one.svg for name, one in invented_figures().items()}
    page = folder / "report.html"
    page.write_text(to_html(report_page(invented_report(drawn=True)), drawn), encoding="utf-8")
    return page


@pytest.fixture
def view(browser: Browser, file: Path) -> Iterator[Open]:
    """Return a function that opens the page at a width and in a colour scheme."""
    pages: list[Page] = []
    asked: list[str] = []

    def opened(width: int, scheme: str) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for page in pages:
        page.context.close()
    assert {*asked} == {file.as_uri()}, "the page asked for more than itself"


@pytest.mark.parametrize(("width", "scheme"), SETTINGS)
def test_fits_and_can_be_read(view: Open, width: int, scheme: str) -> None:
    page = view(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    contrast, text = page.evaluate(CONTRAST)
    assert contrast >= 4.5, text
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    if folder := os.environ.get("AU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"report_{width}_{scheme}.png", full_page=True)


def test_verdict_contents_and_scores_stand_on_the_first_screen(view: Open) -> None:
    page = view(1280, "light")
    page.set_viewport_size({"width": 1280, "height": 800})
    lead = ("h1", "ul.lead > li >> nth=0", "ul.lead > li >> nth=1")
    for place in (*lead, "nav a >> nth=0", "table >> nth=0", "main li >> nth=0"):
        box = page.locator(place).bounding_box()
        assert box
        assert box["y"] + box["height"] < 800, place
    page.get_by_role("link", name="Model card").click()
    top = page.locator("#model-card").bounding_box()
    assert top
    page.wait_for_function("document.querySelector('#model-card').getBoundingClientRect().y < 300")


def test_every_figure_and_table_has_words(view: Open, file: Path) -> None:
    page = view(400, "light")
    figures = page.locator("figure [role=img]")
    assert figures.count() == len(invented_figures())
    assert all(len(figures.nth(i).get_attribute("aria-label") or "") > 30 for i in range(12))
    tables = page.locator("table").count()
    assert page.locator("table > caption").count() == tables > 5
    assert page.locator("table th[scope=col]").count() > tables
    assert page.evaluate("[...document.querySelectorAll('[id]')].length") == page.evaluate(
        "new Set([...document.querySelectorAll('[id]')].map(node => node.id)).size"
    )
    assert file.stat().st_size < 2_000_000


def test_contents_lead_on_in_a_frame_without_rights(browser: Browser, file: Path) -> None:
    page, frame = in_mlflows_frame(browser, file.read_text(encoding="utf-8"))
    frame.get_by_role("link", name="Provenance").click()
    expect(frame.locator("#provenance")).to_be_in_viewport()
    page.context.close()


def test_prints_light_and_whole(view: Open) -> None:
    page = view(718, "dark")  # A4 between margins
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == 718
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
