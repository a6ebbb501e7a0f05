"""Say which figures an evaluation has, how each is drawn, and in words what it shows."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.evaluation.all_models import Case, mean_table
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.evaluation.scoring.tidy_tables import confusion
from pipeline.report.figures import (
    au_grids,
    category_figures,
    clip_timeline,
    curve_points,
    emotion_panels,
    overviews,
)
from pipeline.report.figures.data_card import card_figure
from pipeline.report.figures.rendering import Drawing, Drawn
from pipeline.report.pages.document import Picture


def pictures(drawn: Mapping[str, Drawn], folder: str) -> dict[str, Picture]:
    """Give what a page says of each figure; `folder` holds the files, seen from the page."""
    return {
        name: Picture(name, one.caption, one.words, f"{folder}/{name}.png")
        for name, one in drawn.items()
    }


def before_scores(
    card: Mapping[str, Any], distribution: pd.DataFrame, history: pd.DataFrame
) -> dict[str, Drawing]:
    """Give the figures of data and training by name.

    `card` is `data_card.json`; `distribution` counts labels, `history` has a row an epoch.
    """
    told = ", ".join(f"{split} {counts['frames']:,}" for split, counts in card["splits"].items())
    return {
        "data_card": Drawing(
            partial(card_figure, card),
            "Action units and labels by split, before training",
            f"Action units and labels in each split. Frames: {told}.",
        ),
        "label_distribution": Drawing(
            partial(overviews.label_distribution, distribution),
            "How often and how strongly each emotion is labelled",
            f"Share of positive frames and mean label by split: {_labelled(distribution)}.",
        ),
        "training_curves": Drawing(
            partial(overviews.training_curves, history),
            "Loss and learning rate by epoch; the epoch of the lowest validation loss was kept",
            f"Training and validation loss over {len(history)} epochs; the lowest validation "
            f"loss is {history['val_loss'].min():.4f}.",
        ),
    }


def of_scores(
    case: Case,
    keys: pa.Table,
    tuned: Mapping[str, Scores],
    tables: Mapping[str, pd.DataFrame],
) -> dict[str, Drawing]:
    """Give the figures of a model's predictions by name.

    `keys` has `subject`, `clip` and `frame` of the test rows, `tuned` the test scores by model.
    `tables` has `intervals` of `certainty.intervals_table`, and where they were made `subjects` of
    `by_subject.scores_by_group` and those of `CategoryJudgement.tables`.
    """
    return {
        **_compared(case, tuned, tables["intervals"]),
        **_judged(case, tuned[NETWORK]),
        **_people(tables),
        **_categories(tables),
        **_over_clips(case, keys),
    }


def _compared(
    case: Case, tuned: Mapping[str, Scores], intervals: pd.DataFrame
) -> dict[str, Drawing]:
    macro = ", ".join(
        f"{model} {_shown(own['macro']['average_precision'])}" for model, own in tuned.items()
    )
    means = mean_table(case)
    gap = means[means["split"] == "test"].set_index("emotion")["difference"]
    return {
        "overview": Drawing(
            partial(overviews.overview, tuned, intervals),
            "The network beside its baselines (test), with intervals over subjects",
            f"Average precision, AUROC and F1 by emotion. Macro average precision: {macro}.",
        ),
        "mean_predictions": Drawing(
            partial(overviews.mean_predictions, means),
            "What is predicted on average, against what is labelled on average",
            f"Mean prediction minus mean label on test: {_listed(gap, '+.3f')}.",
        ),
    }


def _judged(case: Case, own: Scores) -> dict[str, Drawing]:
    """Draw one panel an emotion from the network's test rows."""
    test, at = case.rows("test"), case.bounds.positive_at
    pair = case.true[test], case.predicted[NETWORK][test]
    counts = confusion(*pair, case.emotions, positive_at=at, thresholds=case.thresholds[NETWORK])
    roc = curve_points.roc_points(*pair, case.emotions, at)
    recall = curve_points.precision_recall_points(*pair, case.emotions, at)
    reliability = curve_points.reliability_points(*pair, case.emotions)
    hits = ", ".join(
        f"{row['emotion']} {row['tp']} of {row['tp'] + row['fn']}"
        for row in counts.to_dict("records")
    )
    ranked = {
        metric: ", ".join(f"{name} {_shown(n[metric])}" for name, n in own["emotion"].items())
        for metric in ("auroc", "average_precision")
    }
    return {
        "confusion": Drawing(
            partial(emotion_panels.confusion_matrices, counts),
            "Confusion matrices at the tuned thresholds (test)",
            f"Positive rows that were found: {hits}.",
        ),
        "roc": Drawing(
            partial(emotion_panels.roc, roc, own),
            "ROC curves (test)",
            f"Area under each curve: {ranked['auroc']}.",
        ),
        "precision_recall": Drawing(
            partial(emotion_panels.precision_recall, recall, own),
            "Precision and recall (test)",
            f"Average precision of each curve: {ranked['average_precision']}.",
        ),
        "reliability": Drawing(
            partial(emotion_panels.reliability, reliability),
            "What probabilities mean (test): on the dotted line they can be taken at their word",
            "Mean label against mean prediction in ten bins of probability, one panel an emotion.",
        ),
    }


