"""Run the whole cycle: pull data, train what changed, judge it, and report; CI, cron and you alike.

Writes outputs/retrain/summary.md (and appends it to the file that $GITHUB_STEP_SUMMARY names),
outputs/retrain/comment.md for a pull request (its first line, `<!-- au-emotion:retrain -->`, is a
marker by which one comment is found and updated) and outputs/promote/verdict.{json,md}. Where
nothing relevant changed nothing is trained. A run that was interrupted is resumed.
"""

import click

from pipeline.commands import promote
from pipeline.settings import params
from pipeline.tracking.store.run_references import key_of_outputs

EXIT_CODES = """\b
exit codes:
  0  promoted, or nothing was to be done
  1  error: one line on stderr says what to do
  2  wrong usage
  3  kept: trained, but its gain is not certain; the champion stays
  4  refused: trained, but a rule that protects from harm is broken; it is named

With --push the result is pushed in the cases 0, 3 and 4. `make` turns each code but 0 into 2:
to tell them apart call `python -m pipeline retrain` itself.
"""


@click.option(
    "--dry-run",
    is_flag=True,
    help="Judge, but leave MLflow's registry as it is: for what is not merged yet.",
)
@promote.renewal
@click.option(
    "--push",
    is_flag=True,
    help="Then push data and models (dvc push) and a commit of dvc.lock (git push).",
)
@click.option(
    "--branch",
    metavar="NAME",
    help="The branch to push the commit to; else the current one, or, where none is checked out, "
    "retrain/<hash of dvc.lock>.",
)
@click.option("--remote", metavar="NAME", default="origin", help="The git remote; else origin.")
def run(
    *,
    dry_run: bool = False,
    renew_test: bool = False,
    push: bool = False,
    branch: str | None = None,
    remote: str = "origin",
) -> None:
    """Run the cycle and end with the verdict's exit code."""
    from pipeline.retraining import cycle, dvc_steps, publish  # SciPy and matplotlib take seconds
    from pipeline.retraining.summary_page import Cycle, headline_of

    settings = params.load()
    if push:
        publish.refuse_changes()
    if dvc_steps.has_remote():
        dvc_steps.pull()
    stages = dvc_steps.repro()
    asked = {"renew": renew_test, "dry_run": dry_run}
    outcome = cycle.judge(settings, key_of_outputs(), **asked)
    done = Cycle(stages, outcome)
    for line in promote.report(outcome):
        print(line)
    figures = cycle.report(done)
    if push:
        cycle.push(done, figures, cycle.Target(remote, branch))
    cycle.tell_job()
    print(f"retrain: {headline_of(done)}")
    raise SystemExit(promote.CODES[outcome.word] if outcome.decision else 0)
