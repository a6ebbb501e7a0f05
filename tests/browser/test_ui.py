"""Look at the runs as a person does: list, comparison, table, figure and model in MLflow's UI."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from throwaway import run

from pipeline.tracking.store.front_page import LOCAL

Keep = Callable[[str], None]
RECIPES = ("improved", "baseline")
FIRST, CURVE = "val/average_precision", "epoch/val_loss"


@dataclass(frozen=True)
class Store:
    """What the UI is to show: runs by recipe, and the models' ids by run."""

    experiment: str
    runs: dict[str, dict[str, Any]]
    models: dict[str, str]

    def called(self, name: str) -> str:
        return str(self.runs[name]["info"]["run_name"])

    def run_id(self, name: str) -> str:
        return self.runs[name]["info"]["run_id"]

    def run_page(self, name: str, of: str = "") -> str:
        return f"/#/experiments/{self.experiment}/runs/{self.run_id(name)}{of}"

    def compared(self) -> str:
        ids = ",".join(f'"{self.run_id(name)}"' for name in RECIPES)
        return f'/#/compare-runs?runs=[{ids}]&experiments=["{self.experiment}"]'

    def metric(self, name: str, key: str) -> Any:
        return next(m["value"] for m in self.runs[name]["data"]["metrics"] if m["key"] == key)

    def tag(self, name: str, key: str) -> str:
        return next(t["value"] for t in self.runs[name]["data"]["tags"] if t["key"] == key)


@pytest.fixture(scope="module")
def store(ui) -> Store:
    """Ask the server what there is; one run and one model of each recipe."""
    experiments = ui.ask("api/2.0/mlflow/experiments/search", {"max_results": 10})["experiments"]
    experiment = next(e["experiment_id"] for e in experiments if e["name"] == "au-emotion")
    within = {"experiment_ids": [experiment]}
    runs = ui.ask("api/2.0/mlflow/runs/search", within)["runs"]
    models = ui.ask("api/2.0/mlflow/logged-models/search", within)["models"]
    assert len(models) == len(runs) == len({run["info"]["run_name"] for run in runs}) == 2
    return Store(
        experiment,
        {run["info"]["run_name"].split()[0]: run for run in runs},
        {model["info"]["source_run_id"]: model["info"]["model_id"] for model in models},
    )


def test_front_page_leads_to_both_runs(page: Page, store: Store, keep: Keep) -> None:
    page.goto("/")
    page.get_by_role("button", name="Model training").click()
    page.get_by_role("link", name="au-emotion", exact=True).click()
    for name in RECIPES:
        called = store.called(name)
        expect(page.get_by_role("link", name=called, exact=True).first).to_be_visible()
    expect(page.get_by_text("matching runs")).to_have_text("2 matching runs")
    expect(page.get_by_text("frames for training (").first).to_be_visible()  # the data set
    keep("runs")


def test_printed_address_of_all_runs_opens_them_in_order(
    page: Page, store: Store, project: Path, keep: Keep
) -> None:
    told = run(project, "python", "-m", "pipeline", "find", "--all").stdout.split()[-1]
    page.goto(told.removeprefix(LOCAL))
    expect(page.get_by_text("matching runs")).to_have_text("2 matching runs")
    expect(page.get_by_text("Trainings of networks").first).to_be_visible()
    expect(page.get_by_role("columnheader").filter(has_text=FIRST).first).to_be_visible()
    keep("runs_by_score")
    height = {}
    for name in RECIPES:
        box = page.get_by_role("link", name=store.called(name), exact=True).first.bounding_box()
        assert box
        height[name] = box["y"]
    best = sorted(RECIPES, key=lambda name: -float(store.metric(name, FIRST)))
    assert sorted(RECIPES, key=lambda name: height[name]) == best


def test_printed_address_of_a_run_opens_its_page(page: Page, store: Store, project: Path) -> None:
    told = run(project, "python", "-m", "pipeline", "find", store.run_id("improved")[:8]).stdout
    (address,) = [line.split()[-1] for line in told.splitlines() if line.startswith("page ")]
    page.goto(address.removeprefix(LOCAL))
    expect(page.get_by_role("heading", name=store.called("improved"))).to_be_visible()


