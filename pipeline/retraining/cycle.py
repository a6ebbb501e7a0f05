"""Judge what was trained unless that was done, and write, draw and push what came of it.

Nothing here remembers a step: what is done is read from DVC, from the registry and from git. So a
cycle that was interrupted anywhere is resumed by the next one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.promotion import gate_figures
from pipeline.promotion.promote import Outcome, judged, promote
from pipeline.report.figures.files import save
from pipeline.retraining import dvc_steps, publish
from pipeline.retraining.summary_page import Cycle, Place, message, summary
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.tracking.store.connection import is_server, tracking_uri


@dataclass(frozen=True)
class Target:
    """Where results are pushed to: a git remote and, if not the current one, a branch.

    `aside` asks for a branch of their own, told by the content of dvc.lock.
    """

    remote: str
    branch: str | None
    aside: bool = False


def judge(settings: Params, key: str, *, renew: bool, dry_run: bool) -> Outcome:
    """Judge the model of a run, unless it was judged as it would be today."""
    if done := judged(settings, key, renew=renew):
        return done
    print("gate: judging the model", flush=True)
    return promote(settings, key, renew=renew, dry_run=dry_run)


def report(cycle: Cycle) -> dict[str, Path]:
    """Draw the figures and write the summary; give each figure by what it shows."""
    figures = _draw(cycle.outcome)
    # A page that leaves its folder, as in a job of CI, cannot show what lies beside it.
    shown = {} if _in_ci() else {text: path.name for text, path in figures.items()}
    place = _place(("origin", publish.commit_here())) if _in_ci() else Place()
    _write(replace(cycle, figures=shown, place=place))
    return figures


def push(cycle: Cycle, figures: Mapping[str, Path], target: Target) -> None:
    """Push data and models, the figures of the summary, and the commit of dvc.lock.

    Data goes first: a commit never speaks of what nobody can pull.
    """
    if stored := dvc_steps.has_remote():
        dvc_steps.push()
    else:
        print("no DVC remote is set: data and models stay on this machine")
    shown = {} if _in_ci() else {text: path.name for text, path in figures.items()}
    if figures and (base := publish.push_figures(target.remote, list(figures.values()))):
        shown = {text: f"{base}/{path.name}" for text, path in figures.items()}
    branch = publish.own_branch() if target.aside else target.branch
    pushed = publish.push_lock(target.remote, branch, message(cycle))
    place = replace(_place((target.remote, pushed.ref)), stored=stored)
    _write(replace(cycle, figures=shown, place=place))
    print(pushed.says)


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))


def _place(fetch: tuple[str, str]) -> Place:
    # The store of a job is a file that goes with it, or a cache that only jobs see. MLflow sets
    # MLFLOW_TRACKING_URI to the store in use, so that the variable tells nothing by now.
    recorded = not _in_ci() or is_server(tracking_uri())
    return Place(fetch, remote=dvc_steps.has_remote(), recorded=recorded)


def tell_job() -> None:
    """Append the summary to the page that a job of GitHub Actions shows."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(paths.RETRAIN_SUMMARY.read_text(encoding="utf-8"))


def _write(cycle: Cycle) -> None:
    paths.RETRAIN_SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    paths.RETRAIN_SUMMARY.write_text(summary(cycle), encoding="utf-8")


def _draw(outcome: Outcome) -> dict[str, Path]:
    decision = outcome.decision
    if decision is None or not decision.verdict.changes:
        return {}
    found, asked = decision.verdict.changes, decision.demands
    old = "champion" if decision.version else "constant"
    drawn = {
        f"The challenger beside the {old}, by emotion": (
            "scores",
            gate_figures.scores(found, asked.metric, old),
        ),
        "Change with its interval, by emotion": (
            "changes",
            gate_figures.changes(found, asked.metric, asked.tolerance),
        ),
    }
    folder = paths.RETRAIN_SUMMARY.parent
    for name, figure in drawn.values():
        save(figure, folder / f"{name}.png")
    return {text: folder / f"{name}.png" for text, (name, _) in drawn.items()}