def _people(tables: Mapping[str, pd.DataFrame]) -> dict[str, Drawing]:
    """Draw the spread over subjects; nothing where there is one alone, or too many."""
    if "subjects" not in tables or tables["subjects"]["subject"].nunique() < 2:
        return {}
    table = tables["subjects"]
    errors = table.groupby("subject", sort=False)["mae"].mean()
    return {
        "subjects": Drawing(
            partial(overviews.subjects, table),
            "Scores of each test subject: bar from the first to the third quartile, tick at the "
            "median. AUROC is of those with both positives and negatives",
            f"Of {len(errors)} subjects the mean absolute error, averaged over emotions, is lowest "
            f"for {errors.idxmin()} ({errors.min():.3f}) and highest for {errors.idxmax()} "
            f"({errors.max():.3f}).",
        )
    }


def _categories(tables: Mapping[str, pd.DataFrame]) -> dict[str, Drawing]:
    """Draw what is named what, and whose clips are understood, where categories are learned."""
    if "categories" not in tables:
        return {}
    table, people = tables["categories"], tables["category_people"]
    matrix = tables["category_confusion"].set_index("category")
    own = table[(table["model"] == NETWORK) & (table["metric"] == "accuracy")].set_index("kind")
    accuracy = float(own["value"]["clips"])
    shown = people.rename(columns={"clip_accuracy": "accuracy"})
    recalls = pd.Series(matrix.to_numpy().diagonal() / matrix.sum(axis=1), dtype=float)
    ends = [f"{row['subject']} ({row['clip_accuracy']:.3f})" for row in _first_and_last(people)]
    return {
        "categories": Drawing(
            partial(category_figures.confusion_matrix, matrix, "clips of the test people"),
            "Which category the network names (columns) for what people said (rows)",
            f"Share of each category's clips that is named right: {_listed(recalls, '.0%')}.",
        ),
        "category_people": Drawing(
            partial(category_figures.accuracy_by_subject, shown, accuracy, 1 / len(matrix)),
            "Share of each person's clips that is named right (test)",
            f"Of {len(people)} people the clips of {ends[0]} are named worst, those of {ends[1]} "
            "best.",
        ),
    }


def _first_and_last(table: pd.DataFrame) -> list[dict[Any, Any]]:
    rows = table.to_dict("records")
    return [rows[0], rows[-1]]


def of_action_units(importance: pd.DataFrame, response: pd.DataFrame) -> dict[str, Drawing]:
    """Give the figures of what the network makes of each action unit; see `explaining`."""
    most = importance.sort_values("importance").groupby("emotion", sort=False).tail(1)
    named = ", ".join(f"{row['emotion']} {row['column']}" for row in most.to_dict("records"))
    return {
        "importance": Drawing(
            partial(au_grids.importance_map, importance),
            "What shuffling an action unit costs each emotion (test)",
            f"Importance of each action unit for each emotion. The most important: {named}.",
        ),
        "response": Drawing(
            partial(au_grids.response_curves, response, importance),
            "Predictions while one action unit rises and the others stay at their median",
            "Predicted probability by the value of each action unit, a small curve a pair.",
        ),
    }


def _over_clips(case: Case, keys: pa.Table) -> dict[str, Drawing]:
    """Draw clips frame by frame; nothing where clips have too few frames."""
    test = case.rows("test")
    clips = clip_timeline.choose_clips(keys, case.true[test], case.predicted[NETWORK][test])
    if not clips:
        return {}
    named = ", ".join(f"{clip.name} ({clip.why}, {len(clip.frame)} frames)" for clip in clips)
    return {
        "timeline": Drawing(
            partial(clip_timeline.timeline, clips, case.emotions),
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
