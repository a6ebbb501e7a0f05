"""Score emotions from action units by rule, in the manner of FACS/EMFACS prototypes.

`min(1, mean(intensities of the emotion's AUs) / divisor)`; Ekman & Friesen 1978 describe the
AUs of each prototype, the divisor says which mean intensity (0-5) counts as full expression.
The mean is weighted: a rule maps each of its AUs to a weight above 0, 1 where all count alike.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES, activation, intensity
from pipeline.errors import InputError

Rules: TypeAlias = Mapping[str, Mapping[int, float]]


def namer(columns: Iterable[str]) -> Callable[[int], str]:
    """Choose how rules' AUs are called in data of these columns: as OpenFace or as py-feat does."""
    return intensity if set(columns) & set(INTENSITIES) else activation


def rule_columns(rules: Rules, present: Iterable[str]) -> list[str]:
    """List the columns that the rules read, each once: OpenFace's intensities, or py-feat's.

    Raises `InputError` where a rule needs an action unit that the data (`present`) lacks.
    """
    columns = [name for name in present if name.startswith("AU")]
    name = namer(columns)
    for emotion, aus in rules.items():
        if lacking := [name(au) for au in aus if name(au) not in columns]:
            raise InputError(
                f"params.yaml: label.rules.{emotion} needs {', '.join(lacking)}, which the data "
                f"lacks; it has {', '.join(columns)}. Change the rule or the data."
            )
    return list(dict.fromkeys(name(au) for aus in rules.values() for au in aus))


def rule_scores(
    intensities: Mapping[str, NDArray[np.floating]],
    rules: Rules,
    divisors: Mapping[str, float],
) -> NDArray[np.float64]:
    """Score each emotion in [0, 1], without any valence gate; shape (frames, emotions).

    `intensities` maps the columns of `rule_columns` to arrays of shape (frames,).
    """
    name = namer(intensities)
    wide = {column: values.astype(np.float64) for column, values in intensities.items()}
    scores = np.empty((len(rules), len(next(iter(wide.values())))))
    for score, (emotion, weights) in zip(scores, rules.items(), strict=True):
        score[:] = 0.0
        for au, weight in weights.items():
            # Most rules have no weights, and a product costs as much as the sum.
            score += wide[name(au)] if weight == 1 else weight * wide[name(au)]
        score /= sum(weights.values())
        score /= divisors[emotion]
        np.minimum(score, 1.0, out=score)
    return scores.T
