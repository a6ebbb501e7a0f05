"""Compare two runs on the same test rows, with intervals over subjects.

RUN is a run's id or its first characters, its name, a DVC experiment's name, models:/NAME@ALIAS, a
git revision such as HEAD, or workspace (the model in outputs/).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from pipeline.errors import InputError
from pipeline.settings import params
from pipeline.settings.run_files import PREDICTIONS
from pipeline.stages.steps.run_name import label_of
from pipeline.tracking.store.connection import tracking_uri
from pipeline.tracking.store.recorded_runs import RunPart, read_part
from pipeline.tracking.store.run_references import find_run

if TYPE_CHECKING:
    from pipeline.comparison.models import Contender


@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@click.option(
    *("--html", "html"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page with a figure, too.",
)
def run(first: str, second: str, html: Path | None = None) -> None:
    """Print the comparison; raise `InputError` where the runs were not tested alike."""
    # Imported here, so that the other commands do not wait for them.
    from pipeline.comparison.models import compare
    from pipeline.comparison.page import FIGURE, comparison_page, differences
    from pipeline.evaluation.resampling.bootstrap import Resampling
    from pipeline.report.figures.files import svg
    from pipeline.report.pages.text import to_text
    from pipeline.report.pages.webpage import to_html

    left, right = sides((first, second))
    chosen = params.load().evaluate  # by which `promote` judges, too
    table = compare(left, right, Resampling(chosen.resamples, chosen.seed, chosen.confidence))
    page = comparison_page(table, left, right, chosen.confidence)
    print(to_text(page))
    if html:
        drawn = {FIGURE: svg(differences(table, left.name, right.name))}
        html.write_text(to_html(page, drawn), encoding="utf-8")
        print(f"\npage: {html}")


def sides(meant: Sequence[str]) -> "list[Contender]":
    """Read the runs that are meant, by names that tell them apart; of one name by their ids.

    Raises `InputError` for one run named twice, and for a run that cannot be read or holds no test
    predictions.
    """
    from pipeline.comparison.models import Contender
    from pipeline.evaluation.prediction_file import read_predictions

    with TemporaryDirectory() as scratch:
        ids = [find_run(tracking_uri(), name).id for name in meant]
        if len({*ids}) < len(ids):
            raise InputError(f"{' and '.join(meant)} are one run, {ids[0]}: name two.")
        parts = [_fetch(run_id, Path(scratch) / run_id) for run_id in ids]
        tables = [read_predictions(part.files[PREDICTIONS]) for part in parts]
    names = apart([part.name for part in parts], [part.params for part in parts])
    same = len({*names}) < len(parts)
    return [
        Contender(f"{name} {part.id[:8]}" if same else name, part.id, part.params, table)
        for name, part, table in zip(names, parts, tables, strict=True)
    ]


def apart(names: Sequence[str], params: Sequence[Mapping[str, str]]) -> list[str]:
    """Leave out what does not tell runs apart, but for the first word: `improved seed=8`.

    A name has room for some parameters only, and says what differs from a commit, not from the
    other run.
    """
    keys = {key for own in params for key in own}
    unlike = {label_of(key) for key in keys if len({own.get(key) for own in params}) > 1}
    words = [name.split(" ") for name in names]
    shared = set.intersection(*({*others} for _, *others in words))

    def tells(word: str) -> bool:
        label, equal, _ = word.partition("=")
        if equal:
            return label in unlike and word not in shared
        return word not in shared and not re.fullmatch(r"\+\d+|more", word)

    return [" ".join([first, *filter(tells, rest)]) for first, *rest in words]


def _fetch(run_id: str, folder: Path) -> RunPart:
    folder.mkdir(exist_ok=True)
    part = read_part(tracking_uri(), run_id, [PREDICTIONS], folder)
    if PREDICTIONS not in part.files:
        raise InputError(
            f"Run {run_id} ({part.name}) holds no {PREDICTIONS}. Allowed is a run that this "
            f"version evaluated: `dvc repro evaluate` on its commit, or choose another run."
        )
    return part
