"""Hold a network against people's own words, beside the rules that taught it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.explaining.rule_audit import auroc_samples
from pipeline.evaluation.resampling.bootstrap import Groups, Samples, difference, interval

Words: TypeAlias = npt.NDArray[np.str_]

COLUMNS = ["emotion", "category", "positives", "rule", "network", "gain", "low", "high"]


def compare_with_people(
    rule: pd.DataFrame,
    network: pd.DataFrame,
    human: "pd.Series[str]",
    meant: Mapping[str, str],
    groups: Groups,
    confidence: float,
) -> pd.DataFrame:
    """Measure how well rule and network rank the frames to which people gave a category.

    `rule` and `network` (rows, emotions) are scores of the same rows, which no training saw;
    `human` their categories; `meant` the category that each emotion means. One row for each
    emotion whose category occurs, and a last one, its emotion null, for their average: `emotion`,
    `category`, `positives` (rows of the category), AUROC of the `rule` and of the `network`, each
    category against the rest, the `gain` of the network and its bounds `low` and `high` over
    subjects (NaN where `bootstrap.interval` gives none). Empty where no category occurs.
    """
    words = human.to_numpy(dtype=np.str_)
    found = {e: meant[e] for e in network.columns if e in meant and (words == meant[e]).any()}
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    drawn = [_samples(scores, words, found, groups) for scores in (rule, network)]
    gains = difference(drawn[1], drawn[0])
    rows = []
    for emotion, category in (*found.items(), (None, None)):
        points = [interval(samples, confidence, emotion).point for samples in drawn]
        gain = interval(gains, confidence, emotion)
        positives = int(np.isin(words, category or list(found.values())).sum())
        rows.append((emotion, category, positives, *points, gain.point, gain.low, gain.high))
    return pd.DataFrame(rows, columns=COLUMNS)


def _samples(
    scores: pd.DataFrame, words: Words, meant: Mapping[str, str], groups: Groups
) -> Samples:
    """Draw the AUROC of every emotion for its category."""
    each = [
        auroc_samples(words == category, scores[emotion].to_numpy(), groups, emotion)
        for emotion, category in meant.items()
    ]
    return replace(
        each[0],
        emotions=tuple(meant),
        point=np.concatenate([one.point for one in each]),
        samples=np.hstack([one.samples for one in each]),
    )


def knows_more(table: pd.DataFrame) -> str:
    """Say whether the network ranks what people said better than the rule that taught it."""
    if table.empty:
        return ""
    average = table[table["emotion"].isna()].iloc[0]
    if average["low"] > 0:
        said = "The network knows MORE of what people said than the rule that taught it"
    elif average["high"] < 0:
        said = "The network knows LESS of what people said than the rule that taught it"
    else:
        said = "Which knows more of what people said, network or rule, cannot be told"
    known = np.isfinite(average["low"])
    bounds = f" ({average['low']:+.3f} to {average['high']:+.3f})" if known else ", no interval"
    return (
        f"{said}: mean AUROC of {table['emotion'].count()} emotions {average['network']:.3f} "
        f"against {average['rule']:.3f}, gain {average['gain']:+.3f}{bounds}."
    )
