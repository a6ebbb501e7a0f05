"""Say whether the network is worth having: in ten words, and in three lines with the numbers.

The primary number, average precision if nothing else is asked for, is averaged over the emotions
that the test rows can judge.
A difference counts where its interval over subjects leaves out 0 (see `certainty`); everything
else cannot be told apart.
"""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.data.labels.bounds import JUDGED_FROM
from pipeline.errors import InputError
from pipeline.evaluation.baselines import CONSTANT, NETWORK, RULE
from pipeline.evaluation.certainty import BORNE_OUT, PRIMARY, Certainty, Claim
from pipeline.evaluation.resampling.bootstrap import Interval
from pipeline.evaluation.resampling.intervals import DIGITS
from pipeline.evaluation.scoring.metric_names import LABELS
from pipeline.evaluation.scoring.metrics import Scores

DECIMALS = 3


def verdict(scores: Mapping[str, Scores], certainty: Certainty) -> list[str]:
    """Return three lines: against the rule, against every baseline, and how certain that is.

    `scores` holds the test scores by model, `certainty` the samples of the same models; `NETWORK`
    must be there, `RULE` and other baselines may be. Emotions with fewer than `JUDGED_FROM`
    positives or negatives, or with those of one subject alone, are named and left out of the
    comparison. Raises `InputError` without the network's scores.
    """
    if NETWORK not in scores:
        raise InputError(
            f"scores are given for {list(scores)}; {NETWORK!r} is needed to judge it. "
            "Pass the network's test scores under that name."
        )
    left_out, judged = unjudged(scores, certainty), judged_emotions(scores, certainty)
    if not judged:
        return ["The network CANNOT BE JUDGED on this test split.", _basis(certainty, left_out)]
    rule = _against_rule(scores, certainty, judged)
    return [rule, _against_all(scores, certainty, judged), _basis(certainty, left_out)]


def headline(scores: Mapping[str, Scores], certainty: Certainty) -> str:
    """Say in about ten words how the network compares with the baselines.

    The rule comes first, then the constant, then the others: the first that the network does not
    beat is named, or, where it beats them all, the best of them. Raises `KeyError` without the
    network's scores; see `verdict`.
    """
    judged = judged_emotions(scores, certainty)
    if not judged:
        return "The network cannot be judged on this test split."
    own = {name: mean_score(scores[name], judged, certainty.primary) for name in scores}
    found = {name: certainty.standing(name, judged) for name in certainty.baselines}
    return compared(own, found, certainty.primary)


def compared(
    own: Mapping[str, float], found: Mapping[str, tuple[Interval, Claim]], metric: str
) -> str:
    """Say `headline` of each model's score and the network's gain on each baseline.

    The metric is named where it is not the usual one.
    """
    of = "" if metric == PRIMARY else f"{LABELS[metric]} "
    if not found:
        return f"The network reaches {of}{brief(own[NETWORK])}; no baseline was given to compare."
    order = sorted(found, key=lambda name: (name != RULE, name != CONSTANT))
    beaten = [name for name in order if found[name][1] == "better"]
    if len(beaten) == len(order):
        best = max(order, key=lambda name: own[name])
        pair = pair_of(own[NETWORK], own[best], exact=True)
        return f"Better than every baseline: {of}{pair} for {_the(best)}, hardly by chance."
    name = next(name for name in order if name not in beaten)
    gain, claim = found[name]
    pair = pair_of(own[NETWORK], own[name], exact=claim == "worse")
    if claim == "worse":
        return f"Worse than {_the(name)}: {of}{pair}, hardly by chance."
    doubt = "too few people to tell" if gain.reason else "could be chance"
    return f"Not better than {_the(name)}: {of}{pair}, {doubt}."


def _the(baseline: str) -> str:
    return {RULE: "the rule", CONSTANT: "a constant"}.get(baseline, baseline)


def pair_of(first: float, second: float, *, exact: bool) -> str:
    """Write two means; with a third decimal where they would look the same but are not."""
    pair = brief(first), brief(second)
    if exact and pair[0] == pair[1]:
        pair = brief(first, decimals=DECIMALS), brief(second, decimals=DECIMALS)
    return f"{pair[0]} against {pair[1]}"


def brief(value: float, sign: str = "", decimals: int = 2) -> str:
    """Write a number from -1 to 1 without its leading zero: `.94`, `-.07`."""
    if math.isnan(value):
        return "-"
    return re.sub(r"^([+-]?)0\.", r"\1.", f"{value:{sign}z.{decimals}f}")


def judged_emotions(scores: Mapping[str, Scores], certainty: Certainty) -> list[str]:
    """List the emotions that the test rows can judge."""
    left_out = unjudged(scores, certainty)
    return [name for name in scores[NETWORK]["emotion"] if name not in left_out]