def test_comparison_opens_on_the_number_to_choose_by(page: Page, store: Store) -> None:
    page.goto(store.compared())
    expect(page.get_by_text("Comparing 2 Runs")).to_be_visible()
    expect(page.locator(".js-plotly-plot, svg").filter(has_text=FIRST).first).to_be_visible()


def test_comparison_draws_validation_loss_of_both_runs(
    page: Page, store: Store, keep: Keep
) -> None:
    page.goto(store.compared())
    expect(page.get_by_text("Comparing 2 Runs")).to_be_visible()
    keep("comparison")
    link = page.get_by_role("link", name=CURVE, exact=True)
    scroll_to(link, page.get_by_role("link", name="epoch/best", exact=True))
    link.dispatch_event("click")  # its row may still lie below the table's edge
    expect_two_lines(page, store)
    for name in RECIPES:
        metrics = store.runs[name]["data"]["metrics"]
        last = next(m for m in metrics if m["key"] == CURVE)
        expect(page.get_by_role("row").filter(has_text=store.called(name))).to_contain_text(
            f"{last['value']} (step={last['step']})"
        )
    keep("curve")


def test_chart_view_finds_validation_loss_by_its_name(page: Page, store: Store, keep: Keep) -> None:
    page.goto(f"/#/experiments/{store.experiment}/runs?compareRunsMode=CHART")
    page.get_by_placeholder("Search metric charts").fill(CURVE)
    expect_two_lines(page, store)
    keep("charts")


def scroll_to(wanted: Locator, start: Locator) -> None:
    """Scroll a table, whose page holds only its visible rows, until it shows a row's name."""
    start.hover()
    box = start.bounding_box()
    assert box
    # The column of names stands still under the wheel; the values beside it take the names along.
    start.page.mouse.move(box["x"] + 400, box["y"])
    for _ in range(100):
        if wanted.count():
            return
        start.page.mouse.wheel(0, 200)
        start.page.wait_for_timeout(50)
    raise AssertionError(f"the list does not show {wanted}")


def expect_two_lines(page: Page, store: Store) -> None:
    """Expect a chart of two different lines through every epoch and a legend of both runs."""
    for name in RECIPES:
        expect(
            page.get_by_text(f"{store.called(name)} ({CURVE})", exact=True).first
        ).to_be_visible()
    lines = page.locator(".js-line")
    expect(lines).to_have_count(4)  # each run is drawn as measured and smoothed
    for line in lines.all():  # lines grow while they are drawn; four epochs are three strokes,
        # or two, for an epoch on the way between its neighbours is not drawn
        expect(line).to_have_attribute("d", re.compile("^M[^L]+(L[^L]+){2,3}$"))
    drawn = {line.get_attribute("d") or "" for line in lines.all()}
    assert len(drawn) >= len(RECIPES)
    ends = {
        (path[1:].partition(",")[0], path.rpartition("L")[2].partition(",")[0]) for path in drawn
    }
    assert len(ends) == 1, "they do not all go from the first epoch to the last"


def test_run_shows_mean_predictions_as_a_table(page: Page, store: Store, ui, keep: Keep) -> None:
    name = "evaluation/mean_predictions.json"
    table = ui.ask(f"get-artifact?path={name}&run_uuid={store.run_id('improved')}")
    page.goto(store.run_page("improved", f"/artifacts/{name}"))
    expect(page.get_by_role("columnheader")).to_have_text(table["columns"])
    assert {"emotion", "mean_predicted", "mean_true"} <= set(table["columns"])
    expect(page.get_by_role("cell", name="anxiety", exact=True).first).to_be_visible()
    shown = [row for row in table_rows(page) if row]
    stored = [[value(cell) for cell in row] for row in table["data"]]
    assert len(shown) >= 10
    assert shown == stored[: len(shown)]  # the table has pages
    keep("table")


