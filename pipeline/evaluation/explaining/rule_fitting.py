"""Fit a labelling rule that a person may adopt: AUs with weights, few and readable.

The rule keeps its form, `min(1, weighted mean / divisor)`. Weights are a non-negative lasso
(Tibshirani 1996; scikit-learn's `Lasso(positive=True)`) of the human category on the intensities:
non-negative, because a mean has no negative parts; sparse, because people must read it. The
penalty is the strongest whose error is within one standard error of the best, in folds by subject
(Hastie, Tibshirani & Friedman, Elements of Statistical Learning, section 7.10), or the best where
that one leaves no AU: the comparison on test rows then says whether the rule is worth anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.data.action_units import number
from pipeline.evaluation.explaining.rule_audit import auroc_samples
from pipeline.evaluation.resampling.bootstrap import Groups, Samples, difference, interval
from pipeline.evaluation.scoring.arrays import Bools, Floats, Ints

FOLDS = 5
SMALLEST = 0.05  # a smaller weight is left out: it costs a reader more than it tells

_NUMBERS = [f"{of}{part}" for of in ("fitted", "current", "gain") for part in ("", "_low", "_high")]
NOTHING = "# No rule was fitted: too few frames have a human category that a rule means.\n"
ADOPTABLE = ["emotion", "category", "aus", "divisor", *_NUMBERS]


@dataclass(frozen=True)
class FittedRule:
    """Weights of AUs (they sum to about 1) and the divisor: a weighted mean of full expression."""

    weights: Mapping[int, float]
    divisor: float

    def text(self) -> str:
        """Write the AUs as params.yaml does: `[6, 12]`, or with weights `{6: 0.4, 12: 0.6}`."""
        if set(self.weights.values()) == {1.0}:
            return str(list(self.weights))
        return f"{{{', '.join(f'{au}: {weight:g}' for au, weight in self.weights.items())}}}"


@dataclass(frozen=True)
class People:
    """Rows that people named: intensities, one column an AU; each row's category and subject."""

    intensities: pd.DataFrame
    human: npt.NDArray[np.str_]
    subject: npt.NDArray[Any]


def fit_rule(people: People, category: str, positive_at: float) -> FittedRule | None:
    """Fit the rule of a human category; None where two subjects or an AU that tells are lacking.

    The divisor puts the score `positive_at` where sensitivity and specificity are highest in sum
    (Youden, Cancer 3, 1950). Pass training rows alone.
    """
    from sklearn.model_selection import GroupKFold  # loads slowly

    folds = min(FOLDS, len(np.unique(people.subject)))
    target = people.human == category
    if folds < 2 or target.all() or not target.any():
        return None
    values = people.intensities.to_numpy(dtype=np.float64)
    weights = _weights(values, target, list(GroupKFold(folds).split(values, groups=people.subject)))
    rule = {
        number(name): round(float(weight), 2)
        for name, weight in zip(people.intensities.columns, weights, strict=True)
        if weight >= SMALLEST
    }
    if not rule:
        return None
    fitted = FittedRule(rule, 1.0)
    middle = _youden(target, _means(people.intensities, fitted))
    return FittedRule(rule, max(round(middle / positive_at, 2), 0.01))


def _weights(values: Floats, target: Bools, folds: Sequence[tuple[Ints, Ints]]) -> Floats:
    """Fit non-negative weights that sum to 1, or are all 0."""
    from sklearn.linear_model import Lasso, LassoCV  # loads slowly

    search = LassoCV(positive=True, cv=folds, max_iter=10_000).fit(values, target.astype(float))
    errors = search.mse_path_.mean(axis=1)
    deviation = search.mse_path_.std(axis=1, ddof=1) / np.sqrt(len(folds))
    best = int(errors.argmin())
    strongest = int(np.argmax(errors <= errors[best] + deviation[best]))
    lasso = Lasso(alpha=search.alphas_[strongest], positive=True, max_iter=10_000)
    sparse: Floats = lasso.fit(values, target.astype(float)).coef_
    found: Floats = sparse if sparse.any() else search.coef_
    return np.asarray(found / max(found.sum(), np.finfo(float).tiny))


