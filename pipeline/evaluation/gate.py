"""Decide whether a challenger may take the champion's place, rule by rule.

Both have predicted the same test rows. What counts is not the difference measured there but what
is certain about it: the paired interval of the difference over subjects (`bootstrap`). A challenger
is

- `refused` where a rule that protects from harm is broken,
- `kept` back, the champion stays, where only its gain is not certain,
- `promoted` else.

Changes are challenger - champion. Where there is no champion yet, the constant baseline takes its
place and its rules are fewer: see `judge_first`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.arrays import Floats
from pipeline.evaluation.bootstrap import Interval, difference, group, interval, samples_of

Outcome = Literal["promoted", "kept", "refused"]

# What is measured beside the metric that decides, and how people call it.
NAMES = {
    "average_precision": "average precision",
    "auroc": "AUROC",
    "f1": "F1",
    "brier": "Brier score",
    "ece": "calibration error",
}
CALIBRATION = "ece"
LEAKY = "leaky_split"  # the warning of a split that puts the same people on both sides


@dataclass(frozen=True)
class Demands:
    """What is asked of a challenger, in the metric's own unit; see `promote` in params.yaml."""

    metric: str
    margin: float
    tolerance: float
    calibration: float
    blocking: Sequence[str]
    confidence: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Side:
    """One model's predictions (rows, emotions) in [0, 1], its thresholds one an emotion."""

    predicted: Floats
    thresholds: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two models on the same rows: `subject` names each row's person, `true` holds its labels."""

    subject: npt.ArrayLike
    emotions: Sequence[str]
    true: Floats
    champion: Side
    challenger: Side
    positive_at: float


@dataclass(frozen=True)
class Change:
    """A metric of both and the interval of its change; `emotion` is None for the macro average."""

    metric: str
    emotion: str | None
    champion: float
    challenger: float
    change: Interval


@dataclass(frozen=True)
class Rule:
    """What became of a rule: its name, whether it holds, a sentence and the numbers in it."""

    name: str
    holds: bool
    says: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """The outcome, what every rule says, and all that was measured (empty if nothing could be)."""

    outcome: Outcome
    rules: Sequence[Rule]
    changes: Sequence[Change] = ()

    @property
    def broken(self) -> list[str]:
        """Name the rules that do not hold."""
        return [rule.name for rule in self.rules if not rule.holds]


def judge(changes: Sequence[Change], others: Sequence[Rule], demands: Demands) -> Verdict:
    """Judge a challenger against the champion by what changed, and by rules found elsewhere."""
    harmless = [emotions_hold(changes, demands), calibration_holds(changes, demands), *others]
    return _verdict(gain(changes, demands), harmless, changes, without_gain="kept")


def judge_first(changes: Sequence[Change], others: Sequence[Rule], demands: Demands) -> Verdict:
    """Judge a first champion; `changes` are those from the constant baseline to it."""
    return _verdict(beats_constant(changes, demands), others, changes, without_gain="refused")


def refuse(rules: Sequence[Rule]) -> Verdict:
    """Refuse a challenger of which nothing can be measured."""
    return Verdict("refused", rules)


def _verdict(
    better: Rule, harmless: Sequence[Rule], changes: Sequence[Change], without_gain: Outcome
) -> Verdict:
    if not all(rule.holds for rule in harmless):
        outcome: Outcome = "refused"
    else:
        outcome = "promoted" if better.holds else without_gain
    return Verdict(outcome, [better, *harmless], changes)


def measure(pair: Pair, demands: Demands) -> list[Change]:
    """Measure what changes from champion to challenger: each metric, macro and by emotion."""
    groups = group(pair.subject, demands.resamples, demands.seed)
    metrics = list(dict.fromkeys([demands.metric, *NAMES]))
    old, new = (
        samples_of(
            pair.true,
            side.predicted,
            groups,
            pair.emotions,
            metrics,
            positive_at=pair.positive_at,
            thresholds=side.thresholds,
        )
        for side in (pair.champion, pair.challenger)
    )
    changes = []
    for metric in metrics:
        gap = difference(new[metric], old[metric])
        before, after = ({None: s.point_macro} | dict(zip(s.emotions, s.point.tolist(), strict=True))
                         for s in (old[metric], new[metric]))
        for emotion in (None, *pair.emotions):
            found = interval(gap, demands.confidence, emotion)
            changes.append(Change(metric, emotion, before[emotion], after[emotion], found))
    return changes


