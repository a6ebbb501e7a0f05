"""The end of an evaluation fits one screen, wide or narrow, and is plain where nobody watches."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from reports import invented_report
from rich.console import Console

from pipeline.evaluation.baselines import CONSTANT, NETWORK, RULE
from pipeline.report import console, terminal
from pipeline.report.console import show
from pipeline.report.terminal import UNWATCHED, steps

WHERE = [("report", "outputs/evaluate/report.html"), ("MLflow run", "0123456789abcdef" * 2)]
LINES = 24 - 9  # of a small terminal, less what DVC prints after a stage
Printed = Callable[[int], str]


@pytest.fixture
def in_terminal(monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Return a function that gives what the end looks like in a terminal so many columns wide."""

    def printed(columns: int) -> str:
        screen = io.StringIO()
        made = Console(file=screen, force_terminal=True, width=columns, color_system=None)
        monkeypatch.setattr(console, "console", lambda: made)
        show(replace(invented_report(), limits=[]), WHERE)
        return re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())

    return printed


@pytest.mark.parametrize("columns", [80, 160])
def test_ends_on_one_screen(in_terminal: Printed, columns: int) -> None:
    report, lines = invented_report(), in_terminal(columns).splitlines()
    assert len(lines) <= LINES + 3  # the three that may wrap in a narrow one
    assert max(map(len, lines)) <= columns
    assert report.headline in lines
    for model in (NETWORK, RULE, CONSTANT):
        assert sum(line.startswith(model) for line in lines) == 1
    for name, place in WHERE:
        assert any(line.startswith(name) and line.endswith(place) for line in lines)


def test_shows_each_model_with_its_interval(in_terminal: Printed) -> None:
    table = invented_report().tables["intervals"]
    rows = table[table["emotion"].isna() & (table["metric"] == "average_precision")]
    for row in rows.to_dict("records"):
        model = row["model"] if row["against"] != row["against"] else row["against"]
        line = next(x for x in in_terminal(100).splitlines() if x.startswith(model))
        assert f"{row['value']:.2f}".removeprefix("0") in line or row["value"] < 0
    assert "[" in line
    assert "]" in line


def test_warnings_are_counted_and_found_in_the_report(in_terminal: Printed) -> None:
    text = in_terminal(80)
    assert "Warnings about the data: 1 dead_au." in text
    assert "Places where the network leaves the FACS prototypes: 3." in text
    assert "Each is named in the report." in text
    assert "never <moves>" not in text


def test_where_nobody_watches_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with steps(2) as step:
        step("one thing")
        step("another [not] a :smile: markup")
    show(invented_report(), WHERE)
    text = capsys.readouterr().out
    assert text.startswith("[1/2] one thing\n[2/2] another [not] a :smile: markup\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert max(map(len, text.splitlines())) <= UNWATCHED


def test_a_terminal_shows_the_step_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    made = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(terminal, "console", lambda: made)
    with steps(1) as step:
        step("thinking")
    assert "[1/1] thinking" in screen.getvalue()
