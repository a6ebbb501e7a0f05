"""Say in three lines whether the network is worth having: the first screen of an evaluation.

The primary number is average precision, averaged over the emotions that the test rows can
judge. Two models of which it is the same to three decimals are level, and level is not better.
"""

from collections.abc import Mapping

import numpy as np

from pipeline.errors import InputError
from pipeline.evaluation.baselines import NETWORK, RULE
from pipeline.evaluation.metrics import Scores

LEAST_POSITIVES = 5
DECIMALS = 3


def verdict(scores: Mapping[str, Scores]) -> list[str]:
    """Return up to three lines: against the rule, against every baseline, what stays open.

    `scores` holds the test scores by model; `NETWORK` must be there, `RULE` and other baselines
    may be. Emotions with fewer than `LEAST_POSITIVES` positives or negatives are named and left
    out of the comparison. Raises `InputError` without the network's scores.
    """
    if NETWORK not in scores:
        raise InputError(
            f"scores are given for {list(scores)}; {NETWORK!r} is needed to judge it. "
            "Pass the network's test scores under that name."
        )
    judged = [name for name, found in _positives(scores).items() if min(found) >= LEAST_POSITIVES]
    if not judged:
        return ["The network CANNOT BE JUDGED on this test split.", _open(scores, judged)]
    means = {model: mean_precision(found, judged) for model, found in scores.items()}
    return [_against_rule(scores, means, judged), _against_all(means), _open(scores, judged)]


def mean_precision(found: Scores, emotions: list[str]) -> float:
    """Average the average precision of these emotions, in [0, 1], to three decimals."""
    values = [found["emotion"][name]["average_precision"] for name in emotions]
    return round(float(np.mean([value for value in values if value is not None])), DECIMALS)


def _positives(scores: Mapping[str, Scores]) -> dict[str, tuple[int, int]]:
    network = scores[NETWORK]
    positives = {name: int(found["positives"] or 0) for name, found in network["emotion"].items()}
    return {name: (count, network["rows"] - count) for name, count in positives.items()}


def _against_rule(
    scores: Mapping[str, Scores], means: Mapping[str, float], judged: list[str]
) -> str:
    if RULE not in scores:
        return "There is no labelling rule to beat: the network stands against other baselines."
    better = sum(
        mean_precision(scores[NETWORK], [name]) > mean_precision(scores[RULE], [name])
        for name in judged
    )
    beats = means[NETWORK] > means[RULE]
    claim = "beats" if beats else "does NOT beat"
    advice = "" if beats else " The rule needs no training and ranks at least as well."
    return (
        f"The network {claim} the rule it was taught: mean average precision "
        f"{means[NETWORK]:.3f} against {means[RULE]:.3f} for the {RULE}, better on {better} of "
        f"{len(judged)} emotions.{advice}"
    )


def _against_all(means: Mapping[str, float]) -> str:
    others = {model: mean for model, mean in means.items() if model != NETWORK}
    if not others:
        return f"Mean average precision {means[NETWORK]:.3f}; no baseline was given to compare."
    listed = ", ".join(f"{model} {mean:.3f}" for model, mean in others.items())
    ahead = [model for model, mean in others.items() if mean >= means[NETWORK]]
    if ahead:
        claim = f"does NOT beat every baseline; as good or better: {', '.join(ahead)}"
    else:
        claim = "beats every baseline"
    return f"On the test split the network {claim} (network {means[NETWORK]:.3f}, {listed})."


def _open(scores: Mapping[str, Scores], judged: list[str]) -> str:
    few = [
        f"{name} ({positives} positive, {negatives} negative)"
        for name, (positives, negatives) in _positives(scores).items()
        if name not in judged
    ]
    chance = "These are point estimates from one split: a small difference may be chance."
    if not few:
        return chance
    return (
        f"Cannot be judged, and left out of these means, with fewer than {LEAST_POSITIVES} "
        f"positive or negative test rows: {', '.join(few)}. {chance}"
    )