def _means(intensities: pd.DataFrame, rule: FittedRule) -> Floats:
    of = {number(name): name for name in intensities.columns}
    columns = intensities[[of[au] for au in rule.weights]].to_numpy(dtype=np.float64)
    return np.asarray(np.average(columns, axis=1, weights=list(rule.weights.values())))


def score(intensities: pd.DataFrame, rule: FittedRule) -> Floats:
    """Score rows by a rule, without any valence gate, in [0, 1]."""
    return np.asarray(np.minimum(_means(intensities, rule) / rule.divisor, 1.0))


def _youden(target: Bools, mean: Floats) -> float:
    from sklearn.metrics import roc_curve  # loads slowly

    false, true, bounds = roc_curve(target, mean, drop_intermediate=False)
    return float(bounds[1:][(true - false)[1:].argmax()])


def fit_rules(train: People, meant: Mapping[str, str], positive_at: float) -> dict[str, FittedRule]:
    """Fit a rule for each emotion whose human category (`meant`) occurs and can be told."""
    fitted = {emotion: fit_rule(train, word, positive_at) for emotion, word in meant.items()}
    return {emotion: rule for emotion, rule in fitted.items() if rule}


def compare_rules(
    test: People,
    fitted: Mapping[str, FittedRule],
    current: Mapping[str, FittedRule],
    meant: Mapping[str, str],
    groups: Groups,
    confidence: float,
) -> pd.DataFrame:
    """Score fitted and current rules on the same test rows, one row a fitted rule.

    Columns: `emotion`, `category`, `aus` (the fitted weights), `divisor`, and three AUROCs of
    the category against the rest, each with bounds over subjects (NaN where there are none):
    `fitted`, `fitted_low`, `fitted_high`; `current` and `gain` (fitted - current, paired) alike.
    """
    rows = []
    for emotion, rule in fitted.items():
        positive = test.human == meant[emotion]
        pair = [
            auroc_samples(positive, score(test.intensities, one), groups, emotion)
            for one in (rule, current[emotion])
        ]
        numbers = [_bounds(samples, confidence) for samples in (*pair, difference(*pair))]
        rows.append((emotion, meant[emotion], rule.text(), rule.divisor, *sum(numbers, ())))
    return pd.DataFrame(rows, columns=ADOPTABLE)


def _bounds(samples: Samples, confidence: float) -> tuple[float, ...]:
    found = interval(samples, confidence)
    return found.point, found.low, found.high


def snippet(
    current: Mapping[str, FittedRule],
    valences: Mapping[str, str],
    fitted: Mapping[str, FittedRule],
    compared: pd.DataFrame,
    recipe: str,
) -> str:
    """Write the sections of params.yaml that put the fitted rules in the place of the current.

    `current` and `valences` give each emotion's rule and valence class; `compared` is the table
    of `compare_rules`, whose numbers stand beside each rule. What is not fitted stays as it is.
    """
    chosen = {emotion: fitted.get(emotion, rule) for emotion, rule in current.items()}
    lines = [
        "# Rules fitted to what people said of training subjects. AUROC on test subjects, with",
        "# bounds. To adopt them, put these lines in the place of those in params.yaml.",
        "label:",
        "  rules:",
    ]
    for emotion, rule in chosen.items():
        rows = compared[compared["emotion"] == emotion].to_dict("records")
        lines += [f"    # {_numbers(row)}" for row in rows] or ["    # as it was"]
        lines.append(f"    {emotion}: {{aus: {rule.text()}, valence: {valences[emotion]}}}")
    divisors = [f"{emotion}: {rule.divisor:g}" for emotion, rule in chosen.items()]
    lines += ["recipes:", f"  {recipe}:", f"    divisors: {{{', '.join(divisors)}}}"]
    return "\n".join(lines) + "\n"


def _numbers(row: Mapping[Any, Any]) -> str:
    parts = [
        f"{label} {row[of]:.3f} ({row[f'{of}_low']:.3f} to {row[f'{of}_high']:.3f})"
        for of, label in (("fitted", row["category"]), ("current", "before"), ("gain", "gain"))
    ]
    return ", ".join(parts)
