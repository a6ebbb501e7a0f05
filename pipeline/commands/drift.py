"""Compare new recordings with the data that the champion was trained on; say whether to retrain."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pyarrow as pa

from pipeline.commands.source import Column, settings_for, source_arguments
from pipeline.data.card import profile
from pipeline.data.card.profile import Profile
from pipeline.data.quarantine import count_rows
from pipeline.data.reading.plan import Plan
from pipeline.data.reading.rows.contract import Checked
from pipeline.drift.reference import ReferenceModel, find_reference
from pipeline.drift.shift_test import Drift, DriftBounds, compare, other_extractor
from pipeline.errors import InputError
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.stages.steps import ingest

DRIFTED, UNKNOWN = 5, 6  # beside those of other commands
EXIT_CODES = f"""\b
exit codes:
  0  no drift
  1  error: one line on stderr says what to do
  2  wrong usage
  {DRIFTED}  drift: look at the report, and retrain with the new data if it is sound
  {UNKNOWN}  it cannot be told: too few subjects

Writes report.html (report.md says the same), drift.json and subjects.png. Subjects are compared,
not frames, for frames of one person are alike. Without a champion the model in outputs/ is compared
with; params.yaml: drift says what counts.
"""


@source_arguments
@click.option(
    *("--out", "out"),
    type=click.Path(path_type=Path),
    default=paths.DRIFT,
    metavar="FOLDER",
    help=f"Where the report goes; {paths.DRIFT} unless given.",
)
def run(
    path: str,
    layout: str | None = None,
    naming: str | None = None,
    column: Sequence[Column] = (),
    out: Path = paths.DRIFT,
) -> None:
    """Write the report, print its first lines and end with the exit code of the outcome."""
    # matplotlib, which --help can do without
    from pipeline.drift import drift_page
    from pipeline.report.figures.files import save, svg
    from pipeline.report.pages.text import to_markdown
    from pipeline.report.pages.webpage import to_html

    settings = settings_for(path, layout, naming, column)
    with TemporaryDirectory() as scratch:
        reference = find_reference(settings, Path(scratch))
        plan = ingest.make_plan(settings, Path(scratch))
        new, quarantined = count_new(plan, settings, reference)
    bounds = DriftBounds(**settings.drift.model_dump())
    found = judge(reference, plan, new, bounds)
    comparison = drift_page.Comparison(path, reference.name, quarantined, bounds, found)
    page, drawn = drift_page.drift_page(comparison), {}
    out.mkdir(parents=True, exist_ok=True)
    if len(found.items):
        figure = drift_page.figure(reference.profile, new, found)
        drawn[drift_page.NAME] = svg(figure)
        save(figure, out / drift_page.FIGURE)
    (out / "report.md").write_text(to_markdown(page), encoding="utf-8")
    (out / "report.html").write_text(to_html(page, drawn), encoding="utf-8")
    text = json.dumps(drift_page.as_dict(comparison), indent=2, allow_nan=False)
    (out / "drift.json").write_text(text + "\n", encoding="utf-8")
    print("\n".join([page.title, *page.lead, f"report: {out / 'report.html'}"]))
    if code := {"drift": DRIFTED, "unknown": UNKNOWN}.get(found.outcome):
        raise SystemExit(code)


def count_new(plan: Plan, settings: Params, reference: ReferenceModel) -> tuple[Profile, int]:
    """Count the new frames, and what the model predicts from them, and the quarantined rows.

    Of another extractor's files only their own action units are counted. Raises `InputError` where
    action units are missing that the model needs, or no frame is left.
    """
    rejects = list(plan.rejects)

    def frames(jobs: Iterable[Checked]) -> Iterator[pa.Table]:
        for checked in jobs:
            rejects.extend(checked.rejects)
            yield checked.frames

    with ingest.read_all(plan, settings) as jobs:
        if plan.extractor != reference.extractor:
            new = profile.count(frames(jobs), plan.aus, [], profile.nothing)
        else:
            refuse_missing(plan, reference)
            network, read = reference.predict(), frames(jobs)
            new = profile.of_model(read, reference.features, reference.emotions, network)
    quarantined = count_rows(rejects)
    if not len(new.counts):
        raise InputError(
            f"no frame is left of the new data: all {quarantined.total()} rows are quarantined "
            f"({dict(quarantined)}); `python -m pipeline inspect` names them."
        )
    return new, quarantined.total()


def refuse_missing(plan: Plan, reference: ReferenceModel) -> None:
    """Raise `InputError` where the new data lacks a feature of the model."""
    if missing := [name for name in reference.features.columns if name not in plan.aus]:
        raise InputError(
            f"the new data lacks {', '.join(missing)}, which {reference.name} needs; it has "
            f"{', '.join(plan.aus)}. Extract all action units."
        )


def judge(reference: ReferenceModel, plan: Plan, new: Profile, bounds: DriftBounds) -> Drift:
    """Compare; another extractor is drift in itself."""
    if plan.extractor != reference.extractor:
        return other_extractor(reference.profile, new, (reference.extractor, plan.extractor))
    return compare(reference.profile, new, bounds)
