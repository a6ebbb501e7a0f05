"""Draw every figure of an evaluation."""

import pandas as pd
from matplotlib.figure import Figure

from pipeline.evaluation import curves, figures, panels, tables
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.case import Case, mean_table
from pipeline.evaluation.metrics import Scores


def draw(
    case: Case, tuned: dict[str, Scores], distribution: pd.DataFrame, history: pd.DataFrame
) -> dict[str, tuple[Figure, str]]:
    """Give each figure by name with the caption that says what it shows.

    `tuned` holds the test scores by model, `distribution` and `history` are the tables of label
    counts and of epochs that `figures` describes.
    """
    test = case.rows("test")
    true, network = case.true[test], case.predicted[NETWORK][test]
    at = case.bounds.positive_at
    counts = tables.confusion(
        true, network, case.emotions, positive_at=at, thresholds=case.thresholds[NETWORK]
    )
    roc = curves.roc_points(true, network, case.emotions, at)
    recall = curves.precision_recall_points(true, network, case.emotions, at)
    reliability = curves.reliability_points(true, network, case.emotions)
    own = tuned[NETWORK]
    return {
        "overview": (figures.overview(tuned), "The network beside its baselines (test)"),
        "mean_predictions": (
            figures.mean_predictions(mean_table(case)),
            "Mean prediction and mean label",
        ),
        "label_distribution": (
            figures.label_distribution(distribution),
            "How often and how strongly each emotion is labelled",
        ),
        "training_curves": (
            figures.training_curves(history),
            "Loss by epoch; the best epoch was kept",
        ),
        "confusion": (panels.confusion_matrices(counts), "Confusion matrices (test)"),
        "roc": (panels.roc(roc, own), "ROC curves (test)"),
        "precision_recall": (panels.precision_recall(recall, own), "Precision and recall (test)"),
        "reliability": (panels.reliability(reliability), "What probabilities mean (test)"),
    }
