"""Run the whole cycle: pull data, train what changed, judge it, and report; CI, cron and you alike.

Writes outputs/retrain/summary.md (and appends it to the file that $GITHUB_STEP_SUMMARY names) and
outputs/promote/verdict.{json,md}. Where nothing relevant changed nothing is trained, but for a
model whose run another store holds. A run that was interrupted is resumed.
"""

import click

from pipeline.commands import promote
from pipeline.settings import params
from pipeline.tracking.registry.registry import is_known
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
    "--set",
    "values",
    metavar="KEY=VALUE",
    multiple=True,
    help="Try a parameter, as `dvc exp run --set-param` takes it; a dry run. May stand repeatedly.",
)
@click.option(
    "--push",
    is_flag=True,
    help="Then push data and models (dvc push) and a commit of dvc.lock (git push).",
)
@click.option(
    "--branch",
    metavar="NAME",
    help="The branch to push the commit to; else the current one, or, where none is checked out, "
    "as with --aside.",
)
@click.option(
    "--aside",
    is_flag=True,
    help="Push the commit to a branch of its own, retrain/<hash of dvc.lock>, to be looked at.",
)
@click.option("--remote", metavar="NAME", default="origin", help="The git remote; else origin.")
def run(
    *,
    dry_run: bool = False,
    renew_test: bool = False,
    values: tuple[str, ...] = (),
    push: bool = False,
    branch: str | None = None,
    aside: bool = False,
    remote: str = "origin",
) -> None:
    """Run the cycle and end with the verdict's exit code."""
    from pipeline.retraining import cycle, dvc_steps, publish  # SciPy and matplotlib take seconds
    from pipeline.retraining.summary_page import Cycle, headline_of

    if push and values:
        raise click.UsageError("--set tries parameters that no commit holds: leave --push out.")
    if branch and aside:
        raise click.UsageError("--branch and --aside name two branches: leave one out.")
    params.load()
    if push:
        publish.refuse_changes()
    if dvc_steps.has_remote():
        dvc_steps.pull()
    stages = dvc_steps.try_out(values) if values else dvc_steps.repro()
    if not known():
        told = "train: the store lacks the run of this model, made elsewhere: one is made here"
        print(told, flush=True)
        stages += dvc_steps.train_here(known)
    asked = {"renew": renew_test, "dry_run": dry_run or bool(values)}
    outcome = cycle.judge(params.load(), key_of_outputs(), **asked)
    done = Cycle(stages, outcome, values)
    for line in promote.report(outcome):
        print(line)
    figures = cycle.report(done)
    if push:
        cycle.push(done, figures, cycle.Target(remote, branch, aside))
    cycle.tell_job()
    if values:
        print("params.yaml holds what was tried; `git checkout params.yaml dvc.lock` goes back")
    print(f"retrain: {headline_of(done)}")
    raise SystemExit(promote.CODES[outcome.word] if outcome.decision else 0)


def known() -> bool:
    """Tell whether this store has the run that made the model in outputs/."""
    settings = params.load()
    return is_known(settings.tracking.experiment, settings.promote.model, key_of_outputs())
