"""Score how well probabilities rank, for many weightings of groups at once.

Both scores sum over the probabilities that positives have, so a step is kept for each of these:
how many positives of each group stand there and how many rows reach it. Scores are exact up to
2 * `QUANTILES` such probabilities. Where there are more, a step is kept for each of so many
quantiles of the positives and for the next probability after it; what lies further between two
steps counts as tied, at most 1/QUANTILES of the positives a step. AUROC then moves by less than
1/(2 QUANTILES) = 0.0005 (a tie counts half), average precision by less than the rise and fall of
precision over all steps divided by QUANTILES, mostly far less. Of one emotion; arrays are (rows,).
"""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluation.scoring.arrays import Bools, Floats, Ints

METRICS = ("auroc", "average_precision")
QUANTILES = 1024
_DRAWS = 256  # draws weighted at once, so that what is computed stays in the processor's cache


@dataclass(frozen=True)
class Steps:
    """What each group (first axis) has at each step (second), steps by rising probability.

    `positives` stand at the step; `hits` (positives) and `reached` (rows) are at least there;
    `beaten` are the negatives below it, those at it counting half.
    """

    positives: Floats
    hits: Floats
    reached: Floats
    beaten: Floats
    rows: Floats


def rank_scores(positive: Bools, predicted: Floats, of: Ints, draws: Floats) -> dict[str, Floats]:
    """Give AUROC and average precision for each draw (draws, groups); NaN without both classes.

    `of` gives each row's group. AUROC is the share of pairs of a positive and a negative in which
    the positive ranks higher, ties half (Hanley & McNeil 1982); average precision is
    Σ (R_n - R_{n-1}) P_n over falling thresholds, as in scikit-learn.
    """
    steps = tally(positive, predicted, of, draws.shape[1])
    positives, rows = draws @ steps.positives.sum(axis=1), draws @ steps.rows
    judged = (positives > 0) & (positives < rows)
    precisions = np.concatenate(
        [_precisions(draws[i : i + _DRAWS], steps) for i in range(0, len(draws), _DRAWS)]
    )
    nothing = np.full(len(draws), np.nan)
    return {
        "auroc": _auroc(steps, draws),
        "average_precision": np.divide(precisions, positives, out=nothing, where=judged),
    }


def auroc(positive: Bools, predicted: Floats, of: Ints, draws: Floats) -> Floats:
    """Give the AUROC of `rank_scores` alone, which costs far less than both."""
    return _auroc(tally(positive, predicted, of, draws.shape[1]), draws)


def _auroc(steps: Steps, draws: Floats) -> Floats:
    positives, rows = draws @ steps.positives.sum(axis=1), draws @ steps.rows
    pairs = positives * (rows - positives)
    # Wins of each group's positives over each group's negatives, weighted by both.
    wins = ((draws @ (steps.positives @ steps.beaten.T)) * draws).sum(axis=1)
    nothing = np.full(len(draws), np.nan)
    return np.asarray(np.divide(wins, pairs, out=nothing, where=pairs > 0))


def _precisions(draws: Floats, steps: Steps) -> Floats:
    """Sum, over the positives of each draw, the precision at their step."""
    precision = draws @ steps.hits
    reached = draws @ steps.reached
    # Where nothing is reached there are no hits: 0 / 1.
    np.divide(precision, np.maximum(reached, 1, out=reached), out=precision)
    return np.asarray(np.einsum("ij,ij->i", draws @ steps.positives, precision))


def tally(positive: Bools, predicted: Floats, of: Ints, groups: int) -> Steps:
    """Count positives and rows of each group at each step."""
    levels, wide = _levels(predicted[positive])
    reached = np.searchsorted(levels, predicted, side="right")
    passed = np.searchsorted(levels, predicted, side="left")
    tied = wide[reached]
    passed[tied] = reached[tied] - 1

    def count(rows: Bools, step: Ints) -> Floats:
        """Count rows of each group that are at least at each step."""
        at = of[rows] * (len(levels) + 1) + step[rows]
        table = np.bincount(at, minlength=groups * (len(levels) + 1)).reshape(groups, -1)
        return np.cumsum(table[:, ::-1], axis=1)[:, ::-1].astype(np.float64)

    hits, false = count(positive, reached), count(~positive, reached)
    above = count(~positive, passed)
    return Steps(
        positives=hits[:, 1:] - np.hstack([hits[:, 2:], np.zeros((groups, 1))]),
        hits=hits[:, 1:],
        reached=hits[:, 1:] + false[:, 1:],
        beaten=false[:, :1] - 0.5 * (false[:, 1:] + above[:, 1:]),
        rows=hits[:, 0] + false[:, 0],
    )


def _levels(scores: Floats) -> tuple[Floats, Bools]:
    """List the probabilities of the steps, rising, and whether what reaches a step ties there.

    The second has one more entry, in front: for what is below all steps.
    """
    distinct, numbers = np.unique(scores, return_counts=True)
    at = np.arange(len(distinct))
    if len(distinct) > 2 * QUANTILES:
        shares = np.arange(QUANTILES) / QUANTILES * len(scores)
        quantiles = np.searchsorted(np.cumsum(numbers), shares, side="right")
        at = np.unique(np.concatenate([quantiles, quantiles + 1]))
        at = at[at < len(distinct)]
    wide = np.diff(at, append=len(distinct)) > 1
    return distinct[at], np.concatenate([[False], wide])


def one_vs_rest(score: Floats, of: Ints, positives: Ints) -> Floats:
    """Give the AUROC of a score for each class against all others; NaN where all rows are of one.

    `of` gives each row's class, `positives` the number of rows of each. From ranks: with R the sum
    of the p positives' ranks and n negatives it is (R - p(p + 1)/2) / pn, and one sort serves all
    classes (Hanley & McNeil 1982).
    """
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # of equals the middle of theirs
    p = positives.astype(np.float64)
    wins = np.bincount(of, ranks[place], len(p)) - p * (p + 1) / 2
    pairs = p * (p.sum() - p)
    nothing = np.full(len(p), np.nan)
    return np.asarray(np.divide(wins, pairs, out=nothing, where=pairs > 0))


def by_group(positive: Bools, predicted: Floats, of: Ints, groups: int) -> dict[str, Floats]:
    """Give AUROC and average precision of each group by itself (groups,), exactly.

    NaN where a group lacks positives or negatives. One sort serves all groups and both scores.
    """
    within = (-predicted, of) if groups > 1 else (-predicted,)
    order = np.lexsort(within)
    group, ranked = of[order], predicted[order]
    # Cut after the last of equal probabilities: a threshold takes all of them or none.
    cuts = np.flatnonzero(np.append((np.diff(group) != 0) | (np.diff(ranked) != 0), True))
    at, so_far = group[cuts], np.cumsum(positive[order])[cuts]
    rows = np.bincount(of, minlength=groups)
    positives = np.bincount(of[positive], minlength=groups)
    new = np.diff(so_far, prepend=0)
    hits = so_far - (np.cumsum(positives) - positives)[at]
    reached = cuts + 1 - (np.cumsum(rows) - rows)[at]
    ties = np.diff(cuts, prepend=-1) - new
    beaten = (rows - positives)[at] - (reached - hits) + 0.5 * ties

    judged = (positives > 0) & (positives < rows)

    def mean(value: Floats, whole: Ints) -> Floats:
        total = np.bincount(at, weights=new * value, minlength=groups)
        quotient: Floats = np.full(groups, np.nan)
        return np.divide(total, whole, out=quotient, where=judged)

    return {
        "auroc": mean(beaten, positives * (rows - positives)),
        "average_precision": mean(hits / reached, positives),
    }
