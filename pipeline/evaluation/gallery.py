"""Draw every figure of an evaluation, and say in words what each one shows."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from pipeline.evaluation import curves, figures, panels, tables, timeline
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.case import Case, mean_table
from pipeline.evaluation.document import Picture
from pipeline.evaluation.metrics import Scores


@dataclass(frozen=True)
class Drawn:
    """A figure, its caption, and in words what it shows."""

    figure: Figure
    caption: str
    words: str


def pictures(drawn: Mapping[str, Drawn]) -> dict[str, Picture]:
    """Give what a page says of each figure."""
    return {name: Picture(name, one.caption, one.words) for name, one in drawn.items()}


def draw(
    case: Case,
    keys: pa.Table,
    tuned: dict[str, Scores],
    distribution: pd.DataFrame,
    history: pd.DataFrame,
) -> dict[str, Drawn]:
    """Give each figure by name.

    `keys` has `subject`, `clip` and `frame` of the test rows, `tuned` the test scores by model;
    `distribution` and `history` are the tables of label counts and of epochs that `figures`
    describes.
    """
    return {
        **_compared(case, tuned),
        **_judged(case, tuned[NETWORK]),
        **_over_clips(case, keys),
        "label_distribution": Drawn(
            figures.label_distribution(distribution),
            "How often and how strongly each emotion is labelled",
            f"Share of positive frames and mean label by split: {_labelled(distribution)}.",
        ),
        "training_curves": Drawn(
            figures.training_curves(history),
            "Loss and learning rate by epoch; the epoch of the lowest validation loss was kept",
            f"Training and validation loss over {len(history)} epochs; the lowest validation "
            f"loss is {history['val_loss'].min():.4f}.",
        ),
    }


def _compared(case: Case, tuned: dict[str, Scores]) -> dict[str, Drawn]:
    macro = ", ".join(
        f"{model} {_shown(own['macro']['average_precision'])}" for model, own in tuned.items()
    )
    means = mean_table(case)
    gap = means[means["split"] == "test"].set_index("emotion")["difference"]
    return {
        "overview": Drawn(
            figures.overview(tuned),
            "The network beside its baselines (test)",
            f"Average precision, AUROC and F1 by emotion. Macro average precision: {macro}.",
        ),
        "mean_predictions": Drawn(
            figures.mean_predictions(means),
            "What is predicted on average, against what is labelled on average",
            f"Mean prediction minus mean label on test: {_listed(gap, '+.3f')}.",
        ),
    }


def _judged(case: Case, own: Scores) -> dict[str, Drawn]:
    """Draw one panel an emotion from the network's test rows."""
    test, at = case.rows("test"), case.bounds.positive_at
    pair = case.true[test], case.predicted[NETWORK][test]
    counts = tables.confusion(
        *pair, case.emotions, positive_at=at, thresholds=case.thresholds[NETWORK]
    )
    roc = curves.roc_points(*pair, case.emotions, at)
    recall = curves.precision_recall_points(*pair, case.emotions, at)
    reliability = curves.reliability_points(*pair, case.emotions)
    hits = ", ".join(
        f"{row['emotion']} {row['tp']} of {row['tp'] + row['fn']}"
        for row in counts.to_dict("records")
    )
    ranked = {
        metric: ", ".join(f"{name} {_shown(n[metric])}" for name, n in own["emotion"].items())
        for metric in ("auroc", "average_precision")
    }
    return {
        "confusion": Drawn(
            panels.confusion_matrices(counts),
            "Confusion matrices at the tuned thresholds (test)",
            f"Positive rows that were found: {hits}.",
        ),
        "roc": Drawn(
            panels.roc(roc, own), "ROC curves (test)", f"Area under each curve: {ranked['auroc']}."
        ),
        "precision_recall": Drawn(
            panels.precision_recall(recall, own),
            "Precision and recall (test)",
            f"Average precision of each curve: {ranked['average_precision']}.",
        ),
        "reliability": Drawn(
            panels.reliability(reliability),
            "What probabilities mean (test): on the dotted line they can be taken at their word",
            "Mean label against mean prediction in ten bins of probability, one panel an emotion.",
        ),
    }


def _over_clips(case: Case, keys: pa.Table) -> dict[str, Drawn]:
    """Draw clips frame by frame; nothing where clips have too few frames."""
    test = case.rows("test")
    clips = timeline.choose_clips(keys, case.true[test], case.predicted[NETWORK][test])
    if not clips:
        return {}
    named = ", ".join(f"{clip.name} ({clip.why}, {len(clip.frame)} frames)" for clip in clips)
    return {
        "timeline": Drawn(
            timeline.timeline(clips, case.emotions),
            "Labels and predictions frame by frame (test), of clips chosen by rule: that with "
            "the most varied labels (where none vary, predictions) and that predicted worst",
            f"Label and predicted probability of each emotion over the clips {named}.",
        )
    }


def _labelled(distribution: pd.DataFrame) -> str:
    whole = distribution[distribution["split"] == "all"].set_index("emotion")
    share: pd.Series[float] = whole["at_least_0_5"] / whole["frames"]
    return f"labels of at least 0.5 in all splits: {_listed(share, '.1%')}"


def _listed(values: "pd.Series[float]", form: str) -> str:
    return ", ".join(f"{name} {value:{form}}" for name, value in values.items())


def _shown(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.3f}"