def find(changes: Sequence[Change], metric: str, emotion: str | None = None) -> Change:
    """Look a change up; the macro average where no emotion is given."""
    return next(c for c in changes if c.metric == metric and c.emotion == emotion)


def gain(changes: Sequence[Change], demands: Demands) -> Rule:
    """The macro metric certainly rises by more than the margin."""
    found = find(changes, demands.metric)
    holds = found.change.low > demands.margin
    claim = "certainly more" if holds else "NOT certainly more"
    says = f"mean {_told(found)}: {claim} than {demands.margin:+.3f}"
    return Rule("gain", holds, says, _numbers(found) | {"margin": demands.margin})


def beats_constant(changes: Sequence[Change], demands: Demands) -> Rule:
    """The macro metric is certainly above that of the training mean."""
    found = find(changes, demands.metric)
    holds = found.change.low > 0
    claim = "certainly better" if holds else "NOT certainly better"
    says = f"mean {_told(found)}: {claim} than the constant baseline"
    return Rule("beats_constant", holds, says, _numbers(found))


def emotions_hold(changes: Sequence[Change], demands: Demands) -> Rule:
    """No emotion certainly falls by more than the tolerance."""
    own = [c for c in changes if c.metric == demands.metric and c.emotion is not None]
    fallen = [c for c in own if c.change.high < -demands.tolerance]
    unknown = [str(c.emotion) for c in own if np.isnan(c.change.high)]
    limit = f"falls by more than {demands.tolerance:.3f}"
    says = f"no emotion certainly {limit}"
    if fallen:
        says = f"certainly {limit}: " + "; ".join(f"{c.emotion}, {_told(c)}" for c in fallen)
    if unknown:
        says += f"; nothing can be told of {', '.join(unknown)}"
    numbers = {f"{c.emotion}_high": c.change.high for c in own}
    return Rule("emotion_falls", not fallen, says, numbers | {"tolerance": demands.tolerance})


def calibration_holds(changes: Sequence[Change], demands: Demands) -> Rule:
    """The expected calibration error does not certainly rise beyond the bound."""
    found = find(changes, CALIBRATION)
    worse = found.change.low > demands.calibration
    claim = "certainly more" if worse else "not certainly more"
    says = f"mean {_told(found)}: {claim} than {demands.calibration:+.3f}"
    return Rule("calibration", not worse, says, _numbers(found) | {"bound": demands.calibration})


def warnings_hold(
    champion: Mapping[str, float] | None, challenger: Mapping[str, float], demands: Demands
) -> Rule:
    """No blocking data warning is new; each side gives the number of a warning by its code.

    A first champion (None before it) is not blocked but by a split that leaks: what its scores
    say is then not known.
    """
    new = [code for code in challenger if code not in (champion or {})]
    blocking = [code for code in new if code in demands.blocking and champion is not None]
    leaks = [LEAKY] if LEAKY in challenger else []
    bad = list(dict.fromkeys([*leaks, *blocking]))
    if bad:
        says = f"the data has what blocks a promotion: {', '.join(bad)} (promote.blocking)"
    else:
        says = f"new data warnings: {', '.join(new) or 'none'}; none of them blocks"
    numbers = {code: float(challenger[code]) for code in new}
    return Rule("new_warnings", not bad, says, numbers)


def _told(found: Change) -> str:
    """Say a change with its interval, such as `AUROC 0.700 -> 0.750 (+0.050, 0.010 to 0.090)`."""
    name = NAMES.get(found.metric, found.metric)
    between = f"{found.change.low:+.3f} to {found.change.high:+.3f}"
    if found.change.reason:
        between = f"no interval: {found.change.reason}"
    return (
        f"{name} {found.champion:.3f} -> {found.challenger:.3f} "
        f"({found.change.point:+.3f}; {between})"
    )


def _numbers(found: Change) -> dict[str, float]:
    change = found.change
    return {
        "champion": found.champion,
        "challenger": found.challenger,
        "change": change.point,
        "low": change.low,
        "high": change.high,
    }
