"""Show what is labelled and what is predicted, frame by frame, over clips chosen by a rule.

Of the clips with at least `LEAST_FRAMES` frames these are: the one whose labels vary most (standard
deviation over its frames, averaged over emotions; where labels never vary within a clip, that of
the predictions), and of the others the one that is predicted worst (mean absolute error).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.evaluation.scoring.arrays import Floats, Ints
from pipeline.report.figures.style import BLUE, FAINT, INK, ORANGE, sheet, styled, wrapped

LEAST_FRAMES = 10
MOST_POINTS = 300  # longer clips are averaged over so many equal stretches


@dataclass(frozen=True)
class ShownClip:
    """A clip and why it was chosen; labels and predictions are (frames, emotions).

    `true` is None where nobody labelled the clip.
    """

    subject: str
    name: str
    why: str
    frame: Ints
    true: Floats | None
    predicted: Floats


def choose_clips(keys: pa.Table, true: Floats, predicted: Floats) -> list[ShownClip]:
    """Choose up to two clips by the rule above; none where all are shorter.

    `keys` has `subject`, `clip` and `frame` of each row, clip by clip; arrays are (rows, emotions).
    """
    starts = _starts(keys)
    frames = np.diff(np.append(starts, len(true)))
    if frames.max() < LEAST_FRAMES:
        return []
    varied, what = _spread(true, starts, frames), "labels"
    if not varied[frames >= LEAST_FRAMES].any():
        varied, what = _spread(predicted, starts, frames), "predictions"
    wrong = _means(np.abs(true - predicted), starts, frames).mean(axis=1)
    chosen: dict[int, str] = {}
    for score, why in ((varied, f"most varied {what}"), (wrong, "predicted worst")):
        left = [i for i in np.flatnonzero(frames >= LEAST_FRAMES).tolist() if i not in chosen]
        if left:
            chosen[max(left, key=lambda i: float(score[i]))] = why
    return [
        _clip(keys, true, predicted, slice(starts[i], starts[i] + frames[i]), why)
        for i, why in chosen.items()
    ]


def _starts(keys: pa.Table) -> Ints:
    """Find the row at which each clip begins."""
    changed = np.ones(keys.num_rows, dtype=bool)
    codes = [
        keys[name].unify_dictionaries().combine_chunks().indices.to_numpy()
        for name in ("subject", "clip")
    ]
    changed[1:] = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    return np.flatnonzero(changed)


def _means(values: Floats, starts: Ints, frames: Ints) -> Floats:
    return np.add.reduceat(values, starts, axis=0, dtype=np.float64) / frames[:, np.newaxis]


def _spread(values: Floats, starts: Ints, frames: Ints) -> Floats:
    """Give each clip's standard deviation over its frames, averaged over emotions."""
    away = values - np.repeat(_means(values, starts, frames), frames, axis=0)
    spread: Floats = np.sqrt(_means(away**2, starts, frames)).mean(axis=1)
    # Averages of equal labels differ from them by a rounding error.
    return np.where(spread > 1e-6, spread, 0.0)


def _clip(keys: pa.Table, true: Floats, predicted: Floats, rows: slice, why: str) -> ShownClip:
    return ShownClip(
        subject=str(keys["subject"][rows.start].as_py()),
        name=str(keys["clip"][rows.start].as_py()),
        why=why,
        frame=keys["frame"].to_numpy()[rows],
        true=true[rows],
        predicted=predicted[rows],
    )


def timeline(
    clips: Sequence[ShownClip],
    emotions: Sequence[str],
    bounds: Sequence[float] | None = None,
    title: str = "",
) -> Figure:
    """Draw one column a clip and one row an emotion: labels dashed, predictions solid.

    `bounds` are thresholds of the emotions, drawn dotted; a title of one's own names the clips.
    """
    with styled():
        written = title or "Labels and predictions over a clip"
        figure = sheet("\n".join(wrap(written, 80)), 9, 1.4 + 0.62 * len(emotions))
        grid = figure.subplots(len(emotions), len(clips), sharex="col", sharey=True, squeeze=False)
        for column, clip in zip(grid.T, clips, strict=True):
            step = -(-len(clip.frame) // MOST_POINTS)
            for i, axes in enumerate(column):
                _trace(axes, clip, i, step)
                if bounds is not None:
                    axes.axhline(bounds[i], color=FAINT, ls=":", lw=1.2, label="threshold")
            if not title:
                column[0].set_title(f"{wrapped(clip.name)}\n({clip.why})", fontsize=8)
            column[-1].xaxis.set_major_locator(MaxNLocator(6, integer=True))
            column[-1].set_xlabel("frame" if step == 1 else f"frame (means of {step})")
        for axes, name in zip(grid[:, 0], emotions, strict=True):
            axes.set_ylabel(wrapped(name), rotation=0, ha="right", va="center")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def _trace(axes: Axes, clip: ShownClip, emotion: int, step: int) -> None:
    frame = _thin(clip.frame.astype(np.float64), step)
    marker = "." if len(frame) <= 40 else ""
    # A line must not bridge frames that were set aside.
    gaps = np.flatnonzero(np.diff(frame) > 2 * step) + 1
    for values, label, color, line in (
        (clip.true, "label", ORANGE, "--"),
        (clip.predicted, "predicted", BLUE, "-"),
    ):
        if values is None:
            continue
        x, y = (
            np.insert(frame, gaps, np.nan),
            np.insert(_thin(values[:, emotion], step), gaps, np.nan),
        )
        axes.plot(x, y, color=color, ls=line, lw=1.3, marker=marker, label=label, clip_on=False)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 1])
    axes.tick_params(axis="x", colors=INK)


def _thin(values: npt.NDArray[np.floating], step: int) -> Floats:
    """Average over stretches of so many values; the last may be shorter."""
    if step == 1:
        return values
    starts = np.arange(0, len(values), step)
    lengths = np.diff(np.append(starts, len(values)))
    return np.asarray(np.add.reduceat(values, starts, dtype=np.float64) / lengths)
