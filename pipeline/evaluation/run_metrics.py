"""Choose what a run, and what DVC, shows of an evaluation; the names are in `metric_names`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.names.safe_names import safe_names
from pipeline.evaluation.all_models import AllScores, Case
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.categories.judgement import CategoryJudgement
from pipeline.evaluation.certainty import PRIMARY, Certainty
from pipeline.evaluation.resampling.intervals import DIGITS
from pipeline.evaluation.scoring.arrays import reach
from pipeline.evaluation.scoring.emotion_scores import errors, mean
from pipeline.evaluation.scoring.metric_names import (
    CATEGORIES_VALIDATION,
    EMOTION,
    KNOWN,
    LABEL_MEAN,
    MACRO,
    OTHERS,
    OVERALL,
    count_others,
    fit_emotions,
)
from pipeline.evaluation.scoring.metrics import Scores

SHOWN = {"average_precision": "AP", "auroc": "AUROC", "f1": "F1"}  # in narrow columns
Numbers = dict[str, float | None]


def of_validation(
    scores: AllScores, categories: CategoryJudgement | None = None
) -> dict[str, float]:
    """Name what training could not know of the validation split.

    It depends on tuned thresholds, or, where people's categories are learned, on clips.
    """
    macro = scores["val"]["tuned"][NETWORK]["macro"]
    named: Numbers = {f"val/{name}": macro[MACRO[name]] for name in ("f1", "calibration_error")}
    if categories:
        named |= {f"val/{name}": categories.validation[name] for name in CATEGORIES_VALIDATION}
    return _defined(named)


def of_training(case: Case) -> dict[str, float]:
    """Name how well the kept network ranks its own training rows, without dropout."""
    rows = case.rows("train")
    if not rows.any():
        return {}
    true, predicted = case.true[rows], case.predicted[NETWORK][rows]
    positive = reach(true, case.bounds.positive_at)
    ranked = errors(true, predicted, positive, case.emotions)
    return _defined({KNOWN: mean(ranked, "average_precision")})


def of_test(
    scores: AllScores,
    certainty: Certainty,
    judged: Sequence[str],
    categories: CategoryJudgement | None = None,
) -> dict[str, float]:
    """Name the network's test scores, how sure they are, and how it stands to the baselines.

    `judged` are the emotions over which a gain is averaged.
    """
    others = count_others(len(certainty.baselines), categories=categories is not None)
    named = categories.of_test() if categories else {}
    tuned = scores["test"]["tuned"]
    own = tuned[NETWORK]
    return _defined(
        {f"test/{name}": own["macro"][metric] for name, metric in MACRO.items()}
        | {f"test/{name}": own["overall"].get(metric) for name, metric in OVERALL.items()}
        | {f"test/{name}": value for name, value in named.items()}
        | _bounds(certainty)
        | _against_baselines(tuned, certainty, judged)
        | _by_emotion(own, others)
    )


def of_labels(distribution: pd.DataFrame, others: int = OTHERS) -> dict[str, float]:
    """Name the mean label of each emotion over all splits, where that fits into a run.

    `others` counts what is not named by emotion, see `metric_names.count_others`.
    """
    whole = distribution[distribution["split"] == "all"]
    safe = safe_names(whole["emotion"])
    if "mean" not in fit_emotions(len(safe), [*EMOTION, "mean"], others):
        return {}
    pairs = zip(whole["emotion"], whole["mean"], strict=True)
    return {f"{LABEL_MEAN}/{safe[emotion]}": float(mean) for emotion, mean in pairs}


def for_dvc(
    scores: AllScores,
    certainty: Certainty,
    judged: Sequence[str],
    val_loss: float,
    categories: CategoryJudgement | None = None,
) -> dict[str, Numbers]:
    """Lay out the ten numbers that DVC shows, by short names, for columns are narrow.

    Macro averages of average precision (AP), area under the ROC curve, F1 at the tuned thresholds
    and calibration error (ECE); the gain over the best baseline in what models are compared by,
    with its lower bound. Where people's categories are learned two more: the accuracy of clips
    (ACC). Undefined numbers are None.
    """
    val, test = (scores[split]["tuned"][NETWORK]["macro"] for split in ("val", "test"))
    laid_out: dict[str, Numbers] = {
        "val": {name: val[metric] for metric, name in SHOWN.items()} | {"loss": val_loss},
        "test": {name: test[metric] for metric, name in SHOWN.items()} | {"ECE": test["ece"]},
        "gain": _least_gain(certainty, judged),
    }
    if categories:
        laid_out["val"]["ACC"] = categories.validation["clip_accuracy"]
        laid_out["test"]["ACC"] = categories.of(NETWORK, "clip_accuracy").point
    return {group: _rounded(numbers) for group, numbers in laid_out.items()}


def _least_gain(certainty: Certainty, judged: Sequence[str]) -> Numbers:
    gains = [certainty.standing(baseline, judged)[0] for baseline in certainty.baselines]
    defined = [gain for gain in gains if np.isfinite(gain.point)]
    name = SHOWN[certainty.primary]
    if not defined:
        return {name: None, "low": None}
    least = min(defined, key=lambda gain: gain.point)
    return {name: least.point, "low": least.low}


def _bounds(certainty: Certainty) -> dict[str, float | None]:
    own = certainty.of(certainty.samples[NETWORK][PRIMARY])
    return {f"test/{PRIMARY}_low": own.low, f"test/{PRIMARY}_high": own.high}


def _against_baselines(
    tuned: Mapping[str, Scores], certainty: Certainty, judged: Sequence[str]
) -> dict[str, float | None]:
    named: dict[str, float | None] = {}
    for baseline in certainty.baselines:
        gain, name = certainty.standing(baseline, judged)[0], baseline.replace(" ", "_")
        named[f"test/baseline/{name}"] = tuned[baseline]["macro"][certainty.primary]
        named |= {f"test/gain/{name}": gain.point, f"test/gain_low/{name}": gain.low}
    return named


def _by_emotion(own: Scores, others: int) -> dict[str, float | None]:
    safe = safe_names(own["emotion"])
    return {
        f"test/{kind}/{safe[emotion]}": numbers[EMOTION[kind]]
        for kind in fit_emotions(len(safe), list(EMOTION), others)
        for emotion, numbers in own["emotion"].items()
    }


def _defined(numbers: Mapping[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in numbers.items() if v is not None and np.isfinite(v)}


def _rounded(numbers: Numbers) -> Numbers:
    defined = _defined(numbers)
    return {k: round(defined[k], DIGITS) if k in defined else None for k in numbers}
