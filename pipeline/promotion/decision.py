"""Bring a challenger and the champion onto the same rows, and let the gate judge."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.evaluation.prediction_file import TRUE, Predictions, hash_rows
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.resampling.paired import Pair, Side, measure
from pipeline.promotion import renewal
from pipeline.promotion.candidate import Candidate, constant, only
from pipeline.promotion.gate import (
    Demands,
    Rule,
    Verdict,
    judge,
    judge_first,
    refuse,
    warnings_hold,
)
from pipeline.settings.schema import Params
from pipeline.tracking.registry.registry import Registry
from pipeline.tracking.registry.versions import Version

TEST_ROWS, TAKEN_BACK = "test_rows", "was_champion"


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
        _pair(constant(challenger), challenger.predictions), demands.metric, demands.resampling
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
    old: Predictions | None = champion.predictions
    if champion.predictions.rows_hash != own.rows_hash:
        old = renewal.kept(registry, champion, own.rows_hash, folder)
        if old is None and renew:
            try:
                old = fresh = renewal.renewed(version, champion, challenger)
            except renewal.CannotCompareError as error:
                return _refused(challenger, champion, version, demands, str(error))
    if old is None:
        return _refused(challenger, champion, version, demands, _other_rows(champion, challenger))
    compared = only(own, set(old.subject.tolist()))
    _assert_same_rows(old, compared)
    warned = warnings_hold(champion.warnings, challenger.warnings, demands)
    changes = measure(_pair(old, compared), demands.metric, demands.resampling)
    verdict = judge(changes, [_rows_rule(own, compared), warned], demands)
    return _decision(verdict, challenger, champion, version, demands, compared, fresh)


def taken_back(registry: Registry, key: str) -> Rule | None:
    """Find whether a run's model was champion before: it comes back by hand alone."""
    version = registry.version_of(key)
    if version is None or not version.was_champion:
        return None
    says = (
        f"version {version.number} was champion before and was replaced or taken back; "
        f"`python -m pipeline rollback --to {version.number}` makes it champion again"
    )
    return Rule(TAKEN_BACK, False, says, {})


def _decision(
    verdict: Verdict,
    challenger: Candidate,
    champion: Candidate | None,
    version: Version | None,
    demands: Demands,
    compared: Predictions,
    renewed: Predictions | None = None,
) -> Decision:
    people, all_people = _people(compared), _people(challenger.predictions)
    return Decision(
        verdict,
        challenger,
        champion,
        version,
        demands,
        rows=len(compared.true),
        subjects=len(people),
        left_out=len(all_people) - len(people),
        renewed=renewed,
    )


def _refused(
    challenger: Candidate, champion: Candidate, version: Version, demands: Demands, reason: str
) -> Decision:
    verdict = refuse([Rule(TEST_ROWS, False, reason, {})])
    return Decision(verdict, challenger, champion, version, demands)


def _people(predictions: Predictions) -> Collection[str]:
    return set(predictions.subject.tolist())


def _other_rows(champion: Candidate, challenger: Candidate) -> str:
    before, today = _people(champion.predictions), _people(challenger.predictions)
    names = ", ".join(sorted(before)[:30]) + (" ..." if len(before) > 30 else "")
    what = "the same people, other frames or labels" if before == today else "other people"
    return (
        f"the test rows are not those that the champion predicted ({what}: rows_hash "
        f"{challenger.predictions.rows_hash[:8]}, was {champion.predictions.rows_hash[:8]}). To "
        f"keep the test set, name it in prepare.split.test_subjects ({names}); if it changed on "
        "purpose, judge with --renew-test"
    )


def _rows_rule(whole: Predictions, compared: Predictions) -> Rule:
    left_out = len(_people(whole)) - len(_people(compared))
    says = f"both predicted the same {len(compared.true)} rows of {len(_people(compared))} people"
    if left_out:
        says += f"; {left_out} left out, whom the champion was trained on"
    numbers = {"rows": len(compared.true), "subjects": len(_people(compared)), "left_out": left_out}
    return Rule(TEST_ROWS, True, says, numbers)


def _assert_same_rows(one: Predictions, other: Predictions) -> None:
    """Make sure that, whatever was kept or left out, the same rows are compared."""
    told = [_hash(side) for side in (one, other)]
    if told[0] != told[1]:
        raise AssertionError(f"rows to compare differ: {told[0]} and {told[1]}")


def _hash(side: Predictions) -> str:
    columns = {f"{TRUE}{name}": side.true[:, i] for i, name in enumerate(side.emotions)}
    return hash_rows(side.keys, pa.table(columns))


def _pair(champion: Predictions, challenger: Predictions) -> Pair:
    return Pair(
        subject=challenger.subject,
        emotions=challenger.emotions,
        true=challenger.true,
        champion=Side(champion.predicted, champion.thresholds),
        challenger=Side(challenger.predicted, challenger.thresholds),
        positive_at=challenger.positive_at,
    )