def unjudged(scores: Mapping[str, Scores], certainty: Certainty) -> dict[str, str]:
    """Name the emotions that the test rows cannot judge, each with the reason."""
    network, reasons = scores[NETWORK], {}
    for name, found in network["emotion"].items():
        positives = int(found["positives"] or 0)
        counts = f"{positives} positive, {network['rows'] - positives} negative rows"
        drawn = certainty.of(certainty.samples[NETWORK][PRIMARY], name)
        if min(positives, network["rows"] - positives) < JUDGED_FROM:
            reasons[name] = counts
        elif drawn.reason and certainty.subjects > 1:
            reasons[name] = f"{counts}, of too few subjects"
    return reasons


def mean_score(found: Scores, emotions: Sequence[str], metric: str) -> float:
    """Average a metric of these emotions, rounded as in tables; NaN where none has it."""
    values = [found["emotion"][name][metric] for name in emotions]
    defined = [value for value in values if value is not None]
    return round(float(np.mean(defined)), DIGITS) if defined else math.nan


def _against_rule(scores: Mapping[str, Scores], certainty: Certainty, judged: list[str]) -> str:
    if RULE not in scores:
        return "There is no labelling rule to beat: the network stands against other baselines."
    found, claim = certainty.standing(RULE, judged)
    means = [mean_score(scores[model], judged, certainty.primary) for model in (NETWORK, RULE)]
    said = {
        "better": "beats the rule it was taught, with certainty",
        "worse": "does NOT beat the rule it was taught and is worse with certainty",
        "open": "does NOT beat the rule it was taught with certainty: they cannot be told apart",
    }[claim]
    advice = "" if claim == "better" else " The rule needs no training."
    label = LABELS[certainty.primary]
    return (
        f"The network {said}. Mean {label} {means[0]:.3f} against {means[1]:.3f} for "
        f"the {RULE}: {_gain(found, claim)}{_emotions(certainty, RULE, judged)}.{advice}"
    )


def _against_all(scores: Mapping[str, Scores], certainty: Certainty, judged: list[str]) -> str:
    own = mean_score(scores[NETWORK], judged, certainty.primary)
    if not certainty.baselines:
        return f"Mean {LABELS[certainty.primary]} {own:.3f}; no baseline was given to compare."
    claims = {name: certainty.standing(name, judged) for name in certainty.baselines}
    beaten = all(claim == "better" for _, claim in claims.values())
    words = {"better": "it beats", "worse": "it is worse than", "open": "it cannot be told from"}
    parts = [
        f"{words[claim]} {name} ({mean_score(scores[name], judged, certainty.primary):.3f}; "
        f"{_gain(found, claim)}{_emotions(certainty, name, judged)})"
        for name, (found, claim) in claims.items()
        if name != RULE
    ]
    said = "beats every baseline" if beaten else "does NOT beat every baseline"
    return f"On the test split the network ({own:.3f}) {said} with certainty: {'; '.join(parts)}."


def _gain(found: Interval, claim: Claim) -> str:
    if found.reason:
        return f"gain {found.point:+.3f}, no interval ({found.reason})"
    doubt = f", not borne out by {BORNE_OUT.upper()}" if found.low > 0 and claim == "open" else ""
    return f"gain {found.point:+.3f}, {found.low:+.3f} to {found.high:+.3f}{doubt}"


def _emotions(certainty: Certainty, baseline: str, judged: list[str]) -> str:
    """Name the emotions for which a claim is certain, where that is not simply all of them."""
    claims = {name: certainty.standing(baseline, judged, name)[1] for name in judged}
    parts = []
    for claim in ("better", "worse"):
        names = [name for name, found in claims.items() if found == claim]
        if names:
            every = "all emotions" if len(names) == len(judged) > 1 else ", ".join(names)
            parts.append(f"{claim} for {every}")
    return f"; {'; '.join(parts)}" if parts else "; for no single emotion"


def _basis(certainty: Certainty, left_out: Mapping[str, str]) -> str:
    drawn, people = certainty.resampling, certainty.subjects
    sentence = (
        f"Intervals hold at {drawn.confidence:.0%}: paired, {drawn.resamples} resamples of the "
        f"{people} test subject{'s' if people != 1 else ''}."
    )
    if not left_out:
        return sentence
    named = ", ".join(f"{name} ({reason})" for name, reason in left_out.items())
    return (
        f"{sentence} Cannot be judged and left out (fewer than {JUDGED_FROM} positive or "
        f"negative rows, or those of too few subjects): {named}."
    )
