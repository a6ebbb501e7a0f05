"""Bring a challenger and the champion onto the same rows, and let the gate judge."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.comparison.paired import Pair, measure
from pipeline.evaluation.prediction_file import Predictions
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.promotion import renewal
from pipeline.promotion.candidate import Candidate, constant, only
from pipeline.promotion.comparable import (
    TEST_ROWS,
    hash_of,
    in_order,
    other_emotions,
    other_labels,
    other_rows,
    people,
    rows_rule,
)
from pipeline.promotion.gate import (
    Demands,
    Ruling,
    Verdict,
    judge,
    judge_first,
    refuse,
    warnings_hold,
)
from pipeline.settings.schema import Params
from pipeline.tracking.registry.registry import Registry
from pipeline.tracking.registry.versions import Version

TAKEN_BACK = "was_champion"


@dataclass(frozen=True)
class Decision:
    """A verdict and what it rests on.

    `champion` and `version` are None for the first; `rows` and `subjects` are those compared,
    `left_out` people of the test rows whom the champion was trained on, `renewed` what it
    predicted for this comparison.
    """

    verdict: Verdict
    challenger: Candidate
    champion: Candidate | None
    version: Version | None
    demands: Demands
    rows: int = 0
    subjects: int = 0
    left_out: int = 0
    renewed: Predictions | None = None


def demands_of(settings: Params) -> Demands:
    """Gather from the parameters what is asked of a challenger."""
    asked, evaluate = settings.promote, settings.evaluate
    return Demands(
        metric=asked.metric,
        margin=asked.margin,
        tolerance=asked.tolerance,
        calibration=asked.calibration,
        blocking=asked.blocking,
        resampling=Resampling(evaluate.resamples, evaluate.seed, evaluate.confidence),
    )


def digest(demands: Demands) -> str:
    """Hash what a verdict was reached by: with other demands a model may be judged again."""
    text = json.dumps(asdict(demands), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def decide_first(challenger: Candidate, demands: Demands) -> Decision:
    """Judge a first champion against the constant baseline."""
    changes = measure(
        Pair.of(constant(challenger), challenger.predictions), demands.metrics, demands.resampling
    )
    verdict = judge_first(changes, [warnings_hold(None, challenger.warnings, demands)], demands)
    return _decision(verdict, challenger, None, None, demands, challenger.predictions)


def decide(
    registry: Registry,
    version: Version,
    champion: Candidate,
    challenger: Candidate,
    demands: Demands,
    *,
    renew: bool,
    folder: Path,
) -> Decision:
    """Judge a challenger against the champion, which is this version."""
    own, fresh = challenger.predictions, None
    if rule := other_emotions(champion, challenger):
        return Decision(refuse([rule]), challenger, champion, version, demands)
    recorded = in_order(champion.predictions, own.emotions)
    old: Predictions | None = recorded
    if hash_of(recorded) != own.rows_hash:
        old = renewal.kept(registry, champion, own.rows_hash, folder)
        if old is None and renew:
            try:
                old = fresh = renewal.renewed(version, champion, challenger)
            except renewal.CannotCompareError as error:
                rule = Ruling(TEST_ROWS, False, str(error), {})
                return Decision(refuse([rule]), challenger, champion, version, demands)
    if old is None:
        rule = other_labels(champion, challenger) or other_rows(champion, challenger)
        return Decision(refuse([rule]), challenger, champion, version, demands)
    compared = only(own, people(old))
    if hash_of(old) != hash_of(compared):
        raise AssertionError(f"rows to compare differ: {hash_of(old)}, {hash_of(compared)}")
    warned = warnings_hold(champion.warnings, challenger.warnings, demands)
    changes = measure(Pair.of(old, compared), demands.metrics, demands.resampling)
    verdict = judge(changes, [rows_rule(own, compared), warned], demands)
    return _decision(verdict, challenger, champion, version, demands, compared, fresh)


def taken_back(registry: Registry, key: str) -> Ruling | None:
    """Find whether a run's model was champion before: it comes back by hand alone."""
    version = registry.version_of(key)
    if version is None or not version.was_champion:
        return None
    says = (
        f"version {version.number} was champion before and was replaced or taken back; "
        f"`python -m pipeline rollback --to {version.number}` makes it champion again"
    )
    return Ruling(TAKEN_BACK, False, says, {})


def _decision(
    verdict: Verdict,
    challenger: Candidate,
    champion: Candidate | None,
    version: Version | None,
    demands: Demands,
    compared: Predictions,
    renewed: Predictions | None = None,
) -> Decision:
    some, everybody = people(compared), people(challenger.predictions)
    return Decision(
        verdict,
        challenger,
        champion,
        version,
        demands,
        rows=len(compared.true),
        subjects=len(some),
        left_out=len(everybody) - len(some),
        renewed=renewed,
    )
