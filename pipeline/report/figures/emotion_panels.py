"""Draw one small panel an emotion: confusion matrices, ROC, precision-recall, reliability."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.evaluation.scoring.metric_names import LABELS
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.report.figures.style import BLUE, DEEPEST, FAINT, FILL, PAPER, panels, styled, unit

FEW_ROWS = 10  # a mean over fewer is mostly chance


def confusion_matrices(table: pd.DataFrame) -> Figure:
    """Draw the table of `tidy_tables.confusion`: counts, and shares of each true class's rows."""
    with styled():
        figure, cells = panels(
            "Confusion matrices (share of each label's rows)", list(table["emotion"])
        )
        counts = table[["tn", "fp", "fn", "tp"]].to_numpy().tolist()
        for axes, (tn, fp, fn, tp) in zip(cells, counts, strict=True):
            _fill(axes, 0, (tn, fp))
            _fill(axes, 1, (fn, tp))
            axes.set(xlim=(-0.5, 1.5), ylim=(1.5, -0.5), aspect="equal")
            axes.set_xticks([0, 1], ["no", "yes"])
            axes.set_yticks([0, 1], ["no", "yes"])
            axes.tick_params(length=0)
            axes.spines[:].set_visible(True)
            axes.grid(visible=False)
            axes.set_xlabel("predicted")
            axes.set_ylabel("label")
    return figure


def roc(points: pd.DataFrame, scores: Scores) -> Figure:
    """Draw `curve_points.roc_points` with each AUROC of `scores` and the chance line."""
    with styled():
        figure, cells = panels("ROC curves", _titles(scores, "auroc", LABELS["auroc"]))
        for axes, (name, numbers) in zip(cells, scores["emotion"].items(), strict=True):
            if numbers["auroc"] is not None:
                axes.plot([0, 1], [0, 1], color=FAINT, lw=1, ls=":")
            curve = points[points["emotion"] == name]
            _curve(axes, curve["false_positive_rate"], curve["true_positive_rate"])
    return figure


def precision_recall(points: pd.DataFrame, scores: Scores) -> Figure:
    """Draw `curve_points.precision_recall_points`; the dotted line is the share of positives."""
    title = "Precision-recall curves\n(AP: average precision, dotted: share of positives)"
    with styled():
        figure, cells = panels(title, _titles(scores, "average_precision", "AP"))
        for axes, (name, numbers) in zip(cells, scores["emotion"].items(), strict=True):
            if numbers["average_precision"] is not None:
                share = (numbers["positives"] or 0) / scores["rows"]
                axes.axhline(share, color=FAINT, lw=1, ls=":")
            curve = points[points["emotion"] == name]
            _curve(axes, curve["recall"], curve["precision"])
    return figure


def reliability(points: pd.DataFrame) -> Figure:
    """Draw `curve_points.reliability_points`: on the dotted line, they mean what they say."""
    names = list(dict.fromkeys(points["emotion"]))
    with styled():
        title = "Reliability: mean label by predicted probability"
        figure, cells = panels(f"{title}\n(open: fewer than {FEW_ROWS} rows)", names)
        for axes, name in zip(cells, names, strict=True):
            axes.plot([0, 1], [0, 1], color=FAINT, lw=1, ls=":")
            curve = points[points["emotion"] == name]
            _curve(axes, curve["mean_predicted"], curve["mean_true"], marker="o")
            few = curve.loc[curve["rows"] < FEW_ROWS, ["mean_predicted", "mean_true"]]
            if len(few):  # the layout trips over an empty line
                axes.plot(*few.to_numpy().T, "o", ms=4, c=BLUE, mfc=PAPER, clip_on=False)
            axes.set(xlabel="mean prediction", ylabel="mean label")
    return figure


def _fill(axes: Axes, down: int, counts: tuple[int, int]) -> None:
    total = sum(counts)
    for across, number in enumerate(counts):
        share = number / total if total else 0.0
        shade = Rectangle((across - 0.5, down - 0.5), 1, 1, color=FILL, alpha=share * DEEPEST, lw=0)
        axes.add_patch(shade)
        text = f"{number:,}\n{share:.0%}" if total else "0\n-"
        axes.text(across, down, text, ha="center", va="center")


def _titles(scores: Scores, metric: str, label: str) -> list[str]:
    return [
        f"{name}\n{label} " + ("undefined" if numbers[metric] is None else f"{numbers[metric]:.2f}")
        for name, numbers in scores["emotion"].items()
    ]


def _curve(axes: Axes, x: "pd.Series[float]", y: "pd.Series[float]", marker: str = "") -> None:
    axes.plot(x, y, color=BLUE, marker=marker, ms=4, clip_on=False)
    unit(axes, str(x.name).replace("_", " "))
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_ylabel(str(y.name).replace("_", " "))
    axes.set_aspect("equal")
    if x.empty:
        axes.text(0.5, 0.5, "needs positives\nand negatives", ha="center", va="center", color=FAINT)
