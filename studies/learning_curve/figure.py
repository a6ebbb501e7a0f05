"""Draw a learning curve with its law, and scores by a new person's own clips."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.figures.style import BLUE, FAINT, line, mark, sheet, styled
from studies.learning_curve.asking import Curve, OwnClips
from studies.learning_curve.found import Found

FIGURE = "learning_curve"


def draw(found: Found) -> Figure:
    """Draw both curves; the second where it was asked."""
    with styled():
        figure = sheet("What more recordings bring", 9, 3.6)
        panels = figure.subplots(1, 1 if found.own_clips is None else 2, squeeze=False).flat
        _draw_people(panels[0], found)
        if found.own_clips is not None:
            _draw_clips(panels[1], found, found.own_clips)
    return figure


def _draw_people(axes: Axes, found: Found) -> None:
    _points(axes, found, found.curve)
    ends = found.curve.numbers[0], found.study.times * found.laws.largest
    people = np.linspace(*ends, 60)
    laws = np.stack([found.laws.at(float(n)) for n in people])
    tail = (1 - found.settings.evaluate.confidence) / 2
    band = np.nanquantile(laws[:, 1:], [tail, 1 - tail], axis=1)
    axes.plot(people, laws[:, 0], **line(0))
    axes.fill_between(people, *band, color=BLUE, alpha=0.12, lw=0)
    axes.set_xlabel("training people")
    axes.set_ylabel(found.metric)


def _draw_clips(axes: Axes, found: Found, own: OwnClips) -> None:
    _points(axes, found, own.by_number)
    for name, one, at in (
        ("all clips", own.everything, 0),
        ("not calibrated", own.uncalibrated, 3),
    ):
        axes.axhline(found.of(one).point, label=name, **line(at))
    axes.set_xlabel("unlabelled clips of a new person")
    axes.legend(loc="lower right")


def _points(axes: Axes, found: Found, curve: Curve) -> None:
    each = [found.of(one) for one in curve.scores]
    axes.vlines(curve.numbers, [e.low for e in each], [e.high for e in each], color=FAINT, lw=1.2)
    axes.plot(curve.numbers, [e.point for e in each], linestyle="none", **mark(0))
