"""Lay the claims out as a page with its figure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.figures.style import FAINT, dots, line, sheet, styled
from pipeline.report.pages.document import Items, Page, Picture, Section, Table, bounded, cell
from pipeline.settings.schema import Params
from studies.claims.asking import MORE, Asked
from studies.claims.labels import OWN, PEOPLE
from studies.claims.promises import losses_of
from studies.claims.verdicts import KEPT, NOT_KEPT, SAME, UNTOLD, Line, whole_verdict
from studies.frames import Whole
from studies.recording import asked_of
from studies.settings import ClaimsParams

FIGURE = "claims"


@dataclass(frozen=True)
class Found:
    """All that the page tells; `courses` are the two recipes' trainings by name."""

    study: ClaimsParams
    settings: Params
    whole: Whole
    promises: Sequence[Line]
    recommendations: Sequence[Line]
    courses: Mapping[str, Asked]


def claims_page(found: Found) -> Page:
    """Return the page; its figure is that of `draw`."""
    study = found.study
    about = asked_of(found.whole, found.settings, study.folds, study.seeds)
    sections = [
        Section("Promises of the recipe", [_picture(found), *_promises(found)]),
        Section("Recommendations", [*_recommendations(found)]),
        Section("How each is decided", [_legend(found)], folded=True),
    ]
    return Page(
        f"Promises and recommendations: {found.settings.data.path}", told(found), sections, [about]
    )


def told(found: Found) -> list[str]:
    """Count the verdicts, then say each with the number that decides it."""
    own = _by_claim([one for one in found.promises if one.truth == OWN])
    advice = [one for one in found.recommendations if one.truth == OWN]
    counted = _counted([whole_verdict(lines) for lines in own.values()])
    lines = [f"Promises of `{found.study.improved}`: {counted}."]
    lines += [f"{claim}: {whole_verdict(of)}. {_numbers(of)}." for claim, of in own.items()]
    lines.append(f"Recommendations: {_counted([one.verdict for one in advice])}.")
    return lines + [f"{one.claim}: {one.verdict}. {_numbers([one])}." for one in advice]


def _by_claim(lines: Sequence[Line]) -> dict[str, list[Line]]:
    claims = dict.fromkeys(one.claim for one in lines)
    return {claim: [one for one in lines if one.claim == claim] for claim in claims}


def _counted(verdicts: Sequence[str]) -> str:
    counts = Counter(verdicts)
    return ", ".join(f"{counts[v]} {v}" for v in (KEPT, NOT_KEPT, UNTOLD, SAME) if counts[v])


def _numbers(lines: Sequence[Line]) -> str:
    return "; ".join(
        f"{one.number} {cell(one.without.point)} to {cell(one.own.point)}, {_change(one)}"
        for one in lines
        if one.verdict
    )


def _change(one: Line) -> str:
    found = one.change
    return bounded(found.point, found.low, found.high, "+")


def _table(caption: str, lines: Sequence[Line], names: Sequence[str]) -> Table:
    rows = [
        [
            one.claim,
            one.number,
            *(bounded(x.point, x.low, x.high) for x in (one.without, one.own)),
            _change(one),
            one.verdict or "-",
        ]
        for one in lines
    ]
    return Table(caption, ["claim", "number", *names, "change", "verdict"], rows)


def _promises(found: Found) -> list[Table | str]:
    names = [found.study.baseline, found.study.improved]
    blocks: list[Table | str] = [
        _table(f"Against {truth}", lines, names)
        for truth in (OWN, PEOPLE)
        if (lines := [one for one in found.promises if one.truth == truth])
    ]
    if found.settings.label.source == "human":
        blocks.append("People's words are the labels that both recipes learn.")
    elif len(blocks) == 1:
        blocks.append(
            "People's words: none in the data whose category an emotion means "
            "(`evaluate.human_names`), so the recipes are judged by their own labels alone."
        )
    return blocks


def _recommendations(found: Found) -> list[Table | str]:
    blocks: list[Table | str] = [
        _table(f"Against {truth}", lines, ["not followed", "followed"])
        for truth in (OWN, PEOPLE)
        if (lines := [one for one in found.recommendations if one.truth == truth])
    ]
    share = found.study.fewer_people
    blocks.append(
        f"{MORE}: all training people against {share:.0%} of them; `make learning-curve` tells "
        "what further people would bring."
    )
    return blocks


def _legend(found: Found) -> Items:
    level = found.settings.evaluate.confidence
    return Items(
        [
            f"In brackets {level:.0%} intervals: a bootstrap over people and seeds, or, of the "
            "course of training, over seeds, each of which deals people anew. Both networks of a "
            "change are drawn alike.",
            f"{KEPT}: the interval of the change lies on the promised side of 0; {NOT_KEPT}: on "
            f"the other; {UNTOLD}: it holds 0; {SAME}: both networks say the same, as where the "
            "data lacks the columns. Lines without a verdict stand beside the number that decides.",
            "A promise with two numbers is kept where both are, and not kept where one is not.",
            "Predicted and labelled: at least 0.5, untuned, over all emotions together. Each "
            "recipe's own labels differ where rules make them: their divisors do.",
            "Variance between seeds: how much of what is predicted depends on who was dealt to "
            "train, on the first weights and on the order of rows.",
            *(
                f"{name}: {_values(one.tried)} against {_values(one.against)}"
                for name, one in found.study.recommendations.items()
            ),
        ]
    )


def _values(values: Mapping[str, object]) -> str:
    return ", ".join(f"`{key}: {value}`" for key, value in values.items()) or "as it is"


def _picture(found: Found) -> Picture:
    caption = (
        "mean validation loss over its minimum, by epoch (a training that stopped keeps its last); "
        "what each recommendation gains"
    )
    return Picture(FIGURE, caption, " ".join(told(found)), f"{FIGURE}.png")


def draw(found: Found) -> Figure:
    """Draw how validation loss goes in both recipes, and the gains of the recommendations."""
    with styled():
        figure = sheet("What was promised, and what was found", 9, 3.6)
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        _courses(left, found.courses)
        advice = [one for one in found.recommendations if one.truth == OWN]
        changes = [one.change for one in advice]
        spans = [one.low for one in changes], [one.high for one in changes]
        values = {"gain": [one.point for one in changes]}
        dots(right, [one.claim for one in advice], values, {"gain": spans})
        right.axvline(0, color=FAINT, lw=1)
        right.set_xlabel(f"gain in {advice[0].number}")
    return figure


def _courses(axes: Axes, courses: Mapping[str, Asked]) -> None:
    """Average over trainings; one that has stopped keeps its last loss."""
    for i, (name, asked) in enumerate(courses.items()):
        each = [losses_of(one) for folds in asked.said for one in folds]
        longest = max(map(len, each))
        loss = np.mean(
            [np.pad(one / one.min(), (0, longest - len(one)), mode="edge") for one in each], axis=0
        )
        axes.plot(np.arange(1, longest + 1), loss, label=name, **line(i))
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation loss / minimum")
    axes.legend()
