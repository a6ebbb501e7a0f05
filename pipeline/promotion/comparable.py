"""Tell whether a champion's test predictions stand beside a challenger's, and what to do if not."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from pipeline.evaluation.prediction_file import TRUE, Predictions, hash_rows
from pipeline.promotion.candidate import Candidate
from pipeline.promotion.gate import Ruling

TEST_ROWS, LABELS = "test_rows", "labels"
RENEWABLE = (TEST_ROWS, LABELS)  # what `--renew-test` may mend


def in_order(predictions: Predictions, emotions: Sequence[str]) -> Predictions:
    """Bring the emotions into this order; they have to be the same."""
    columns = [predictions.emotions.index(name) for name in emotions]
    return replace(
        predictions,
        emotions=tuple(emotions),
        true=predictions.true[:, columns],
        predicted=predictions.predicted[:, columns],
        thresholds=predictions.thresholds[columns],
    )


def hash_of(side: Predictions) -> str:
    """Hash keys and labels as they are, whatever was kept, left out or brought into order."""
    columns = {f"{TRUE}{name}": side.true[:, i] for i, name in enumerate(side.emotions)}
    return hash_rows(side.keys, pa.table(columns))


def people(predictions: Predictions) -> Collection[str]:
    """Give the subjects of the rows."""
    return set(predictions.subject.tolist())


def rows_rule(whole: Predictions, compared: Predictions) -> Ruling:
    """Say on which rows both are compared."""
    left_out = len(people(whole)) - len(people(compared))
    says = f"both predicted the same {len(compared.true)} rows of {len(people(compared))} people"
    if left_out:
        says += f"; {left_out} left out, whom the champion was trained on"
    numbers = {"rows": len(compared.true), "subjects": len(people(compared)), "left_out": left_out}
    return Ruling(TEST_ROWS, True, says, numbers)


def other_emotions(champion: Candidate, challenger: Candidate) -> Ruling | None:
    """Find that the two predict other emotions: nothing makes them comparable."""
    old, own = champion.predictions.emotions, challenger.predictions.emotions
    if set(old) == set(own):
        return None
    says = (
        f"the champion predicts other emotions ({', '.join(old)}) than this model "
        f"({', '.join(own)}): no score tells which is better. Give a model of other emotions a "
        "name of its own in promote.model"
    )
    return Ruling(LABELS, False, says, {})


def other_labels(champion: Candidate, challenger: Candidate) -> Ruling | None:
    """Find that both predicted the same rows, but that other labels judge them today."""
    own = challenger.predictions
    old = in_order(champion.predictions, own.emotions)
    if not old.keys.equals(own.keys):
        return None
    apart = np.abs(old.true - own.true).max(axis=0)
    names = [name for name, most in zip(own.emotions, apart, strict=True) if most > 0]
    says = (
        f"the test rows are the champion's, their labels are not: {', '.join(names)} differ (by up "
        f"to {apart.max():.2f}). Labels come from label.* and from the recipe's divisors; a score "
        "on one set of labels says nothing of another. To try parameters, leave those as they "
        "are; where they changed on purpose, judge with --renew-test: both are then held to "
        "today's labels"
    )
    return Ruling(LABELS, False, says, dict(zip(own.emotions, map(float, apart), strict=True)))


def other_rows(champion: Candidate, challenger: Candidate) -> Ruling:
    """Say that the test rows are others than those that the champion predicted."""
    before, today = people(champion.predictions), people(challenger.predictions)
    names = ", ".join(sorted(before)[:30]) + (" ..." if len(before) > 30 else "")
    what = "the same people, other frames" if before == today else "other people"
    says = (
        f"the test rows are not those that the champion predicted ({what}: rows_hash "
        f"{challenger.predictions.rows_hash[:8]}, was {champion.predictions.rows_hash[:8]}). To "
        f"keep the test set, name it in prepare.split.test_subjects ({names}); if it changed on "
        "purpose, judge with --renew-test"
    )
    return Ruling(TEST_ROWS, False, says, {})
