"""Draw what the labels are, how training went and how the network stands among its baselines."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.evaluation.scoring.metric_names import LABELS, label_of
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.report.figures.style import (
    BLUE,
    FAINT,
    FILL,
    GREEN,
    INK,
    dots,
    line,
    percent,
    plain,
    rows_of,
    sheet,
    styled,
    unit,
)

FEW_POINTS = 40  # a line of so many points at most has a mark on each
MOST_DOTS = 100  # more subjects are told by quartiles alone
SPREAD = {"auroc": f"{LABELS['auroc']} within a subject", "mae": LABELS["mae"]}
COMPARED = ("average_precision", "auroc", "f1")


def label_distribution(table: pd.DataFrame) -> Figure:
    """Draw how often and how strongly each emotion is labelled in each split.

    `table` has one row a split and emotion, the emotions in the same order in each split:
    `split`, `emotion`, `frames`, the counts `above_0_1` and `at_least_0_5`, and `mean` (0-1).
    The split `all` is not drawn.
    """
    table = table[table["split"] != "all"]
    emotions, splits = list(table["emotion"].unique()), list(table["split"].unique())
    shown = {
        "above_0_1": "frames with a label > 0.1",
        "at_least_0_5": "frames with a label ≥ 0.5",
        "mean": "mean label (0-1)",
    }
    with styled():
        figure = sheet("How often each emotion is labelled", 9, _height(emotions, len(splits)))
        axes = _row(figure, len(shown))
        for panel, (column, label) in zip(axes, shown.items(), strict=True):
            total = 1 if column == "mean" else table["frames"]
            values = (table[column] / total).where(table["frames"] > 0)
            dots(panel, emotions, {split: values[table["split"] == split] for split in splits})
            axis = plain if column == "mean" else percent
            axis(panel, label)
        _legend(figure, axes[0])
    return figure


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw `loss` and `val_loss` by `epoch`, `learning_rate` below; mark the epoch that is kept."""
    epoch = history["epoch"]
    marker = "." if len(epoch) <= FEW_POINTS else ""
    with styled():
        figure = sheet("Training", 9, 4.6)
        loss, rate = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        for column, label, look in (("loss", "training", 1), ("val_loss", "validation", 0)):
            loss.plot(epoch, history[column], marker=marker, label=label, **line(look))
        _mark_best(loss, history)
        loss.set_ylabel("loss (cross-entropy)")
        rate.step(epoch, history["learning_rate"], where="mid", color=INK)
        rate.set_yscale("log")
        rates = np.unique(history["learning_rate"])
        rates = rates[:: -max(1, len(rates) // 4)]
        rate.set_yticks(rates, [f"{value:.2g}" for value in rates])
        rate.minorticks_off()
        rate.set_ylabel("learning rate")
        rate.set_xlabel("epoch")
        rate.set_xlim(epoch.min() - 0.5, epoch.max() + 0.5)
        rate.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        figure.align_ylabels()
        _legend(figure, loss)
    return figure


def mean_predictions(table: pd.DataFrame) -> Figure:
    """Draw the table of `tidy_tables.mean_predictions`, one panel a split."""
    splits = list(dict.fromkeys(table["split"]))
    emotions = list(dict.fromkeys(table["emotion"]))
    with styled():
        title = "Mean prediction against mean label"
        figure = sheet(title, max(6.0, 1.5 + 2.6 * len(splits)), _height(emotions, 2))
        axes = _row(figure, len(splits), sharex=True)
        for panel, split in zip(axes, splits, strict=True):
            rows = table[table["split"] == split].set_index("emotion").loc[emotions]
            dots(panel, emotions, {"predicted": rows["mean_predicted"], "label": rows["mean_true"]})
            plain(panel, "mean (0-1)")
            panel.set_title(f"{split} split")
        _legend(figure, axes[0])
    return figure


def overview(scores: Mapping[str, Scores], intervals: pd.DataFrame) -> Figure:
    """Draw each model's average precision, AUROC and F1 by emotion; the first model leads.

    `intervals` is the table of `certainty.intervals_table`. Behind each emotion stands how many
    of the rows are positive.
    """
    network = next(iter(scores.values()))
    emotions = list(network["emotion"])
    names = [f"{name} ({n['positives']})" for name, n in network["emotion"].items()]
    own = intervals[intervals["against"].isna() & intervals["emotion"].notna()]
    with styled():
        rows = network["rows"]
        title = f"The model against its baselines (in brackets: positives of {rows:,} rows)"
        figure = sheet(title, 9, _height(emotions, len(scores)))
        axes = _row(figure, len(COMPARED))
        for panel, metric in zip(axes, COMPARED, strict=True):
            values = {model: _values(found, metric) for model, found in scores.items()}
            drawn = own[own["metric"] == metric]
            spans = {model: _span(drawn[drawn["model"] == model], emotions) for model in scores}
            dots(panel, names, values, spans)
            unit(panel, label_of(metric) + _gaps(values))
        axes[1].axvline(0.5, color=FAINT, lw=1, ls=":")
        _legend(figure, axes[0])
    return figure


def subjects(table: pd.DataFrame) -> Figure:
    """Draw the table of `by_subject.scores_by_group`: how scores spread from subject to subject.

    A dot is a subject (of `MOST_DOTS` at most), the bar spans the middle half of them, the tick
    is the median.
    """
    emotions = list(dict.fromkeys(table["emotion"]))
    few = table["subject"].nunique() <= MOST_DOTS
    with styled():
        figure = sheet("From person to person", 9, _height(emotions, 2))
        axes = _row(figure, len(SPREAD))
        for panel, (metric, label) in zip(axes, SPREAD.items(), strict=True):
            rows_of(panel, emotions)
            for row, emotion in enumerate(emotions):
                values = table.loc[table["emotion"] == emotion, metric].dropna()
                _spread(panel, row, values.to_numpy(dtype=np.float64), few)
            unit(panel, label)
    return figure


def _spread(axes: Axes, row: int, values: npt.NDArray[np.float64], few: bool) -> None:
    if not len(values):
        axes.text(0.02, row, "undefined", color=FAINT, va="center", style="italic")
        return
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    axes.hlines(row, low, high, color=FILL, alpha=0.35, lw=9)
    axes.plot(middle, row, "|", color=INK, ms=13, mew=1.8, clip_on=False)
    if few:
        axes.plot(values, np.full(len(values), row), "o", ms=4, c=BLUE, mfc="none", clip_on=False)


def _values(found: Scores, metric: str) -> list[float]:
    numbers = (emotion[metric] for emotion in found["emotion"].values())
    return [np.nan if number is None else number for number in numbers]


def _span(intervals: pd.DataFrame, emotions: list[str]) -> tuple[npt.ArrayLike, npt.ArrayLike]:
    rows = intervals.set_index("emotion").loc[emotions]
    return rows["low"].to_numpy(), rows["high"].to_numpy()


def _gaps(values: Mapping[str, Sequence[float]]) -> str:
    missing = np.isnan(np.array(list(values.values())))
    some = (missing.any(axis=0) & ~missing.all(axis=0)).any()
    return "\n(no mark: undefined)" if some else ""


def _mark_best(axes: Axes, history: pd.DataFrame) -> None:
    if not history["val_loss"].notna().any():
        return
    row = int(np.nanargmin(history["val_loss"].to_numpy()))
    epoch, lowest = int(history["epoch"].iloc[row]), float(history["val_loss"].iloc[row])
    label = f"best: epoch {epoch}, validation loss {lowest:.4f}"
    axes.axvline(epoch, color=FAINT, lw=1, ls=":")
    axes.plot(epoch, lowest, "o", ms=10, mfc="none", mec=GREEN, mew=2, label=label)


def _height(emotions: Sequence[str], series: int) -> float:
    return 1.5 + len(emotions) * max(0.42, 0.15 * series)


def _row(figure: Figure, count: int, *, sharex: bool = False) -> list[Axes]:
    return list(figure.subplots(1, count, sharex=sharex, sharey=True, squeeze=False).flat)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels))
