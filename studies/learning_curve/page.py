"""Lay a learning curve out as a page."""

import numpy as np

from pipeline.evaluation.resampling.intervals import Interval, difference
from pipeline.report.pages.document import Block, Items, Page, Picture, Section, Table, bounded
from studies.learning_curve.asking import clips_of
from studies.learning_curve.figure import FIGURE
from studies.learning_curve.found import Found
from studies.recording import asked_of
from studies.scores import sign_of

HIGHEST = 0.999  # a ceiling above this is that of scores, not one that was found
BELOW = 0.01  # how far calibration with few clips may stand below none


def curve_page(found: Found) -> Page:
    """Return the page; its figure is that of `draw`."""
    study = found.study
    about = asked_of(found.whole, found.settings, study.folds, study.seeds)
    caption = f"{found.metric} by training people, and by clips that a new person brings"
    picture = Picture(FIGURE, caption, " ".join(told(found)), f"{FIGURE}.png")
    sections = [
        Section("More people", [picture, _people(found), _legend(found)]),
        Section("More clips of a new person", _clips(found)),
    ]
    return Page(f"Learning curve: {found.settings.data.path}", told(found), sections, [about])


def told(found: Found) -> list[str]:
    """Answer in one sentence whether more recordings would help, then say by what."""
    gain, study, most = found.further, found.study, found.laws.largest
    if gain.low > 0 and gain.point >= study.worth:
        answer = "yes"
    else:
        answer = "no" if gain.high < study.worth else "cannot be told"
    lines = [
        f"Would more recordings help? {answer.capitalize()}: {study.times:g} times the people "
        f"({study.times * most:.0f} in training, not {most:.0f}) are expected to change "
        f"{found.metric} by {_bounded(gain, '+')}."
    ]
    least, first, last = found.curve.numbers[0], found.curve.scores[0], found.curve.scores[-1]
    lines.append(
        f"So far: from {least:.0f} to {most:.0f} people {found.of(first).point:.3f} to "
        f"{found.of(last).point:.3f}, {_bounded(found.of(difference(last, first)), '+')}."
    )
    return lines + _told_of_clips(found)


def _told_of_clips(found: Found) -> list[str]:
    if (own := found.own_clips) is None:
        return []
    gains = [found.of(difference(one, own.uncalibrated)) for one in own.by_number.scores]
    pairs = list(zip(own.by_number.numbers, gains, strict=True))
    least = min(pairs, key=lambda pair: pair[1].point)
    better = next((n for n, gain in pairs if sign_of(gain) > 0), None)
    helps = (
        "not certainly better with any number of clips that was tried"
        if better is None
        else f"certainly better from {better:.0f} on"
    )
    kept = "never" if least[1].point >= -BELOW else f"with {least[0]:.0f} clips"
    return [
        f"Calibration by clips of a new person: {kept} more than {BELOW:g} below none on average; "
        f"{helps}."
    ]


def _bounded(found: Interval, sign: str = "") -> str:
    return bounded(found.point, found.low, found.high, sign)


def _people(found: Found) -> Table:
    curve = found.curve
    rows = [
        [
            f"{n:.1f}",
            _bounded(found.of(one)),
            _bounded(found.of(difference(one, curve.scores[i - 1])), "+") if i else None,
            float(found.laws.at(n)[0]),
        ]
        for i, (n, one) in enumerate(zip(curve.numbers, curve.scores, strict=True))
    ]
    header = ["training people", found.metric, "gain over fewer", "the law says"]
    return Table("Mean over folds and seeds", header, rows)


def _legend(found: Found) -> Items:
    ceiling, distance, rate = found.laws.laws[0]
    open_ended = (
        "The scores do not bend enough to tell a ceiling below 1: expect less than it says."
    )
    return Items(
        [
            *([open_ended] if ceiling > HIGHEST else []),
            f"The law: {ceiling:.3f} - {distance:.3f} (people / {found.laws.largest:.1f})^"
            f"-{rate:.2f}. It was fitted to each of {len(found.laws.laws) - 1} resamples of people "
            "and seeds as well, which give its interval; that it may not hold beyond the last "
            "point is no part of that.",
            f"Yes: the interval of the gain lies above 0, and the gain is {found.study.worth:g} or "
            f"more. No: all of it lies below {found.study.worth:g}.",
            "Who trains with few people trains with more as well. Those who tell when to stop are "
            "the same at every number.",
        ]
    )


def _clips(found: Found) -> list[Block]:
    if (own := found.own_clips) is None:
        half = float(np.median(clips_of(found.whole)))
        return [
            f"Not asked: half of the people have {half:g} clips or fewer, and "
            f"`own_clips` is {list(found.study.own_clips)}."
        ]
    scores = [*own.by_number.scores, own.everything]
    names = [*(f"{n:.0f}" for n in own.by_number.numbers), "all"]
    rows = [
        [name, _bounded(found.of(one)), _bounded(found.of(difference(one, own.uncalibrated)), "+")]
        for name, one in zip(names, scores, strict=True)
    ]
    rows.append(["not calibrated", _bounded(found.of(own.uncalibrated)), "-"])
    header = ["clips of the person", found.metric, "gain over not calibrated"]
    return [
        Table("With `features.calibrate: subject`", header, rows),
        "A person's clips are dealt at random to people who bring so many each: the level is taken "
        "from those alone, without labels, and they are what is predicted. Training people have "
        "all their clips. Clips of all categories are dealt: of one-sided ones evaluation and "
        "prediction warn (`one_sided_clips`).",
    ]
