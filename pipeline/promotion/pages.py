"""Say a verdict for people (Markdown) and for programs (JSON); undefined numbers are null."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pipeline.evaluation.changes import NAMES, Change, numbers
from pipeline.evaluation.gate import Rule
from pipeline.promotion.decision import Decision

MEANS = {
    "promoted": "it is champion now",
    "kept": "nothing speaks against it, but its gain is not certain; the champion stays",
    "refused": "a rule that protects from harm is broken; the champion stays",
    "champion": "it is the champion already",
}


def headline(decision: Decision, number: str | None) -> str:
    """Say in one line what became of which model."""
    outcome = decision.verdict.outcome
    who = f"version {number}" if number else f"run {decision.challenger.run_id} would be"
    means = MEANS[outcome] if number or outcome != "promoted" else "it could be champion"
    if decision.version is None and outcome == "refused":
        means = "there is no champion yet, and this is none"
    broken = ", ".join(decision.verdict.broken)
    return f"{who} {outcome}{f' ({broken})' if broken else ''}: {means}"


def describe(decision: Decision, number: str) -> str:
    """Write what the version's page in the registry shows."""
    rules = "\n".join(rules_list(decision.verdict.rules))
    return f"{headline(decision, number)}\n\n{against(decision)}\n\n{rules}"


def verdict_page(decision: Decision, number: str | None) -> str:
    """Write the verdict as a page: what became of it, every rule, every number."""
    lines = [f"# Promotion: {headline(decision, number)}", "", against(decision), ""]
    lines += [*rules_list(decision.verdict.rules), ""]
    if decision.version is None and decision.challenger.standing:
        lines += ["How it stands to its baselines:", "", decision.challenger.standing, ""]
    if decision.verdict.changes:
        lines += [*changes_table(decision), ""]
    return "\n".join(lines)


def against(decision: Decision) -> str:
    """Say what the model was compared with, and on what."""
    opponent = "the constant baseline, for there is no champion yet"
    if decision.version and decision.champion:
        opponent = (
            f"the champion, version {decision.version.number} (run {decision.champion.run_id})"
        )
    where = ""
    if decision.rows:
        where = f", on {decision.rows} test rows of {decision.subjects} people"
        if decision.left_out:
            where += f" ({decision.left_out} left out, whom the champion was trained on)"
    return f"Run {decision.challenger.run_id} against {opponent}{where}."


def rules_list(rules: Sequence[Rule]) -> list[str]:
    """Say each rule, one a line of a list."""
    return [f"- {'✓' if rule.holds else '✗'} `{rule.name}`: {rule.says}" for rule in rules]


def changes_table(decision: Decision) -> list[str]:
    """Lay out every metric of both sides with the interval of its change."""
    return table_of(decision, decision.verdict.changes)


def table_of(decision: Decision, changes: Sequence[Change]) -> list[str]:
    """Lay some of a decision's changes out."""
    level = f"{decision.demands.resampling.confidence:.0%}"
    old = "champion" if decision.version else "constant"
    header = ["metric", "emotion", old, "challenger", "change", f"{level} interval"]
    lines = [f"| {' | '.join(header)} |", "|---|---|---:|---:|---:|:---:|"]
    for found in changes:
        cells = [
            NAMES.get(found.metric, found.metric),
            found.emotion or "**mean**",
            _number(found.champion),
            _number(found.challenger),
            _number(found.change.point, "+"),
            _between(found),
        ]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    note = (
        "Change is challenger - champion, its interval over people. Of Brier score and calibration "
        "error less is better. `-` is undefined."
    )
    return [*lines, "", note.replace("champion", old)]


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}" if math.isfinite(value) else "-"


def _between(found: Change) -> str:
    if found.change.reason:
        return "-"
    return f"{_number(found.change.low, '+')} to {_number(found.change.high, '+')}"


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
