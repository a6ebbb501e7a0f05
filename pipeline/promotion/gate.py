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

from pipeline.comparison.paired import Change, find, numbers, told
from pipeline.evaluation.certainty import BORNE_OUT
from pipeline.evaluation.resampling.bootstrap import Resampling

Outcome = Literal["promoted", "kept", "refused"]

CALIBRATION = "ece"
LEAKY = "leaky_split"  # the warning of a split that puts the same people on both sides


# What is measured beside the metric that decides.
METRICS = ("average_precision", "auroc", "f1", "brier", "ece")


@dataclass(frozen=True)
class Demands:
    """What is asked of a challenger, in the metric's own unit; see `promote` in params.yaml."""

    metric: str
    margin: float
    tolerance: float
    calibration: float
    blocking: Sequence[str]
    resampling: Resampling

    @property
    def metrics(self) -> list[str]:
        """What is measured, the metric that decides first."""
        return list(dict.fromkeys([self.metric, *METRICS]))


@dataclass(frozen=True)
class Ruling:
    """What became of a rule: its name, whether it holds, a sentence and the numbers in it."""

    name: str
    holds: bool
    says: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """The outcome, what every rule says, and all that was measured (empty if nothing could be)."""

    outcome: Outcome
    rules: Sequence[Ruling]
    changes: Sequence[Change] = ()

    @property
    def broken(self) -> list[str]:
        """Name the rules that do not hold."""
        return [rule.name for rule in self.rules if not rule.holds]


def judge(changes: Sequence[Change], others: Sequence[Ruling], demands: Demands) -> Verdict:
    """Judge a challenger against the champion by what changed, and by rules found elsewhere."""
    harmless = [emotions_hold(changes, demands), calibration_holds(changes, demands), *others]
    return _verdict(gain(changes, demands), harmless, changes, without_gain="kept")


def judge_first(changes: Sequence[Change], others: Sequence[Ruling], demands: Demands) -> Verdict:
    """Judge a first champion; `changes` are those from the constant baseline to it."""
    return _verdict(beats_constant(changes, demands), others, changes, without_gain="refused")


def refuse(rules: Sequence[Ruling]) -> Verdict:
    """Refuse a challenger of which nothing can be measured."""
    return Verdict("refused", rules)


def _verdict(
    better: Ruling, harmless: Sequence[Ruling], changes: Sequence[Change], without_gain: Outcome
) -> Verdict:
    if not all(rule.holds for rule in harmless):
        outcome: Outcome = "refused"
    else:
        outcome = "promoted" if better.holds else without_gain
    return Verdict(outcome, [better, *harmless], changes)


def gain(changes: Sequence[Change], demands: Demands) -> Ruling:
    """Ask that the macro metric certainly rises by more than the margin."""
    found = find(changes, demands.metric)
    holds = found.change.low > demands.margin
    claim = "certainly more" if holds else "NOT certainly more"
    says = f"mean {told(found)}: {claim} than {demands.margin:+.3f}"
    return Ruling("gain", holds, says, numbers(found) | {"margin": demands.margin})


def beats_constant(changes: Sequence[Change], demands: Demands) -> Ruling:
    """Ask that the macro metric and AUROC are certainly above those of the training mean.

    AUROC as well, for a ranking by chance has a higher average precision than a constant: see
    `certainty.Certainty.standing`.
    """
    found, ranks = find(changes, demands.metric), find(changes, BORNE_OUT)
    holds = found.change.low > 0 and ranks.change.low > 0  # never where one is unknown
    claim = "certainly better" if holds else "NOT certainly better"
    shown = told(found) if demands.metric == BORNE_OUT else f"{told(found)} and {told(ranks)}"
    says = f"mean {shown}: {claim} than the constant baseline"
    return Ruling("beats_constant", holds, says, numbers(found) | {"auroc_low": ranks.change.low})


def emotions_hold(changes: Sequence[Change], demands: Demands) -> Ruling:
    """Ask that no emotion certainly falls by more than the tolerance."""
    own = [c for c in changes if c.metric == demands.metric and c.emotion is not None]
    fallen = [c for c in own if c.change.high < -demands.tolerance]
    unknown = [str(c.emotion) for c in own if np.isnan(c.change.high)]
    limit = f"falls by more than {demands.tolerance:.3f}"
    says = f"no emotion certainly {limit}"
    if fallen:
        says = f"certainly {limit}: " + "; ".join(f"{c.emotion}, {told(c)}" for c in fallen)
    if unknown:
        says += f"; nothing can be told of {', '.join(unknown)}"
    bounds = {f"{c.emotion}_high": c.change.high for c in own}
    return Ruling("emotion_falls", not fallen, says, bounds | {"tolerance": demands.tolerance})


def calibration_holds(changes: Sequence[Change], demands: Demands) -> Ruling:
    """Ask that the expected calibration error does not certainly rise beyond the bound."""
    found = find(changes, CALIBRATION)
    worse = found.change.low > demands.calibration
    claim = "certainly more" if worse else "not certainly more"
    says = f"mean {told(found)}: {claim} than {demands.calibration:+.3f}"
    return Ruling("calibration", not worse, says, numbers(found) | {"bound": demands.calibration})


def warnings_hold(
    champion: Mapping[str, float] | None, challenger: Mapping[str, float], demands: Demands
) -> Ruling:
    """Ask that no blocking data warning is new; sides give each warning's number by its code.

    A first champion (None before it) is not blocked but by a split that leaks: what its scores
    say is then not known.
    """
    new = [code for code in challenger if code not in (champion or {})]
    blocking = [code for code in new if code in demands.blocking and champion is not None]
    leaks = [LEAKY] if LEAKY in challenger else []
    bad = list(dict.fromkeys([*leaks, *blocking]))
    if bad:
        says = f"the data has what blocks a promotion: {', '.join(bad)}"
        says += " (promote.blocking)" if blocking else ""
    else:
        found = ", ".join(new) or "none"
        says = f"new data warnings: {found}; none of them blocks"
        if champion is None:  # promote.blocking would say otherwise
            says = f"data warnings: {found}; none of them blocks a first champion"
    return Ruling("new_warnings", not bad, says, {code: float(challenger[code]) for code in new})
