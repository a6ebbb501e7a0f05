"""Score emotions from action units by rule, in the manner of FACS/EMFACS prototypes.

`min(1, mean(intensities of the emotion's AUs) / divisor)`; Ekman & Friesen 1978 describe the
AUs of each prototype, the divisor says which mean intensity (0-5) counts as full expression.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.units import intensity
from pipeline.errors import InputError


def rule_columns(rules: Mapping[str, Sequence[int]]) -> list[str]:
    """List the intensity columns that the rules read, each once, in order."""
    return list(dict.fromkeys(intensity(au) for aus in rules.values() for au in aus))


def check_columns(rules: Mapping[str, Sequence[int]], present: Sequence[str]) -> None:
    """Raise `InputError` where a rule needs an action unit that the data lacks."""
    for emotion, aus in rules.items():
        if lacking := [intensity(au) for au in aus if intensity(au) not in present]:
            raise InputError(
                f"params.yaml: label.rules.{emotion} needs {', '.join(lacking)}, which the data "
                f"lacks; it has {', '.join(present)}. Change the rule or the data."
            )


def rule_scores(
    intensities: Mapping[str, NDArray[np.floating]],
    rules: Mapping[str, Sequence[int]],
    divisors: Mapping[str, float],
) -> NDArray[np.float64]:
    """Score each emotion in [0, 1], without any valence gate; shape (frames, emotions).

    `intensities` maps column names such as `AU06_r` to arrays of shape (frames,).
    """
    scores = []
    for emotion, aus in rules.items():
        total = sum(intensities[intensity(au)].astype(np.float64) for au in aus)
        scores.append(np.minimum(1.0, total / len(aus) / divisors[emotion]))
    return np.stack(scores, axis=1)
