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
from pipeline.retraining.summary_page import Cycle, comment, message, summary
from pipeline.settings import paths
from pipeline.settings.schema import Params


@dataclass(frozen=True)
class Target:
    """Where results are pushed to: a git remote and, if not the current one, a branch."""

    remote: str
    branch: str | None


def judge(settings: Params, key: str, *, renew: bool, dry_run: bool) -> Outcome:
    """Judge the model of a run, unless it was judged as it would be today."""
    if done := judged(settings, key, renew=renew):
        return done
    print("gate: judging the model", flush=True)
    return promote(settings, key, renew=renew, dry_run=dry_run)


def report(cycle: Cycle) -> dict[str, Path]:
    """Draw the figures and write summary and comment; give each figure by what it shows."""
    figures = _draw(cycle.outcome)
    # A page that leaves its folder, as in a job of CI, cannot show what lies beside it.
    in_ci = bool(os.environ.get("CI"))
    _write(cycle, {} if in_ci else {text: path.name for text, path in figures.items()})
    return figures


def push(cycle: Cycle, figures: Mapping[str, Path], target: Target) -> None:
    """Push data and models, the figures of the comment, and the commit of dvc.lock.

    Data goes first: a commit never speaks of what nobody can pull.
    """
    if dvc_steps.has_remote():
        dvc_steps.push()
    else:
        print("no DVC remote is set: data and models stay on this machine")
    if figures and (base := publish.push_figures(target.remote, list(figures.values()))):
        _write(cycle, {text: f"{base}/{path.name}" for text, path in figures.items()})
    print(publish.push_lock(target.remote, target.branch, message(cycle)))


def tell_job() -> None:
    """Append the summary to the page that a job of GitHub Actions shows."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(paths.RETRAIN_SUMMARY.read_text(encoding="utf-8"))


def _write(cycle: Cycle, figures: Mapping[str, str]) -> None:
    paths.RETRAIN_SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    shown = replace(cycle, figures=figures)
    paths.RETRAIN_SUMMARY.write_text(summary(shown), encoding="utf-8")
    paths.RETRAIN_COMMENT.write_text(comment(shown), encoding="utf-8")


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