def table_rows(page: Page) -> list[list[str | float]]:
    """Read the cells of the table by row, without its header."""
    return [
        [value(text) for text in row.get_by_role("cell").all_inner_texts()]
        for row in page.get_by_role("row").all()
    ]


def value(cell: object) -> str | float:
    """Read a cell as a number where it is one: 0.0 in a file is 0 on a page."""
    text = str(cell).strip()
    try:
        return float(text)
    except ValueError:
        return text


def test_run_shows_verdict_data_and_figures(page: Page, store: Store, keep: Keep) -> None:
    page.goto(store.run_page("improved"))
    expect(page.get_by_text("Finished")).to_be_visible()
    verdict = store.tag("improved", "mlflow.note.content").splitlines()[0]
    assert verdict.startswith(("Better than", "Not better than", "Worse than", "The network"))
    expect(page.get_by_text(verdict)).to_be_visible()
    expect(page.get_by_text("frames for training (").first).to_be_visible()
    keep("run")
    name = "evaluation/plots/overview.png"
    page.goto(store.run_page("improved", f"/artifacts/{name}"))
    figure = page.get_by_role("img", name=name)
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    keep("figure")


def test_run_shows_its_report_with_figures(page: Page, store: Store, keep: Keep) -> None:
    name = "evaluation/report.html"
    assert name in store.tag("improved", "mlflow.note.content")
    page.goto(store.run_page("improved", f"/artifacts/{name}"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(
        re.compile("^Run improved .*on data/demo$")
    )
    expect(frame.locator("figure svg").first).to_be_visible()
    frame.get_by_role("link", name="Provenance").click()
    key = store.tag("improved", "pipeline.run")
    expect(frame.get_by_role("cell", name=key)).to_be_in_viewport()
    expect(frame.get_by_text("try the model: try.html beside this page")).to_be_visible()
    keep("report")


def test_run_shows_the_page_to_try_its_model(page: Page, store: Store, keep: Keep) -> None:
    name = "evaluation/try.html"
    assert name in store.tag("improved", "mlflow.note.content")
    page.goto(store.run_page("improved", f"/artifacts/{name}"))
    frame = page.frame_locator("iframe")
    shown = frame.get_by_role("row", name="happiness").locator(".probability")
    expect(shown).to_have_text(re.compile(r"\d\.\d\d"))
    at_rest = float(shown.inner_text())
    frame.get_by_role("button", name="happiness", exact=True).click()
    expect(frame.locator("#said")).to_contain_text("Most probable: ")
    assert float(shown.inner_text()) > at_rest + 0.1
    keep("try")


def test_run_leads_to_its_model_and_what_it_takes_and_gives(
    page: Page, store: Store, keep: Keep
) -> None:
    model = store.models[store.run_id("improved")]
    page.goto(store.run_page("improved"))
    called = re.sub("[/:.%\"']", "_", store.called("improved"))  # MLflow takes no dot there
    page.get_by_role("gridcell").get_by_role("link", name=called, exact=True).click()
    expect(page.get_by_text("About this logged model")).to_be_visible()
    expect(page.get_by_text(model, exact=True)).to_be_visible()
    expect(
        page.get_by_role("link", name=store.called("improved"), exact=True).first
    ).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=FIRST)).to_contain_text("frames for validation")
    keep("model")
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("MLmodel", exact=True).click()
    for name in ("AU01_r", "AU25_r", "happiness", "anxiety"):
        expect(page.get_by_text(f'"{name}"').first).to_be_visible()
    keep("signature")


def test_the_line_that_find_prints_loads_the_model_in_another_folder(
    store: Store, project: Path, tmp_path: Path
) -> None:
    told = run(project, "python", "-m", "pipeline", "find", store.called("improved")).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("load anywhere")]
    code = line.removeprefix("load anywhere").strip()
    show = "print(sorted(model.metadata.signature.outputs.input_names()))"
    done = run(tmp_path, "python", "-c", f"{code}; {show}")
    assert "'anger'" in done.stdout.splitlines()[-1]
