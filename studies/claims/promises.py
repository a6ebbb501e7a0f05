"""Measure what the recipe promises: two networks beside each other, on the labels of each.

Numbers of predictions are over all emotions together; they are averaged over seeds, and their
intervals draw people and seeds. Numbers of the course of training are those of one training,
averaged over folds; their intervals draw seeds, each of which deals people anew. Both networks of a
difference are drawn alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.evaluation.resampling.bootstrap import Groups, draw_subjects, group
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring.arrays import Floats, reach
from pipeline.evaluation.scoring.confusion import RATIOS, divide
from studies.cells import Said
from studies.claims.asking import Asked
from studies.frames import Array
from studies.learners.network import KNOWN
from studies.scores import Scorer, mean_of

ALL = ("all",)  # emotions together
HIGHER, BETTER, STEADIER, NO_OVERFITTING = (
    "higher predictions",
    "better recall",
    "steadier training",
    "no overfitting",
)
THRESHOLD = 0.5  # untuned, as it is promised


@dataclass(frozen=True)
class Measure:
    """What is measured, for which promise, and in which direction (+1, -1) it is kept.

    0: it stands beside the number that decides.
    """

    promise: str
    key: str
    name: str
    kept: int


OF_PREDICTIONS: Mapping[Measure, Callable[[Floats], Floats]] = {
    Measure(HIGHER, "predicted_over_labelled", "share predicted / share labelled", 1): lambda c: (
        divide(c[..., 0] + c[..., 1], c[..., 0] + c[..., 2])
    ),
    Measure(HIGHER, "predicted", "share predicted", 0): lambda c: (
        (c[..., 0] + c[..., 1]) / c.sum(axis=-1)
    ),
    Measure(BETTER, "recall", "recall", 1): RATIOS["recall"],
    Measure(BETTER, "precision", "precision", 0): RATIOS["precision"],
}
# Of the course of training. Before its minimum the loss has a way to go, which is no unsteadiness.
STEP = Measure(STEADIER, "step", "mean step of validation loss from its minimum on, % of that", -1)
FIRST_STEPS = Measure(STEADIER, "step_from_first", "the same from the first epoch on", 0)
LUCK = Measure(STEADIER, "luck", "variance of predictions between seeds, % of all", -1)
SPREAD = Measure(STEADIER, "spread", "deviation of the average precision between seeds", 0)
RISE = Measure(NO_OVERFITTING, "rise", "rise of validation loss after its minimum, % of that", -1)
GAP = Measure(NO_OVERFITTING, "gap", "average precision on training people minus on others", -1)
Numbers = dict[Measure, Samples]


def of_predictions(pooled: Sequence[Array], scorer: Scorer) -> Numbers:
    """Count what is predicted at `THRESHOLD` against what is labelled.

    `pooled` holds the predictions of each seed (rows, emotions) for the rows of the scorer.
    """
    groups = _groups(scorer)
    cells = [_cells(scorer.whole.labels, said, groups, scorer.positive_at) for said in pooled]
    return {
        measure: _averaged([formula(one) for one in cells], measure, groups)
        for measure, formula in OF_PREDICTIONS.items()
    }


def of_seeds(pooled: Sequence[Array], scorer: Scorer) -> Numbers:
    """Say how much of what is predicted depends on the seed: of its variance, and of the score."""
    stacked, groups = np.stack(pooled).astype(np.float64), _groups(scorer)
    within = stacked.var(axis=0, ddof=1).sum(axis=1)
    # Around each emotion's own mean: that emotions differ in how common they are is no finding.
    around = ((stacked - stacked.mean(axis=(0, 1))) ** 2).mean(axis=0).sum(axis=1)
    drawn = 100 * divide(_sums(within, groups), _sums(around, groups))
    scores = [scorer.draw(one, resamples=0)["average_precision"].point_macro for one in pooled]
    spread = np.full(len(drawn), np.std(scores, ddof=1))
    spread[1:] = np.nan  # of so few seeds no interval is to be had
    return {LUCK: _samples(LUCK, drawn, groups), SPREAD: _samples(SPREAD, spread, groups)}


def of_training(asked: Asked, scorer: Scorer) -> Numbers:
    """Measure how training went: steps, the rise at its end, the gap to people not learned from."""
    ways: dict[Measure, Callable[[Said], float]] = {
        STEP: lambda said: mean_step(from_minimum(losses_of(said))),
        FIRST_STEPS: lambda said: mean_step(losses_of(said)),
        RISE: lambda said: rise(losses_of(said)),
        GAP: lambda said: gap(said, scorer),
    }
    return {
        measure: _over_seeds(measure, [[way(one) for one in folds] for folds in asked.said], scorer)
        for measure, way in ways.items()
    }


def losses_of(said: Said) -> Floats:
    """Give the validation loss of each epoch."""
    return np.array([epoch["val_loss"] for epoch in said.notes["history"]])


def from_minimum(losses: Floats) -> Floats:
    """Leave out the epochs before the lowest loss."""
    return losses[losses.argmin() :]


def mean_step(losses: Floats) -> float:
    """Average how far the loss moves from epoch to epoch, in % of its minimum.

    NaN where there is no step: the last epoch was the best.
    """
    steps = np.abs(np.diff(losses))
    return float(100 * steps.mean() / losses.min()) if len(steps) else float("nan")


def rise(losses: Floats) -> float:
    """Say how far above its minimum the loss ends, in % of that."""
    return float(100 * (losses[-1] / losses.min() - 1))


def gap(said: Said, scorer: Scorer) -> float:
    """Take the score of people whom the network never saw from that of those it learned from."""
    known: Any = said.notes[KNOWN]
    others = scorer.point(said.predicted, said.places, "average_precision")
    return np.nan if known is None else float(known - others)


def _groups(scorer: Scorer) -> Groups:
    chosen = scorer.resampling
    return group(scorer.whole.subject, chosen.resamples, chosen.seed)


def _sums(by_row: Floats, groups: Groups) -> Floats:
    """Add up the rows of each draw of people: on all first, then one number a resample."""
    per_group = np.bincount(groups.of, weights=by_row, minlength=groups.draws.shape[1])
    return np.asarray(groups.draws @ per_group)


def _cells(true: Array, predicted: Array, groups: Groups, positive_at: float) -> Floats:
    """Count true and false positives and negatives in each draw: (1 + resamples, 4)."""
    positive, said = reach(true, positive_at), reach(predicted, THRESHOLD)
    kinds = (positive & said, ~positive & said, positive & ~said, ~positive & ~said)
    return np.stack([_sums(kind.sum(axis=1), groups) for kind in kinds], axis=-1)


def _samples(measure: Measure, drawn: Floats, groups: Groups) -> Samples:
    return Samples(
        measure.key,
        ALL,
        drawn[:1],
        drawn[1:, np.newaxis],
        groups.subjects,
        groups.seed,
        (-np.inf, np.inf),
    )


def _averaged(drawn: Sequence[Floats], measure: Measure, groups: Groups) -> Samples:
    return mean_of([_samples(measure, one, groups) for one in drawn], groups.seed)


def _over_seeds(measure: Measure, by_seed: Sequence[Sequence[float]], scorer: Scorer) -> Samples:
    """Average over the folds where a number is defined, and draw seeds."""
    numbers = np.array(by_seed)
    means = divide(np.nansum(numbers, axis=1), np.isfinite(numbers).sum(axis=1))
    chosen = scorer.resampling
    draws = draw_subjects(len(means), chosen.resamples, chosen.seed) / len(means)
    point = np.array([means.mean()])
    drawn = (draws @ means)[:, np.newaxis]
    return Samples(measure.key, ALL, point, drawn, len(means), chosen.seed, (-np.inf, np.inf))
