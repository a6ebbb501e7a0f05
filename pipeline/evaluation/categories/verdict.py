"""Say in words how well the network names people's categories."""

from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.categories.judgement import CategoryJudgement
from pipeline.evaluation.certainty import Claim
from pipeline.evaluation.resampling.intervals import Interval
from pipeline.evaluation.scoring.metric_names import LABELS
from pipeline.evaluation.verdict import compared


def category_headline(judgement: CategoryJudgement, metric: str) -> str:
    """Say in about ten words how the network compares with the baselines."""
    own = {model: judgement.of(model, metric).point for model in judgement.samples}
    found = {name: _standing(judgement, name, metric) for name in judgement.baselines}
    return compared(own, found, metric)


def named_right(judgement: CategoryJudgement, metric: str = "clip_accuracy") -> str:
    """Say how well categories are named, beside guessing and the baselines."""
    own, number = judgement.of(NETWORK, metric), len(judgement.categories)
    claims = [_told(judgement, baseline, metric) for baseline in judgement.baselines]
    against = f"; {'; '.join(claims)}" if claims else ""
    return (
        f"Of {number} categories: {LABELS[metric]} {_bounded(own)}, guessing evenly "
        f"{1 / number:.3f}{against}."
    )


def _standing(judgement: CategoryJudgement, baseline: str, metric: str) -> tuple[Interval, Claim]:
    gain = judgement.gain(baseline, metric)
    if gain.low > 0:
        return gain, "better"
    return gain, "worse" if gain.high < 0 else "open"


def _told(judgement: CategoryJudgement, baseline: str, metric: str) -> str:
    gain, claim = _standing(judgement, baseline, metric)
    words = {"better": "it beats", "worse": "it is worse than", "open": "it cannot be told from"}
    theirs = judgement.of(baseline, metric).point
    return f"{words[claim]} {baseline} ({theirs:.3f}; gain {_bounded(gain, '+')})"


def _bounded(found: Interval, sign: str = "") -> str:
    if found.reason:
        return f"{found.point:{sign}.3f} (no interval: {found.reason})"
    return f"{found.point:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"
