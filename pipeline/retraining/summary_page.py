"""Report a retraining as Markdown: for a job's summary and for one comment on a pull request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.comparison.paired import Change
from pipeline.promotion.decision import Decision
from pipeline.promotion.promote import Outcome
from pipeline.promotion.verdict_page import against, changes_table, headline, rules_list, standing
from pipeline.report.pages.document import Block, Code, Items, Page, Picture, Section
from pipeline.report.pages.text import to_markdown

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
    """Write the page: verdict, rules, scores, warnings, figures, how to reproduce."""
    decision = cycle.outcome.decision
    title = f"Retraining: {headline_of(cycle)}"
    if decision is None:
        return to_markdown(Page(title, [], [], about=[_ran(cycle.stages)]))
    sections = [
        Section("Rules", [rules_list(decision)]),
        Section("Scores", [*changes_table(decision, _main(decision)), *_figures(cycle)]),
        Section("Every metric by emotion", changes_table(decision), folded=True),
        Section("Against its baselines", standing(decision)),
        Section("Warnings about the data", [Items(decision.challenger.told or ["none"])]),
        Section("How to reproduce", [_ran(cycle.stages), Code(_commands(decision))]),
    ]
    return to_markdown(Page(title, [], sections, about=[against(decision)]))


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


def _main(decision: Decision) -> list[Change]:
    """Choose what the short table shows: all means, and the deciding metric by emotion."""
    metric = decision.demands.metric
    return [c for c in decision.verdict.changes if c.emotion is None or c.metric == metric]


def _figures(cycle: Cycle) -> list[Block]:
    if not cycle.figures:
        return ["Figures: `outputs/retrain/*.png`."]
    return [Picture("", text, text, address) for text, address in cycle.figures.items()]


def _commands(decision: Decision) -> str:
    return (
        "dvc pull && dvc repro    # at this commit: computes nothing anew\n"
        f"python -m pipeline reproduce {decision.challenger.run_id}    # all anew, and compared"
    )


def message(cycle: Cycle) -> str:
    """Write the message of the commit of dvc.lock."""
    decision = cycle.outcome.decision
    rules = [f"{rule.name}: {rule.says}" for rule in decision.verdict.rules] if decision else []
    return "\n".join([f"Retrain: {headline_of(cycle)}", "", *rules])
