"""Say a verdict for people (a page) and for programs (JSON); undefined numbers are null."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pipeline.comparison.paired import Change, numbers
from pipeline.evaluation.scoring.metric_names import label_of
from pipeline.promotion.candidate import Candidate
from pipeline.promotion.decision import Decision
from pipeline.report.pages.document import UNDEFINED, Block, Items, Page, Section, Table

MEANS = {
    "promoted": "it is champion now",
    "kept": "nothing speaks against it, but its gain is not certain; the champion stays",
    "refused": "a rule that protects from harm is broken; the champion stays",
    "champion": "it is the champion already",
}


def headline(decision: Decision, number: str | None) -> str:
    """Say in one line what became of which model."""
    outcome = decision.verdict.outcome
    who = f"version {number}" if number else f"run {decision.challenger.name} would be"
    means = MEANS[outcome] if number or outcome != "promoted" else "it could be champion"
    if decision.version is None and outcome == "refused":
        means = "there is no champion yet, and this is none"
    broken = ", ".join(decision.verdict.broken)
    return f"{who} {outcome}{f' ({broken})' if broken else ''}: {means}"


def describe(decision: Decision, number: str) -> str:
    """Write what the version's page in the registry shows."""
    rules = "\n".join(f"- {line}" for line in rules_list(decision).lines)
    return f"{headline(decision, number)}\n\n{against(decision)}\n\n{rules}"


def verdict_page(decision: Decision, number: str | None) -> Page:
    """Lay the verdict out: what became of the model, every rule, every number."""
    return Page(
        title=f"Promotion: {headline(decision, number)}",
        about=[against(decision)],
        lead=[],
        sections=[
            Section("Rules", [rules_list(decision)]),
            Section("Against its baselines", standing(decision)),
            Section("Scores", changes_table(decision)),
        ],
    )


def against(decision: Decision) -> str:
    """Say what the model was compared with, and on what."""
    opponent = "the constant baseline, for there is no champion yet"
    if decision.version and decision.champion:
        opponent = (
            f"the champion, version {decision.version.number} (run {_named(decision.champion)})"
        )
    where = ""
    if decision.rows:
        where = f", on {decision.rows} test rows of {decision.subjects} people"
        if decision.left_out:
            where += f" ({decision.left_out} left out, whom the champion was trained on)"
    return f"Run {_named(decision.challenger)} against {opponent}{where}."


def _named(candidate: Candidate) -> str:
    return f"{candidate.name}, {candidate.run_id}"


def rules_list(decision: Decision) -> Items:
    """Say each rule of the gate and whether it holds."""
    rules = decision.verdict.rules
    return Items([f"{'✓' if rule.holds else '✗'} `{rule.name}`: {rule.says}" for rule in rules])


def standing(decision: Decision) -> list[Block]:
    """Say how a first champion compares with its baselines; nothing of a later one."""
    told = decision.challenger.standing.split("\n\n") if decision.version is None else []
    return [Items(lines)] if (lines := [line for line in told if line]) else []


def changes_table(decision: Decision, changes: Sequence[Change] | None = None) -> list[Block]:
    """Lay every metric of both sides out, or these changes, with the interval of each."""
    if not (found := decision.verdict.changes if changes is None else changes):
        return []
    level = f"{decision.demands.resampling.confidence:.0%}"
    old = "champion" if decision.version else "constant"
    rows = [
        [
            label_of(one.metric),
            one.emotion or "mean",
            one.first,
            one.second,
            _signed(one.change.point),
            UNDEFINED
            if one.change.reason
            else f"{_signed(one.change.low)} to {_signed(one.change.high)}",
        ]
        for one in found
    ]
    note = (
        f"Change is challenger - {old}, its interval over people. Of Brier score and calibration "
        f"error less is better. `{UNDEFINED}` is undefined."
    )
    header = ["metric", "emotion", old, "challenger", "change", f"{level} interval"]
    return [Table("Scores on the test rows", header, rows), note]


def _signed(value: float) -> str:
    return f"{value:+.3f}" if math.isfinite(value) else UNDEFINED


def as_json(decision: Decision, number: str | None) -> dict[str, Any]:
    """Lay a verdict out as JSON."""
    own, old = decision.challenger, decision.champion
    return {
        "verdict": decision.verdict.outcome,
        "broken": decision.verdict.broken,
        "challenger": {"version": number, "run_id": own.run_id, "run": own.key},
        "champion": None
        if old is None or decision.version is None
        else {"version": decision.version.number, "run_id": old.run_id, "run": old.key},
        "rows_hash": own.predictions.rows_hash,
        "rows": decision.rows,
        "subjects": decision.subjects,
        "subjects_left_out": decision.left_out,
        "demands": asdict(decision.demands),
        "rules": [
            {"name": r.name, "holds": r.holds, "says": r.says, "numbers": _finite(r.numbers)}
            for r in decision.verdict.rules
        ],
        "changes": [_change(found) for found in decision.verdict.changes],
    }


def _change(found: Change) -> dict[str, Any]:
    told = {"metric": found.metric, "emotion": found.emotion, "reason": found.change.reason}
    return told | _finite(numbers(found))


def _finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in numbers.items()
    }
