"""Score emotions from action units by rule, in the manner of FACS/EMFACS prototypes.

`min(1, mean(intensities of the emotion's AUs) / divisor)`; Ekman & Friesen 1978 describe the
AUs of each prototype, the divisor says which mean intensity (0-5) counts as full expression.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.units import INTENSITIES, activation, intensity
from pipeline.errors import InputError


def rule_columns(rules: Mapping[str, Sequence[int]], present: Iterable[str]) -> list[str]:
    """List the columns that the rules read, each once: OpenFace's intensities, or py-feat's.

    Raises `InputError` where a rule needs an action unit that the data (`present`) lacks.
    """
    columns = [name for name in present if name.startswith("AU")]
    name = intensity if set(columns) & set(INTENSITIES) else activation
    for emotion, aus in rules.items():
        if lacking := [name(au) for au in aus if name(au) not in columns]:
            raise InputError(
                f"params.yaml: label.rules.{emotion} needs {', '.join(lacking)}, which the data "
                f"lacks; it has {', '.join(columns)}. Change the rule or the data."
            )
    return list(dict.fromkeys(name(au) for aus in rules.values() for au in aus))


def rule_scores(
    intensities: Mapping[str, NDArray[np.floating]],
    rules: Mapping[str, Sequence[int]],
    divisors: Mapping[str, float],
) -> NDArray[np.float64]:
    """Score each emotion in [0, 1], without any valence gate; shape (frames, emotions).

    `intensities` maps the columns of `rule_columns` to arrays of shape (frames,).
    """
    name = intensity if set(intensities) & set(INTENSITIES) else activation
    wide = {column: values.astype(np.float64) for column, values in intensities.items()}
    scores = np.empty((len(rules), len(next(iter(wide.values())))))
    for score, (emotion, aus) in zip(scores, rules.items(), strict=True):
        np.copyto(score, wide[name(aus[0])])
        for au in aus[1:]:
            score += wide[name(au)]
        score /= len(aus)
        score /= divisors[emotion]
        np.minimum(score, 1.0, out=score)
    return scores.T
