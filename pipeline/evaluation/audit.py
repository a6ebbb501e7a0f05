"""Ask how well the labelling rule ranks frames that people have named."""

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.evaluation.arrays import finite


def rule_audit(rule_scores: pd.DataFrame, human: "pd.Series[str]") -> pd.DataFrame:
    """Measure each rule's AUROC for each human category, one against the rest.

    `rule_scores` (rows, emotions) has one column a rule, `human` a category or null for the same
    rows; rows without a category are left out. Returns one row a pair: `emotion`, `category`,
    `auroc` (NaN where all rows have one category), `positives` and `rows`. From ranks:
    AUROC = (R - p(p + 1)/2) / pn with R the sum of the p positives' ranks, n the negatives
    (Hanley & McNeil, Radiology 1982): one sort a rule serves all categories.
    Raises `InputError` for indexes that differ and scores that are not finite.
    """
    if not rule_scores.index.equals(human.index):
        raise InputError(
            f"{len(rule_scores)} rows of rule scores and {len(human)} human categories have "
            "different indexes; pass the same rows in the same order."
        )
    finite("rule scores", rule_scores.to_numpy())
    named = human.notna()
    category = human[named].astype(str)
    positives = category.value_counts().sort_index()
    ranks = rule_scores[named].rank()
    sums = ranks.groupby(category.to_numpy()).sum()
    table = pd.concat(
        [_aurocs(str(emotion), sums[emotion], positives) for emotion in rule_scores.columns],
        ignore_index=True,
    )
    return table.assign(rows=int(named.sum()))


def _aurocs(
    emotion: str, rank_sum: "pd.Series[float]", positives: "pd.Series[int]"
) -> pd.DataFrame:
    p = positives.to_numpy().astype(np.float64)
    n = p.sum() - p
    wins = rank_sum.to_numpy(dtype=np.float64) - p * (p + 1) / 2
    auroc = np.divide(wins, p * n, out=np.full(len(p), np.nan), where=n > 0)
    return pd.DataFrame(
        {
            "emotion": emotion,
            "category": positives.index,
            "auroc": auroc,
            "positives": positives.to_numpy(),
        }
    )
