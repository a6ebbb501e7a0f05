"""Name the numbers that a run records: one scheme, at most `MOST`, what one chooses by first.

- `val/...`, `test/...`: the kept checkpoint's scores, macro averages over emotions at the tuned
  thresholds; `test/f1/<emotion>`, `test/gain_low/<baseline>`. Choose by `CHOOSE_BY`, never by test.
- `train/average_precision`: of its own training rows, without dropout; what it is above that of
  `val` was learned by heart.
- `epoch/...`: what every epoch measured, kept or not.
- `labels/mean/<emotion>`: the mean label of all frames. `external/<set>/...`: scores elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final

MOST = 60
# Of the kept checkpoint. Not `val/loss`, which decides what is kept within a run: class weights
# change its scale from run to run, the ranking of frames they leave alone.
CHOOSE_BY = "val/average_precision"
BEST_EPOCH = "epoch/best"
LABEL_MEAN = "labels/mean"
KNOWN = "train/average_precision"

# What people read of a metric, in every table, figure and sentence.
LABELS: Final = {
    "average_precision": "average precision",
    "auroc": "AUROC",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "exact_match": "exact match",
    "brier": "Brier score",
    "ece": "calibration error",
    "mae": "mean absolute error",
    "threshold": "threshold",
    # Of people's categories, see `category_scores`.
    "accuracy": "accuracy of frames",
    "balanced_accuracy": "balanced accuracy of frames",
    "macro_f1": "macro F1 of frames",
    "clip_accuracy": "accuracy of clips",
    "clip_balanced_accuracy": "balanced accuracy of clips",
    "clip_macro_f1": "macro F1 of clips",
}
LESS_IS_BETTER: Final = frozenset({"brier", "ece", "mae"})

# Columns of a training's history by what the run calls those of the kept checkpoint.
KEPT: Final = {CHOOSE_BY: "val_average_precision", "val/loss": "val_loss", "val/auroc": "val_auroc"}
EPOCH: Final = (
    *("loss", "val_loss", "learning_rate"),
    *("val_average_precision", "val_auroc", "val_f1"),
)

# Scores of an evaluation by what the run calls them.
MACRO: Final = {
    "average_precision": "average_precision",
    "auroc": "auroc",
    "f1": "f1",
    "precision": "precision",
    "recall": "recall",
    "calibration_error": "ece",
}
OVERALL: Final = {
    "brier_score": "brier",
    "mean_absolute_error": "mae",
}
EMOTION: Final = {"f1": "f1", "average_precision": "average_precision"}
# Where people's categories are learned: of the kept checkpoint, in both splits.
CATEGORIES: Final = tuple(
    f"{kind}{name}"
    for kind in ("", "clip_")
    for name in ("accuracy", "balanced_accuracy", "macro_f1")
)
BOUNDS: Final = ("clip_accuracy_low", "clip_accuracy_high")
CATEGORIES_VALIDATION: Final = ("accuracy", "clip_accuracy")
BASELINES = 3  # of which each has three numbers
OTHERS = 32  # the most that stands beside what is named by emotion, with so many baselines


def label_of(metric: str) -> str:
    """Give what people call a metric; its own name where it has no other."""
    return LABELS.get(metric, metric)


def of_epoch(measured: Mapping[str, float], kept: Mapping[str, float]) -> dict[str, float]:
    """Name what a run records of an epoch; `measured` and `kept` are rows of the history.

    `kept` is that of the checkpoint kept so far: so the last value of `val/...` is at any time
    that of the model which a run ends with. What is not defined is left out.
    """
    every = {f"epoch/{name}": measured[name] for name in EPOCH if name in measured}
    return of_checkpoint(kept) | {BEST_EPOCH: kept["epoch"]} | every


def of_checkpoint(kept: Mapping[str, float]) -> dict[str, float]:
    """Name the validation scores of a checkpoint, a row of the history."""
    return {name: kept[column] for name, column in KEPT.items() if column in kept}


def fit_emotions(emotions: int, kinds: Sequence[str], others: int = OTHERS) -> Sequence[str]:
    """Give the first kinds of numbers that fit into a run where each has one an emotion."""
    return kinds[: max(MOST - others, 0) // max(emotions, 1)]


def count_others(baselines: int, *, categories: bool) -> int:
    """Give the most numbers of a run that are not named by emotion."""
    named = len(CATEGORIES) + len(BOUNDS) + len(CATEGORIES_VALIDATION) if categories else 0
    return OTHERS + 3 * max(baselines - BASELINES, 0) + named
