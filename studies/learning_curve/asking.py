"""Train with fewer people, and ask about people who bring few clips."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import InputError
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring.arrays import Floats
from pipeline.settings import params
from pipeline.settings.schema import Params
from studies.cells import Cell, Said, cell_of, compute
from studies.frames import Whole
from studies.people import Part, fewer, parts_of
from studies.scores import Scorer, pool
from studies.settings import LearningCurveParams, params_of

PLACE = params_of("learning_curve")
LEAST_SIZES = 3  # that a law of three numbers can be fitted to
Parts = list[tuple[int, list[Part]]]  # by seed


@dataclass(frozen=True)
class Curve:
    """Scores by number: of people who train, on average over folds, or of a person's own clips."""

    numbers: tuple[float, ...]
    scores: tuple[Samples, ...]


@dataclass(frozen=True)
class OwnClips:
    """Calibrated scores by number of own clips, with all of them, and without calibration."""

    by_number: Curve
    everything: Samples
    uncalibrated: Samples


@dataclass(frozen=True)
class Asking:
    """What all questions have in common."""

    study: LearningCurveParams
    settings: Params
    whole: Whole
    scorer: Scorer

    @property
    def parts(self) -> Parts:
        """The parts of each seed."""
        study = self.study
        return [(seed, parts_of(self.whole.people, study.folds, seed)) for seed in study.seeds]

    def score(self, said: Sequence[Said]) -> Samples:
        """Score what was said seed by seed, fold by fold, by the metric that models go by."""
        number = len(said) // len(self.study.seeds)
        rows = len(self.whole.labels)
        pooled = [pool(said[i : i + number], rows) for i in range(0, len(said), number)]
        return self.scorer.repeated(pooled)[0][self.settings.evaluate.primary]


def sizes_of(shares: Sequence[float], parts: Parts) -> list[dict[tuple[int, int], int]]:
    """Say for each share how many train, by seed and fold.

    Raises `InputError` where they are not three different numbers in every fold.
    """
    found = [
        {
            (seed, fold): max(1, round(share * len(part.train)))
            for seed, folds in parts
            for fold, part in enumerate(folds)
        }
        for share in sorted(shares)
    ]
    for key, most in found[-1].items():
        if len(numbers := {one[key] for one in found}) < LEAST_SIZES:
            raise InputError(
                f"{PLACE}: shares is {list(shares)}: of a fold's {most} training people that "
                f"makes {sorted(numbers)}. A curve needs {LEAST_SIZES} or more different numbers: "
                "give other shares, or bring more people."
            )
    return found


def by_people(asking: Asking) -> Curve:
    """Score networks that learned from fewer and fewer people, asked about the same people."""
    parts = asking.parts
    sizes = sizes_of(asking.study.shares, parts)
    cells = [
        cell_of(NETWORK, asking.settings, fewer(part, size[seed, fold], seed), seed)
        for size in sizes
        for seed, folds in parts
        for fold, part in enumerate(folds)
    ]
    said, each = compute(cells, asking.study.jobs), len(sizes[0])
    scores = [asking.score(said[i : i + each]) for i in range(0, len(said), each)]
    return Curve(tuple(float(np.mean([*one.values()])) for one in sizes), tuple(scores))


def clips_of(whole: Whole) -> Floats:
    """Count the clips of each person (people,)."""
    pairs = np.unique(np.stack([whole.subject, whole.clip]), axis=1)
    return np.bincount(pairs[0], minlength=len(whole.people)).astype(np.float64)


def by_own_clips(asking: Asking) -> OwnClips | None:
    """Score the calibrated network on people who bring few clips; None where no number fits."""
    half = float(np.median(clips_of(asking.whole)))
    numbers = tuple(sorted(n for n in asking.study.own_clips if n <= half))
    if not numbers:
        return None
    with_level, without = (
        params.with_values(asking.settings, {"features.calibrate": kind}, PLACE)
        for kind in ("subject", "none")
    )
    few = [replace(cell, own_clips=numbers) for cell in _cells(asking, with_level)]
    said = compute([*few, *_cells(asking, with_level), *_cells(asking, without)], asking.study.jobs)
    each = len(few)
    by_number = [
        asking.score([_of_number(one, i, len(numbers)) for one in said[:each]])
        for i in range(len(numbers))
    ]
    whole = [asking.score(said[start : start + each]) for start in (each, 2 * each)]
    return OwnClips(Curve(numbers, tuple(by_number)), *whole)


def _cells(asking: Asking, settings: Params) -> list[Cell]:
    return [
        cell_of(NETWORK, settings, part, seed) for seed, folds in asking.parts for part in folds
    ]


def _of_number(said: Said, place: int, numbers: int) -> Said:
    """Take what was said for one of the numbers of clips."""
    rows = len(said.places) // numbers
    own = slice(place * rows, (place + 1) * rows)
    return replace(said, places=said.places[own], predicted=said.predicted[own])
