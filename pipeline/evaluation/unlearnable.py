"""Say which emotions no model can learn from this data, whatever its scores are, and why.

What labels and rules tell by themselves: labels that are the same, rules of which nothing or the
same moves, too few positives. Scores of such emotions measure something else than their names say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pipeline.data.labels.bounds import LEARNED_FROM
from pipeline.evaluation.scoring.arrays import Floats, reach


@dataclass(frozen=True)
class Limit:
    """Emotions, why they cannot be learned (or told apart), and what to do."""

    emotions: tuple[str, ...]
    why: str
    advice: str

    @property
    def line(self) -> str:
        """The limit as a sentence."""
        return f"{_listed(self.emotions)}: {self.why}. {self.advice}"


@dataclass(frozen=True)
class Rules:
    """The AUs of each emotion's rule with their weights; AUs that never move; how to call one."""

    weights: Mapping[str, Mapping[int, float]]
    dead: Collection[int]

    def alive(self, emotion: str) -> dict[int, float]:
        """Give the AUs that move, with their shares of the weight that is left."""
        left = {au: w for au, w in self.weights[emotion].items() if au not in self.dead}
        total = sum(left.values())
        return {au: round(weight / total, 9) for au, weight in sorted(left.items())}


def find_limits(
    true: Floats,
    train: npt.NDArray[np.bool_],
    emotions: Sequence[str],
    positive_at: float,
    rules: Rules | None,
) -> list[Limit]:
    """List the limits of labels (rows, emotions); `train` marks the rows that are learned from.

    `rules` are those that made the labels; None where people did.
    """
    found = [] if rules is None else [*_still(emotions, rules), *_same_rule(emotions, rules)]
    return [*found, *_identical(true, emotions), *_few(true[train], emotions, positive_at)]


def limits_line(limits: Sequence[Limit]) -> list[str]:
    """Sum the limits up in one sentence for the head of a page; none where there are none."""
    if not limits:
        return []
    told = "; ".join(f"{_listed(limit.emotions)} ({limit.why})" for limit in limits)
    return [f"CANNOT BE LEARNED from this data, whatever the scores say: {told}."]


def _still(emotions: Sequence[str], rules: Rules) -> list[Limit]:
    still = tuple(name for name in emotions if not rules.alive(name))
    if not still:
        return []
    why = "no action unit of the rule ever moves, so the label is always 0"
    return [Limit(still, why, "Check the extractor, or change label.rules.")]


def _same_rule(emotions: Sequence[str], rules: Rules) -> list[Limit]:
    """Find rules that differ on paper but not in what moves: their labels are multiples."""
    groups: dict[tuple[tuple[int, float], ...], list[str]] = {}
    for name in emotions:
        if left := tuple(rules.alive(name).items()):
            groups.setdefault(left, []).append(name)
    return [
        Limit(
            tuple(names),
            f"of their rules only {_listed([f'AU{au:02d}' for au, _ in left])} "
            f"{'moves' if len(left) == 1 else 'move'}: multiples of one another, not emotions "
            "of their own",
            "Use recordings in which the other action units move, or keep one of these rules.",
        )
        for left, names in groups.items()
        if len(names) > 1
    ]


def _identical(true: Floats, emotions: Sequence[str]) -> list[Limit]:
    return [
        Limit(
            (emotions[a], emotions[b]),
            "identical labels on every row",
            "No model can tell them apart: change label.rules or the data.",
        )
        for a, b in combinations(range(len(emotions)), 2)
        if np.array_equal(true[:, a], true[:, b])
    ]


def _few(true: Floats, emotions: Sequence[str], positive_at: float) -> list[Limit]:
    counts = np.count_nonzero(reach(true, positive_at), axis=0).tolist()
    few = {
        name: count for name, count in zip(emotions, counts, strict=True) if count < LEARNED_FROM
    }
    if not few:
        return []
    why = (
        f"only {_listed(list(map(str, few.values())))} training rows with a label of at least "
        f"{positive_at:g}"
    )
    return [Limit(tuple(few), why, f"Fewer than {LEARNED_FROM} teach single rows: add data.")]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
