"""Say what speaks against predictions: people unlike those of training, or hardly known."""

from typing import Any

import numpy as np

from pipeline.data.card import profile
from pipeline.data.card.level_warnings import level_warnings
from pipeline.data.card.profile import Profile, ProfileCounter
from pipeline.data.features.feature_map import Levels, Population
from pipeline.data.frames import as_matrix, codes_of, run_starts
from pipeline.drift.shift_test import DriftBounds, compare
from pipeline.prediction.batches import Batch
from pipeline.prediction.stored_model import StoredModel

OUTCOMES = {
    "no drift": "No drift: the people are like those of training.",
    "drift": "Drift: the people are unlike those of training, and scores of the test say little.",
    "unknown": "Drift is not known:",
}
MOST_PEOPLE = 1000  # are compared with those of training; each takes about 40 kB


class NewProfile:
    """Count action units and predictions of the first people, to compare them with training's."""

    def __init__(self, model: StoredModel) -> None:
        self._columns = model.features.columns
        self._counter = ProfileCounter(
            [*self._columns, *(profile.PREDICTED + name for name in model.emotions)]
        )
        self._people = 0

    def add(self, batch: Batch) -> None:
        """Count the frames of a batch, as long as there are not too many people."""
        subject = batch.frames["subject"].combine_chunks()
        starts = [*run_starts(subject).tolist(), batch.frames.num_rows]
        rows = starts[: MOST_PEOPLE - self._people + 1][-1]
        if not rows:
            return
        self._people = min(self._people + len(starts) - 1, MOST_PEOPLE)
        values = np.hstack([as_matrix(batch.frames, self._columns), batch.predicted])
        self._counter.add(subject.slice(0, rows), values[:rows])

    def profile(self) -> Profile:
        """Give what was counted."""
        return self._counter.profile()


def drift_line(model: StoredModel, new: Profile, bounds: DriftBounds) -> str:
    """Say in one line whether the new people are unlike those of training."""
    if model.profile is None or model.profile.items != new.items:
        return (
            "Whether the people are unlike those of training is not known: the model has no "
            "profile of them."
        )
    found = compare(model.profile, new, bounds)
    more = len(found.reasons) - 1
    rest = f" ({more} more; `python -m pipeline drift` tells all)" if more > 0 else ""
    return f"{OUTCOMES[found.outcome]} {' '.join(found.reasons[:1])}{rest}".strip()


class OwnLevels:
    """Gather what calibration knew of each person, where features are calibrated."""

    def __init__(self, model: StoredModel) -> None:
        self._features = model.features
        self._levels: list[Levels] = []
        self._names: list[str] = []

    def add(self, batch: Batch) -> None:
        """Measure the people of a batch, each of whom stands in it with all frames."""
        if self._features.population is None:
            return
        people, words = codes_of(batch.frames["subject"])
        values = as_matrix(batch.frames, self._features.columns)
        found = self._features.levels(values, people, codes_of(batch.frames["clip"])[0])
        seen = np.flatnonzero(found.clips)
        self._levels.append(Levels(**{name: part[seen] for name, part in vars(found).items()}))
        self._names += [words[code] for code in seen]

    def warnings(self) -> list[dict[str, Any]]:
        """Warn of people of whom there is too little."""
        people: Population | None = self._features.population
        if people is None:
            return []
        joined = {
            name: np.concatenate([getattr(part, name) for part in self._levels])
            for name in vars(self._levels[0])
        }
        return level_warnings(Levels(**joined), self._names, people, self._features.shrink_clips)
