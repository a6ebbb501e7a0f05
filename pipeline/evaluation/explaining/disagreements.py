"""Say in words where a model and the FACS prototypes disagree.

Prototypes are the labelling rules: which action units (AUs) an emotion has. Disagreement is no
error by itself: a model may have found what the prototype misses, or what only this data has.
"""

from collections.abc import Iterator
from typing import TypeAlias

import pandas as pd

LARGE_SHARE = 0.1  # an AU outside the prototype is named from this share of an emotion's importance
FALL = 0.01  # a probability that falls by less over an AU's whole range does not fall

Line: TypeAlias = tuple[str, int, str, float, str]
DISAGREEMENTS = ["emotion", "au", "kind", "number", "text"]


def disagreements(importance: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """List where the tables of `importance` contradict the prototypes, for emotions that have one.

    Columns: `emotion`, `au`, `kind`, `number`, `text` (a sentence). Kinds: `unused`, an AU of the
    prototype none of whose columns is certainly important (`number`: the highest importance);
    `foreign`, an AU outside of it with a certain importance of at least `LARGE_SHARE` of the
    emotion's (`number`: that share); `falling`, an AU of the prototype whose rise from nothing to
    its highest value lowers the probability (`number`: the change).
    """
    known = importance[importance["prototype"].notna()]
    found: list[Line] = []
    for emotion, au in known[["emotion", "au"]].drop_duplicates().to_numpy().tolist():
        rows = known[(known["emotion"] == emotion) & (known["au"] == au)]
        found += _of_au(emotion, au, rows, response)
    return pd.DataFrame(found, columns=DISAGREEMENTS)


def _of_au(emotion: str, au: int, rows: pd.DataFrame, response: pd.DataFrame) -> Iterator[Line]:
    best = rows.sort_values("importance").to_dict("records")[-1]
    bounds = f"{best['importance']:.4f}, {best['low']:.4f} to {best['high']:.4f}"
    certain, share = bool((rows["low"] > 0).any()), float(rows["share"].sum())
    if not rows["prototype"].iloc[0]:
        if certain and share >= LARGE_SHARE:
            text = (
                f"{emotion}: AU{au} is not in the prototype, yet has {share:.0%} of the importance"
            )
            yield emotion, au, "foreign", share, f"{text} (rise of the loss {bounds})."
        return
    if not certain:
        text = f"{emotion}: AU{au} is in the prototype, but shuffling it does not certainly raise"
        yield emotion, au, "unused", float(best["importance"]), f"{text} the loss ({bounds})."
    own = response[(response["emotion"] == emotion) & (response["au"] == au)]
    for column, curve in own.groupby("column", sort=False):
        first, last = float(curve["predicted"].iloc[0]), float(curve["predicted"].iloc[-1])
        if last - first < -FALL:
            text = f"{emotion}: the more {column}, the less probable, against the prototype"
            yield emotion, au, "falling", last - first, f"{text} ({first:.3f} to {last:.3f})."
