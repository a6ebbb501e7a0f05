"""`make bench` as a whole: what it keeps and tells of, and the tables of docs/benchmarks.md."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as suite
from benchmarks import results
from benchmarks.measuring import Record, ratio

RECORDS = [
    Record("batch 32", "plain fit", "frames/s", [27_000, 28_000, 26_000]),
    ratio("batch 32", "pipeline / plain fit", [6, 8, 5], [1, 1, 1]),
    Record("batch 256", "PyTorch", "frames/s", [], "not installed"),
]
PAGE = """# Benchmarks
<!-- results of training -->
old training
<!-- end of results -->
What it means.
<!-- results of labels -->
old labels
<!-- end of results -->
The end.
"""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep results and page in a folder of the test's own; return the folder."""
    monkeypatch.setattr(results, "FILE", tmp_path / "bench/results.json")
    monkeypatch.setattr(results, "PAGE", tmp_path / "benchmarks.md")
    results.PAGE.write_text(PAGE)
    return tmp_path


def keep(name: str, records: list[Record]) -> None:
    results.keep(name, f"python -m benchmarks {name}", 9.4, [one.as_json() for one in records])


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Call the suite as `python -m benchmarks` does; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as ended:
        suite.main()
    return int(ended.value.code or 0)


def test_a_benchmark_that_fails_is_told_and_stops_no_other(monkeypatch, capfd):
    sizes = ("--rows=2000", "--looped=20")  # startup has no such options
    assert run(monkeypatch, "startup", "labels", *sizes) == 1
    told = capfd.readouterr().out
    assert "startup: FAILED (2), " in told
    assert "labels: ok, " in told
    assert "2 benchmarks, failed: startup; " in told
    kept = json.loads(results.FILE.read_text())
    assert list(kept) == ["labels"]
    assert kept["labels"]["command"] == "python -m benchmarks labels --rows=2000 --looped=20"
    last = kept["labels"]["records"][-1]
    assert last["measure"] == "label stage / loop"
    assert len(last["rounds"]) == 5


def test_results_name_commit_machine_and_versions():
    keep("training", RECORDS)
    kept = json.loads(results.FILE.read_text())["training"]
    assert kept["commit"].removesuffix("-dirty")
    assert kept["machine"]["cores"] >= 1
    assert kept["machine"]["memory_gb"] > 0
    assert kept["versions"].keys() == {"python", "tensorflow", "numpy"}
    assert kept["records"][1]["value"] == 6


def test_a_run_of_some_replaces_their_results_alone():
    keep("labels", RECORDS)
    keep("training", RECORDS)
    keep("labels", RECORDS[:1])
    kept = json.loads(results.FILE.read_text())
    assert {name: len(one["records"]) for name, one in kept.items()} == {"labels": 1, "training": 3}


def test_tables_replace_their_own_part_of_the_page(monkeypatch):
    keep("training", RECORDS)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--table"])
    for _ in range(2):  # what was written is replaced as well
        suite.main()
        page = results.PAGE.read_text()
        before, after = PAGE.split("old training\n")
        assert page.startswith(before)
        assert page.endswith(after)
        assert "old training" not in page
        assert page.count("`python -m benchmarks training` at ") == 1
        assert "| case | plain fit, frames/s | pipeline / plain fit | PyTorch, frames/s |" in page
        assert "| batch 32 | 27,000 | 6 (5 to 8) |  |\n" in page
        assert "| batch 256 |  |  | not installed |\n" in page


def test_a_page_without_place_is_told(monkeypatch):
    keep("serving", RECORDS)
    with pytest.raises(SystemExit, match="no place for serving: a line <!-- results of serving"):
        results.write_tables()


def test_an_unknown_benchmark_is_told(monkeypatch, capsys):
    assert run(monkeypatch, "label") == 2
    assert "no benchmark label; there are evaluation, " in capsys.readouterr().err


@pytest.mark.parametrize("name", suite.NAMES)
def test_every_benchmark_has_its_place_in_the_page(name):
    page = (Path(suite.ROOT) / "docs/benchmarks.md").read_text()
    assert page.count(f"<!-- results of {name} -->\n") == 1
