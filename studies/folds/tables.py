"""Lay out what a study of folds found: scores with intervals, people, cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.evaluation.categories.samples import CLIPS, answers_of
from pipeline.evaluation.resampling.intervals import Samples, difference, interval
from pipeline.evaluation.scoring.by_subject import scores_by_group
from pipeline.evaluation.scoring.category_scores import accuracy_by_subject, categories_of
from studies.folds.asking import Asked
from studies.scores import Scorer, Scores, deviation

MACRO = "all"  # stands for the average over emotions
DIGITS = 6
VALUES = (
    *("value", "low", "high", "between_seeds", "between_cells", "validation"),
    *("gain", "gain_low", "gain_high"),
)


@dataclass(frozen=True)
class Scored:
    """A model's scores over all seeds, and the score of each seed by metric."""

    asked: Asked
    scores: Scores
    by_seed: dict[str, list[float]]


def score_all(models: Sequence[Asked], scorer: Scorer) -> list[Scored]:
    """Score every model on all people."""
    rows = len(scorer.whole.labels)
    return [Scored(one, *scorer.repeated(one.pooled(rows))) for one in models]


def scores_table(
    found: Sequence[Scored], reference: str, primary: str, level: float
) -> pd.DataFrame:
    """List every score: `variant`, `model`, `metric`, `emotion`, `value`, `low`, `high`.

    `between_seeds` is the standard deviation of the seeds' scores, `between_cells` that of folds
    and seeds together; `validation` is the mean score of validation people. Both are of the
    primary metric. `gain`, `gain_low`, `gain_high`: minus the reference of the same variant.
    """
    of = {one.asked.variant: one.scores for one in found if one.asked.model == reference}
    lines: list[dict[str, object]] = []
    for one in found:
        known: dict[str, object] = {"variant": one.asked.variant, "model": one.asked.model}
        for metric, samples in one.scores.items():
            gains = difference(samples, of[one.asked.variant][metric])
            if one.asked.model == reference:
                gains = replace(gains, point=np.full_like(gains.point, np.nan))
            named = known | {"metric": metric}
            whole: dict[str, object] = {
                "between_seeds": deviation(one.by_seed[metric]),
                **_of_cells(one.asked, metric == primary),
            }
            lines.append(named | {"emotion": MACRO} | _line(samples, gains, level) | whole)
            if len(samples.emotions) > 1:
                lines += [
                    named | {"emotion": emotion} | _line(samples, gains, level, emotion)
                    for emotion in samples.emotions
                ]
    columns = ["variant", "model", "metric", "emotion", *VALUES]
    return pd.DataFrame(lines, columns=columns).round(DIGITS)


def _line(
    samples: Samples, gains: Samples, level: float, emotion: str | None = None
) -> dict[str, object]:
    """Give a score and its gain with their bounds."""
    own, gain = (interval(one, level, emotion) for one in (samples, gains))
    return {
        "value": own.point,
        "low": own.low,
        "high": own.high,
        "gain": gain.point,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }


def _of_cells(asked: Asked, shown: bool) -> dict[str, float]:
    if not shown:
        return {"between_cells": np.nan, "validation": np.nan}
    cells = asked.tested[np.isfinite(asked.tested)]
    return {
        "between_cells": deviation(cells.tolist()),
        "validation": float(asked.validated.mean()),
    }


def cells_table(found: Sequence[Scored], primary: str, seeds: Sequence[int]) -> pd.DataFrame:
    """List each cell's score of the primary metric: `test`, and `validation` where it has."""
    lines = [
        (one.asked.variant, one.asked.model, primary, seed, fold + 1, tested, validated)
        for one in found
        for seed, scores, others in zip(seeds, one.asked.tested, one.asked.validated, strict=True)
        for fold, (tested, validated) in enumerate(zip(scores, others, strict=True))
    ]
    columns = ["variant", "model", "metric", "seed", "fold", "test", "validation"]
    return pd.DataFrame(lines, columns=columns).round(DIGITS)


def people_table(found: Sequence[Scored], scorer: Scorer) -> tuple[pd.DataFrame, str]:
    """List each person's score by each model, mean over seeds, least understood first.

    The score is the accuracy of clips; where there are no categories it is the AUROC within the
    person, averaged over the emotions that are defined. Columns: `subject`, then each
    `variant: model`.
    """
    whole = scorer.whole
    named = categories_of(whole.labels) is not None
    score = _named if named else _ranked
    columns = {
        f"{one.asked.variant}: {one.asked.model}": np.mean(
            [score(scorer, predicted) for predicted in one.asked.pooled(len(whole.labels))], axis=0
        )
        for one in found
    }
    table = pd.DataFrame(columns, index=pd.Index(whole.people, name="subject"))
    order = table.mean(axis=1).sort_values(kind="stable").index
    kind = "accuracy of clips" if named else "AUROC within a person"
    return table.loc[order].round(DIGITS).reset_index(), kind


def _named(scorer: Scorer, predicted: np.ndarray) -> np.ndarray:
    whole = scorer.whole
    keys = whole.emotions, whole.subject, whole.clip
    answers = answers_of(whole.labels, predicted, *keys)[CLIPS]
    table = accuracy_by_subject(answers, whole.people).set_index("subject")["accuracy"]
    return table.reindex(list(whole.people)).to_numpy()


def _ranked(scorer: Scorer, predicted: np.ndarray) -> np.ndarray:
    whole = scorer.whole
    table = scores_by_group(
        whole.labels,
        predicted,
        whole.subject,
        whole.people,
        whole.emotions,
        positive_at=scorer.positive_at,
        thresholds=0.5,
        kind="subject",
    )
    return table.groupby("subject")["auroc"].mean().reindex(list(whole.people)).to_numpy()
