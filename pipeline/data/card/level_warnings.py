"""Warn of people whose own level is known too little, or wrongly, to be taken out of their AUs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipeline.data.features.feature_map import FeatureMap, Floats, Levels, Population
from pipeline.data.features.frame_features import columns_for
from pipeline.data.frames import as_matrix, codes_of
from pipeline.data.warnings import some, warning

# Measured on posed clips of 24 people: of people with 8 clips of all emotions 1 in 25 has less,
# of people with 8 clips of one emotion alone 3 in 4.
LEAST_SPREAD = 0.7


def level_warnings(
    levels: Levels, names: Sequence[str], people: Population, shrink_clips: float
) -> list[dict[str, Any]]:
    """Name people with few clips, and people whose clips vary little; `names` go with the codes.

    Fewer clips than `shrink_clips` are few: the level is then mostly that of the training people.
    The number of a warning is the lowest number of clips, or the lowest spread.
    """
    found = []
    few = {name: n for name, n in zip(names, levels.clips.tolist(), strict=True) if n}
    few = {name: n for name, n in few.items() if n < shrink_clips}
    if few:
        listed = some([f"{name} {n}" for name, n in _rising(few)])
        text = (
            f"{len(few)} people have fewer than {shrink_clips:g} clips ({listed}): what is taken "
            "for their own level is mostly that of the training people. Add clips of theirs; "
            "they need no labels."
        )
        found.append(warning("few_own_clips", min(few.values()), text))
    spread = zip(names, levels.clips.tolist(), own_spread(levels, people).tolist(), strict=True)
    flat = {name: round(s, 2) for name, n, s in spread if n >= shrink_clips and s < LEAST_SPREAD}
    if flat:
        listed = some([f"{name} {s:g}" for name, s in _rising(flat)])
        text = (
            f"clips of {len(flat)} people vary less than {LEAST_SPREAD:g} times as much as those "
            f"of a training person ({listed}): if they show one emotion alone, calibration takes "
            "it for the person's level. Add clips of other emotions; they need no labels."
        )
        found.append(warning("one_sided_clips", min(flat.values()), text))
    return found


def warn_of_people(path: Path, features: FeatureMap) -> list[dict[str, Any]]:
    """Name the people of a frame table as `level_warnings`.

    Nothing to say where features are not calibrated.
    """
    if features.population is None:
        return []
    frames = pq.read_table(path, columns=columns_for(features))
    people, names = codes_of(frames["subject"])
    values = as_matrix(frames, features.columns)
    levels = features.levels(values, people, codes_of(frames["clip"])[0])
    known = names[: len(levels.clips)]  # a dictionary may end with words that no row has
    return level_warnings(levels, known, features.population, features.shrink_clips)


def own_spread(levels: Levels, people: Population) -> Floats:
    """Give how much each person's clips differ, relative to those of a training person (people,).

    The deviation of the means of clips over that in training, averaged over the columns that vary
    there; NaN for a person of fewer than two clips, or where none varies.
    """
    moving = people.between > 0
    if not moving.any():
        return np.full(len(levels.clips), np.nan)
    ratios = levels.between[:, moving] / people.between[moving]
    return np.asarray(np.sqrt(ratios).mean(axis=1))


def _rising(numbers: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(numbers.items(), key=lambda item: item[1])
