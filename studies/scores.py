"""Score pooled predictions, with intervals over people and over repetitions (seeds).

In each repetition every person is asked about once, by a model that did not see him: a score is of
all these rows together. Its mean over the repetitions is what is told. An interval draws people and
repetitions, both with replacement; the same draws serve all models, so that differences are paired.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import InputError
from pipeline.evaluation.categories.samples import answers_of, draw_samples
from pipeline.evaluation.resampling.bootstrap import Resampling, group, samples_of
from pipeline.evaluation.resampling.intervals import Interval, Samples
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.evaluation.scoring.category_scores import categories_of
from pipeline.settings.schema import Params
from studies.cells import Said
from studies.frames import Array, Whole

RANKS = ("average_precision", "auroc")
Scores = dict[str, Samples]


@dataclass(frozen=True)
class Scorer:
    """What is scored: labels of all rows, and what counts as positive."""

    whole: Whole
    positive_at: float
    resampling: Resampling

    @classmethod
    def of(cls, whole: Whole, settings: Params) -> "Scorer":
        """Score as the stage `evaluate` does."""
        chosen = settings.evaluate
        resampling = Resampling(chosen.resamples, chosen.seed, chosen.confidence)
        return cls(whole, chosen.positive_at, resampling)

    def draw(self, predicted: Array, rows: Ints | None = None, resamples: int = -1) -> Scores:
        """Score predictions (rows, emotions) of these rows of the table, or of all.

        Where each row has one category, metrics of categories as well.
        """
        whole = self.whole
        rows = np.arange(len(whole.labels)) if rows is None else rows
        number = self.resampling.resamples if resamples < 0 else resamples
        true, subject, clip = whole.labels[rows], whole.subject[rows], whole.clip[rows]
        found = samples_of(
            true,
            predicted,
            group(subject, number, self.resampling.seed),
            whole.emotions,
            RANKS,
            positive_at=self.positive_at,
            thresholds=0.5,
        )
        if len(whole.emotions) > 1 and categories_of(true) is not None:
            subject = np.unique(subject, return_inverse=True)[1]
            answers = answers_of(true, predicted, whole.emotions, subject, clip)
            found |= draw_samples(answers, replace(self.resampling, resamples=number))
        return found

    def point(self, predicted: Array, rows: Ints, metric: str) -> float:
        """Score some rows by one metric; NaN where that is undefined."""
        return self.draw(predicted, rows, 0)[metric].point_macro

    def repeated(self, repetitions: Iterable[Array]) -> tuple[Scores, dict[str, list[float]]]:
        """Average over repetitions; give the score of each as well, by metric."""
        drawn = [self.draw(predicted) for predicted in repetitions]
        means = {
            metric: mean_of([one[metric] for one in drawn], self.resampling.seed)
            for metric in drawn[0]
        }
        return means, {metric: [one[metric].point_macro for one in drawn] for metric in means}


def refuse_metric(metric: str, scorer: Scorer) -> None:
    """Raise `InputError` where labels cannot be scored by the metric."""
    if metric not in (listed := [*scorer.draw(scorer.whole.labels, resamples=0)]):
        raise InputError(
            f"params.yaml: evaluate.primary is {metric!r}; these labels can be scored by "
            f"{', '.join(listed)}."
        )


def pool(said: Iterable[Said], rows: int) -> Array:
    """Put the folds of one repetition together: predictions (rows, emotions).

    Raises `InputError` unless each row was asked about once.
    """
    parts = list(said)
    places = np.concatenate([part.places for part in parts])
    if len(places) != rows or len(np.unique(places)) != rows:
        raise InputError(f"{len(np.unique(places))} of {rows} rows were asked about once.")
    pooled = np.empty((rows, parts[0].predicted.shape[1]), dtype=np.float32)
    for part in parts:
        pooled[part.places] = part.predicted
    return pooled


def mean_of(samples: Sequence[Samples], seed: int) -> Samples:
    """Average over repetitions; each resample draws so many of them as there are."""
    number, drawn = len(samples), len(samples[0].samples)
    shares = np.full(number, 1 / number)
    weights = np.random.default_rng(seed).multinomial(number, shares, size=drawn) / number
    stacked = np.stack([one.samples for one in samples])
    return replace(
        samples[0],
        point=np.mean([one.point for one in samples], axis=0),
        samples=np.einsum("bs,sbe->be", weights, stacked),
    )


def deviation(values: Sequence[float]) -> float:
    """Give the standard deviation of single values; NaN of fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def sign_of(gain: Interval) -> int:
    """Say whether an interval lies above 0 (1) or below it (-1); 0 where it holds it, or is not."""
    return int(gain.low > 0) - int(gain.high < 0)


def best_of(scores: Mapping[str, float]) -> str:
    """Name the highest, the first of equals; undefined ones are lowest."""
    return max(scores, key=lambda name: np.nan_to_num(scores[name], nan=-np.inf))
