"""Choose, on validation rows, the probability from which an emotion counts as present."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.scoring.arrays import Bools, Floats, Ints, checked, reach


@dataclass(frozen=True)
class Goal:
    """What a threshold is to reach; each name uses the numbers that it needs.

    `f1`: the best F1. `recall`: the highest recall at a precision of at least `least_precision`.
    `cost`: the least cost, where an emotion that is there and not seen costs `miss` and one that
    is seen and not there `false_alarm`.
    """

    name: Literal["f1", "recall", "cost"] = "f1"
    least_precision: float = 0.8
    miss: float = 1.0
    false_alarm: float = 1.0

    def used(self) -> dict[str, float | str]:
        """List the goal's name and the numbers that it uses."""
        if self.name == "recall":
            return {"goal": self.name, "least_precision": self.least_precision}
        if self.name == "cost":
            return {"goal": self.name, "miss": self.miss, "false_alarm": self.false_alarm}
        return {"goal": self.name}

    def words(self) -> str:
        """Say the goal: `best F1`, `highest recall at a precision of at least 0.8`."""
        return {
            "f1": "best F1",
            "recall": f"highest recall at a precision of at least {self.least_precision:g}",
            "cost": f"least cost (a miss {self.miss:g}, a false alarm {self.false_alarm:g})",
        }[self.name]

    def worth(
        self, hits: Ints, predicted_positive: Ints, positives: int
    ) -> npt.NDArray[np.float64]:
        """Value thresholds by true positives and by rows predicted positive; -inf: not allowed."""
        if self.name == "cost":
            return -(
                self.miss * (positives - hits) + self.false_alarm * (predicted_positive - hits)
            )
        if self.name == "recall":
            precise = hits >= self.least_precision * predicted_positive
            return np.where(precise, hits / positives, -np.inf)
        return np.asarray(2 * hits / (predicted_positive + positives))


@dataclass(frozen=True)
class Choice:
    """A threshold, and why it is the default where it could not be tuned."""

    threshold: float
    note: str = ""


def choose(
    true: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    positive_at: float,
    default: float,
    goal: Goal,
) -> list[Choice]:
    """Choose for each emotion the threshold that serves the goal best on these rows.

    Candidates are the default, each predicted value (no other threshold divides the rows in
    another way) and, where the goal is cost, one just above all of them. Of equals, the default
    wins, so that it moves only for a reason; else the highest. Without positives, or without
    negatives, the default stays: the rows then say nothing about where to cut. So it does where
    no threshold has the precision that is asked for. Arrays are (rows, emotions).
    Raises `InputError` as `arrays.checked`.
    """
    true, predicted = checked(true, predicted)
    positive = reach(true, positive_at)
    return [
        _best(positive[:, column], predicted[:, column], default, goal)
        for column in range(true.shape[1])
    ]


def _best(positive: Bools, predicted: Floats, default: float, goal: Goal) -> Choice:
    positives = int(positive.sum())
    if positives in (0, len(positive)):
        kind = "positive" if positives == 0 else "negative"
        return Choice(default, f"no {kind} row to tune on: the default stays")
    order = np.argsort(-predicted, kind="stable")
    ranked = predicted[order]
    # A threshold takes all rows of equal probability or none: cut after the last of each.
    cuts = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    worth = goal.worth(np.cumsum(positive[order])[cuts], cuts + 1, positives)
    best = int(np.argmax(worth))
    threshold, most = float(ranked[cuts[best]]), float(worth[best])
    never = _worth_of(np.zeros_like(positive), positive, goal)
    if never >= most > -np.inf:
        threshold, most = float(np.nextafter(ranked[0], ranked.dtype.type(2))), never
    if most == -np.inf:
        return Choice(default, f"no threshold has the {goal.words()}: the default stays")
    stays = _worth_of(reach(predicted, default), positive, goal) >= most
    return Choice(default if stays else threshold)


def _worth_of(predicted_positive: Bools, positive: Bools, goal: Goal) -> float:
    counts = (
        np.array([np.count_nonzero(predicted_positive & positive)]),
        np.array([np.count_nonzero(predicted_positive)]),
    )
    return float(goal.worth(*counts, int(positive.sum()))[0])
