"""Let a model become the champion, if the gate is sure that it may.

RUN made it: a run's id or its first characters, its name, a DVC experiment's name,
models:/NAME@ALIAS, a git revision such as HEAD, or workspace, the default: the model in outputs/.
"""

import json
from typing import TYPE_CHECKING

import click

from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.tracking.store.connection import tracking_uri
from pipeline.tracking.store.run_models import refuse_evaluation
from pipeline.tracking.store.run_references import WORKSPACE, find_run, key_of_outputs

if TYPE_CHECKING:
    from pipeline.promotion.promote import Outcome

CODES = {"promoted": 0, "champion": 0, "kept": 3, "refused": 4}

EXIT_CODES = """\b
exit codes:
  0  promoted, or the champion already
  1  error: one line on stderr says what to do
  2  wrong usage
  3  kept: nothing speaks against the model, but its gain is not certain; the champion stays
  4  refused: a rule that protects from harm is broken; it is named
"""


renewal = click.option(
    "--renew-test",
    is_flag=True,
    help="The test rows changed on purpose: let the champion predict today's, without the people "
    "it was trained on.",
)


@click.argument("meant", metavar="[RUN]", default=WORKSPACE)
@click.option("--dry-run", is_flag=True, help="Judge, and change nothing in MLflow.")
@renewal
def run(meant: str = WORKSPACE, *, dry_run: bool = False, renew_test: bool = False) -> None:
    """Judge a run's model, print the verdict and end with its exit code."""
    from pipeline.promotion.promote import promote  # SciPy takes a second

    key = key_of_outputs() if meant == WORKSPACE else _key_of(meant)
    outcome = promote(params.load(), key, renew=renew_test, dry_run=dry_run)
    for line in report(outcome):
        print(line)
    raise SystemExit(CODES[outcome.word])


def _key_of(meant: str) -> str:
    found = find_run(tracking_uri(), meant)
    refuse_evaluation(tracking_uri(), found)
    if found.key is None:
        raise InputError(f"Run {found.id} ({found.name}) is none of this pipeline's trainings.")
    return found.key


def report(outcome: "Outcome") -> list[str]:
    """Write the verdict's files and say it in lines."""
    from pipeline.promotion.verdict_page import MEANS, as_json, headline, verdict_page
    from pipeline.report.pages.text import to_markdown

    number = outcome.version.number if outcome.version else None
    if outcome.decision is None:
        return [f"version {number}: {MEANS[outcome.word]}; nothing to do"]
    paths.VERDICT.parent.mkdir(parents=True, exist_ok=True)
    paths.VERDICT.write_text(json.dumps(as_json(outcome.decision, number), indent=2) + "\n")
    paths.VERDICT_PAGE.write_text(to_markdown(verdict_page(outcome.decision, number)))
    rules = outcome.decision.verdict.rules
    standing = outcome.decision.challenger.standing if outcome.decision.version is None else ""
    return [
        headline(outcome.decision, number),
        *(f"  {'holds ' if rule.holds else 'BROKEN'} {rule.name}: {rule.says}" for rule in rules),
        *(f"  {line}" for line in standing.splitlines() if line),
        f"report: {paths.VERDICT_PAGE}",
    ]
