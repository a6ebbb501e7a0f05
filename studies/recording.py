"""Write a study's tables and page, and record them: one run, and one below it for each model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pipeline.data.csv_files import write_csv
from pipeline.data.names.safe_names import safe_names
from pipeline.report.figures.files import save, svg
from pipeline.report.pages.document import Page
from pipeline.report.pages.text import to_markdown, to_text
from pipeline.report.pages.webpage import to_html
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.stages.steps.recording import record_provenance
from pipeline.tracking.open_runs import nested_run, training_run
from pipeline.tracking.store.connection import load_mlflow
from studies.frames import Whole
from studies.settings import Dealing, params_of

STUDIES = paths.OUTPUTS / "studies"


@dataclass(frozen=True)
class Inner:
    """A run below that of the study: its name, parameters and metrics; `steps` by metric."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    steps: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Result:
    """What a study found: a page, its figure by name, tables by name, metrics, inner runs."""

    study: str
    page: Page
    figures: Mapping[str, Figure]
    tables: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, float]
    inner: Sequence[Inner]


def asked_of(whole: Whole, settings: Params, folds: Dealing, seeds: Sequence[int]) -> str:
    """Say which data a study asks about, and how people are dealt."""
    number = len(folds.given) if isinstance(folds.given, tuple) else folds.number
    given = "dealt anew for each seed" if folds.given is None else "given"
    return (
        f"{len(whole.labels):,} rows of {len(whole.people)} people in {settings.data.path}, "
        f"{number} folds of people ({given}), {len(seeds)} seeds. Of a fold's training people "
        f"{folds.validation:.0%} tell a network when to stop."
    )


def write(result: Result) -> Path:
    """Write tables, figures and page; return the folder."""
    folder = STUDIES / result.study
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in result.tables.items():
        write_csv(table, folder / f"{name}.csv")
    drawn = {name: svg(figure) for name, figure in result.figures.items()}
    for name, figure in result.figures.items():
        save(figure, folder / f"{name}.png")
    (folder / "report.md").write_text(to_markdown(result.page), encoding="utf-8")
    (folder / "report.html").write_text(to_html(result.page, drawn), encoding="utf-8")
    return folder


def record(result: Result, folder: Path, settings: Params) -> str:
    """Record all of it; return where to look."""
    experiment = f"{settings.tracking.experiment} studies"
    load_mlflow()  # once, not in a process of each run's own
    said = {k: v for k, v in settings.flat().items() if not k.startswith(("promote.", "drift."))}
    with training_run(experiment, result.study, said, {"study": result.study}) as run:
        record_provenance(run)
        run.log_file(params_of(result.study), "params")
        run.set_tags({"mlflow.note.content": "\n\n".join(result.page.lead)})
        run.log_metrics(safe_keys(result.metrics))
        for name, table in result.tables.items():
            run.log_table(table, name)
        for path in sorted(folder.iterdir()):
            run.log_file(path)
        for inner in result.inner:
            with nested_run(experiment, run, inner.name, inner.params) as below:
                below.log_metrics(safe_keys(inner.metrics))
                for metric, values in inner.steps.items():
                    for step, value in enumerate(values):
                        below.log_metrics({metric: value}, step)
    return run.address


def safe_keys(metrics: Mapping[str, float]) -> dict[str, float]:
    """Give each part of each key, between `/`, the form that every store takes."""
    parts = {key: key.split("/") for key in metrics}
    safe = safe_names(part for key in parts.values() for part in key)
    return {"/".join(safe[part] for part in parts[key]): value for key, value in metrics.items()}


def finish(result: Result, settings: Params) -> None:
    """Write, record, and tell what was found."""
    folder = write(result)
    print(to_text(Page(result.page.title, result.page.lead, [], result.page.about)))
    print(f"report: {folder / 'report.html'}")
    print(f"MLflow run: {record(result, folder, settings)}")
