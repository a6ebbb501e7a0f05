"""Report a retraining as Markdown: for a job's summary and for one comment on a pull request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.evaluation.changes import Change
from pipeline.promotion.decision import Decision
from pipeline.promotion.pages import against, changes_table, headline, rules_list, table_of
from pipeline.promotion.promote import Outcome

# By this line the one comment is found that is updated, not repeated.
MARKER = "<!-- au-emotion:retrain -->"


@dataclass(frozen=True)
class Cycle:
    """What a retraining did: which stages ran, and what the gate said of the model.

    `figures` gives the address of each figure by what it shows; empty where none can be shown.
    """

    stages: Sequence[str]
    outcome: Outcome
    figures: Mapping[str, str] = field(default_factory=dict)


def comment(cycle: Cycle) -> str:
    """Write the body of the pull request's comment; its first line is `MARKER`."""
    return f"{MARKER}\n{summary(cycle)}"


def summary(cycle: Cycle) -> str:
    """Write the page: verdict, rules, table, warnings, figures, how to reproduce."""
    decision = cycle.outcome.decision
    lines = [f"## Retraining: {headline_of(cycle)}", ""]
    if decision is None:
        lines += [_ran(cycle.stages)]
    else:
        lines += [
            *_judged(decision),
            *_figures(cycle),
            *_warnings(decision),
            *_reproduce(cycle, decision),
        ]
    return "\n".join(lines) + "\n"


def _nothing(outcome: Outcome, number: str | None) -> str:
    if outcome.word == "champion":
        return f"nothing to do: version {number} is the champion already"
    before = "was champion before" if outcome.word == "promoted" else f"was {outcome.word}"
    return f"nothing to do: nothing relevant changed since version {number} {before}"


def headline_of(cycle: Cycle) -> str:
    """Say in one line what became of the model."""
    number = cycle.outcome.version.number if cycle.outcome.version else None
    if cycle.outcome.decision is None:
        return _nothing(cycle.outcome, number)
    return headline(cycle.outcome.decision, number)


def _ran(stages: Sequence[str]) -> str:
    return f"Stages that ran: {', '.join(stages)}." if stages else "No stage ran."


def _judged(decision: Decision) -> list[str]:
    lines = [against(decision), "", *rules_list(decision.verdict.rules), ""]
    if decision.verdict.changes:
        lines += [*table_of(decision, _main(decision)), ""]
        lines += ["<details><summary>Every metric by emotion</summary>", ""]
        lines += [*changes_table(decision), "", "</details>", ""]
    if decision.version is None and decision.challenger.standing:
        lines += ["### Against its baselines", "", decision.challenger.standing, ""]
    return lines


def _main(decision: Decision) -> list[Change]:
    """Choose what the short table shows: all means, and the deciding metric by emotion."""
    metric = decision.demands.metric
    return [c for c in decision.verdict.changes if c.emotion is None or c.metric == metric]


def _figures(cycle: Cycle) -> list[str]:
    links = [f"![{text}]({address})" for text, address in cycle.figures.items()]
    return [*(links or ["Figures: `outputs/retrain/*.png`."]), ""]


def _warnings(decision: Decision) -> list[str]:
    told = decision.challenger.told
    return ["### Warnings about the data", "", *(f"- {text}" for text in told or ["none"]), ""]


def _reproduce(cycle: Cycle, decision: Decision) -> list[str]:
    return [
        "### How to reproduce",
        "",
        _ran(cycle.stages),
        "",
        "```sh",
        "dvc pull && dvc repro    # at this commit: computes nothing anew",
        f"python -m pipeline reproduce {decision.challenger.run_id}    # all anew, and compared",
        "```",
    ]


def message(cycle: Cycle) -> str:
    """Write the message of the commit of dvc.lock."""
    decision = cycle.outcome.decision
    rules = [f"{rule.name}: {rule.says}" for rule in decision.verdict.rules] if decision else []
    return "\n".join([f"Retrain: {headline_of(cycle)}", "", *rules])
