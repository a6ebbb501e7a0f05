"""Report a retraining as Markdown: for a job's summary and for a comment on a pull request."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.comparison.paired import Change
from pipeline.promotion.decision import Decision
from pipeline.promotion.promote import Outcome
from pipeline.promotion.verdict_page import against, changes_table, headline, rules_list, standing
from pipeline.report.pages.document import Block, Code, Items, Page, Picture, Section
from pipeline.report.pages.text import to_markdown


@dataclass(frozen=True)
class Place:
    """Where a result can be had again.

    `fetch` names a git remote and a branch or commit of it (None: what is checked out here),
    `remote` tells whether DVC has a remote, `stored` whether the outputs are there, `recorded`
    whether the run is in a store that others reach, or stays here.
    """

    fetch: tuple[str, str] | None = None
    remote: bool = False
    stored: bool = False
    recorded: bool = True


@dataclass(frozen=True)
class Cycle:
    """What a retraining did: which stages ran, and what the gate said of the model.

    `tried` lists the parameters (`KEY=VALUE`) that were set to try them. `figures` gives the
    address of each figure by what it shows; empty where none can be shown.
    """

    stages: Sequence[str]
    outcome: Outcome
    tried: Sequence[str] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    place: Place = field(default_factory=Place)


def summary(cycle: Cycle) -> str:
    """Write the page: verdict, rules, scores, warnings, figures, how to reproduce."""
    decision = cycle.outcome.decision
    title = f"Retraining: {headline_of(cycle)}"
    if decision is None:
        return to_markdown(Page(title, [], [], about=[*_tried(cycle), _ran(cycle.stages)]))
    sections = [
        Section("Rules", [rules_list(decision)]),
        Section("Scores", [*changes_table(decision, _main(decision)), *_figures(cycle)]),
        Section("Every metric by emotion", changes_table(decision), folded=True),
        Section("Against its baselines", standing(decision)),
        Section("Warnings about the data", [Items(decision.challenger.told or ["none"])]),
        Section("How to reproduce", [_ran(cycle.stages), Code(_commands(cycle, decision))]),
    ]
    return to_markdown(Page(title, [], sections, about=[*_tried(cycle), against(decision)]))


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


def _tried(cycle: Cycle) -> list[str]:
    if not cycle.tried:
        return []
    shown = ", ".join(f"`{value}`" for value in cycle.tried)
    return [f"Tried, and neither promoted nor stored: {shown}."]


def _commands(cycle: Cycle, decision: Decision) -> str:
    place = cycle.place
    lines = []
    if place.fetch:
        source = shlex.join(place.fetch)
        lines.append(f"git fetch {source} && git checkout FETCH_HEAD")
    pull = "dvc pull --allow-missing && " if place.fetch and place.remote else ""
    if cycle.tried:
        values = " ".join(f"-S {shlex.quote(value)}" for value in cycle.tried)
        lines.append(f"{pull}dvc exp run {values}")
    else:
        anew = "nothing" if place.fetch is None or place.stored else "what is not stored"
        lines.append(f"{pull}dvc repro    # computes {anew}")
    if place.recorded:
        run_id = decision.challenger.run_id
        lines.append(f"python -m pipeline reproduce {run_id}    # computes all of it, and compares")
    return "\n".join(lines)


def message(cycle: Cycle) -> str:
    """Write the message of the commit of dvc.lock."""
    decision = cycle.outcome.decision
    rules = [f"{rule.name}: {rule.says}" for rule in decision.verdict.rules] if decision else []
    return "\n".join([f"Retrain: {headline_of(cycle)}", "", *rules])
