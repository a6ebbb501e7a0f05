"""Ask how well the labelling rules rank frames that people have named, and which AUs decide it."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.data.action_units import number
from pipeline.data.labels.facs_rules import Rules
from pipeline.errors import InputError
from pipeline.evaluation.resampling.bootstrap import Groups, Samples, interval
from pipeline.evaluation.scoring.arrays import Bools, Floats, finite
from pipeline.evaluation.scoring.ranking import auroc, one_vs_rest

AU_AUDIT = ["emotion", "category", "meant", "column", "au", "weight"]
AU_AUDIT += ["auroc", "low", "high", "direction"]


def rule_audit(rule_scores: pd.DataFrame, human: "pd.Series[str]") -> pd.DataFrame:
    """Measure each rule's AUROC for each human category, one against the rest.

    `rule_scores` (rows, emotions) has one column a rule, `human` a category or null for the same
    rows; rows without a category are left out. Returns one row a pair: `emotion`, `category`,
    `auroc` (NaN where all rows have one category), `positives` and `rows`.
    Raises `InputError` for indexes that differ and scores that are not finite.
    """
    if not rule_scores.index.equals(human.index):
        raise InputError(
            f"{len(rule_scores)} rows of rule scores and {len(human)} human categories have "
            "different indexes; pass the same rows in the same order."
        )
    finite("rule scores", rule_scores.to_numpy())
    named = human.notna()
    words = human[named].to_numpy(dtype=np.str_)
    categories, of, positives = np.unique(words, return_inverse=True, return_counts=True)
    parts = [
        pd.DataFrame(
            {
                "emotion": str(emotion),
                "category": categories.tolist(),
                "auroc": one_vs_rest(rule_scores.loc[named, emotion].to_numpy(), of, positives),
                "positives": positives,
            }
        )
        for emotion in rule_scores.columns
    ]
    return pd.concat(parts, ignore_index=True).assign(rows=int(named.sum()))


def auroc_samples(positive: Bools, score: Floats, groups: Groups, name: str) -> Samples:
    """Give the AUROC of a score of all rows, and in each resample of subjects, as emotion `name`.

    Without both classes it is NaN.
    """
    drawn = auroc(positive, score, groups.of, groups.draws)[:, np.newaxis]
    return Samples("auroc", (name,), drawn[0], drawn[1:], groups.subjects, groups.seed)


def bounded_audit(
    scores: pd.DataFrame, human: npt.ArrayLike, groups: Groups, confidence: float
) -> pd.DataFrame:
    """Measure the AUROC of every score for every human category, with bounds over subjects.

    `scores` (rows, columns) may be rules or single AUs; `human` has a category for each row.
    Returns one row a pair: `column`, `category`, `auroc`, `low` and `high` (NaN where
    `bootstrap.interval` gives none).
    """
    words = np.asarray(human, dtype=np.str_)
    found = []
    for column in scores.columns:
        values = scores[column].to_numpy()
        for category in np.unique(words).tolist():
            bounds = interval(auroc_samples(words == category, values, groups, column), confidence)
            found.append((column, category, bounds.point, bounds.low, bounds.high))
    return pd.DataFrame(found, columns=["column", "category", "auroc", "low", "high"])


def with_bounds(audit: pd.DataFrame, bounded: pd.DataFrame) -> pd.DataFrame:
    """Add the bounds of `bounded_audit` of the rules, `low` and `high`, to `rule_audit`'s table."""
    bounds = bounded.rename(columns={"column": "emotion"}).drop(columns="auroc")
    return audit.merge(bounds, on=["emotion", "category"], how="left", validate="one_to_one")


def au_audit(bounded: pd.DataFrame, rules: Rules, meant: Mapping[str, str]) -> pd.DataFrame:
    """Say which AUs carry a rule's agreement with people, and which its disagreement.

    `bounded` is the table of `bounded_audit` of single AU columns; `meant` maps a rule's emotion
    to the human category that it means. Returns one row for each rule, category and AU column of
    the rule, and for the category that is meant each other column as well:

    `emotion`, `category`, `meant` (whether the rule means this category), `column`, `au`,
    `weight` (in the rule; 0 outside of it), `auroc`, `low`, `high`, and `direction`: `right`
    where the whole interval lies above 0.5, `wrong` where it lies below, else `unclear`. A rule
    adds its AUs up: one whose direction is wrong lowers its agreement with this category.
    """
    au = bounded["column"].map(number)
    parts = []
    for emotion, weights in rules.items():
        part = bounded.assign(emotion=emotion, au=au, weight=au.map(weights).fillna(0.0))
        part["meant"] = part["category"] == meant.get(emotion)
        parts.append(part[part["meant"] | (part["weight"] > 0)])
    table = pd.concat(parts, ignore_index=True)
    sides = [table["low"] > 0.5, table["high"] < 0.5]
    table["direction"] = np.select(sides, ["right", "wrong"], "unclear")
    return table[AU_AUDIT]


def wrong_ways(audited: pd.DataFrame) -> list[str]:
    """Say in words which AUs of a rule rank what the rule means below all else."""
    wrong = audited[audited["meant"] & (audited["weight"] > 0) & (audited["direction"] == "wrong")]
    return [
        f"{row['emotion']}: its {row['column']} is lower where people say {row['category']} than "
        f"elsewhere (AUROC {row['auroc']:.3f}, {row['low']:.3f} to {row['high']:.3f})."
        for row in wrong.to_dict("records")
    ]
