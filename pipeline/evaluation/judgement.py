"""Judge a case as a whole: scores, their certainty, the verdict, and how they are laid out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.evaluation import run_metrics
from pipeline.evaluation.all_models import AllScores, Case, score_all
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.categories.judgement import CategoryJudgement
from pipeline.evaluation.categories.samples import METRICS as CATEGORY_METRICS
from pipeline.evaluation.categories.verdict import category_headline, named_right
from pipeline.evaluation.certainty import (
    PRIMARY,
    Certainty,
    intervals_table,
    measure,
    summary,
)
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.evaluation.scoring.by_subject import scores_by_group
from pipeline.evaluation.scoring.metric_names import count_others
from pipeline.evaluation.scoring.metrics import Scores
from pipeline.evaluation.scoring.tidy_tables import metrics_table
from pipeline.evaluation.verdict import headline, judged_emotions, verdict


@dataclass(frozen=True)
class Judgement:
    """What an evaluation found: headline and verdict for people, the rest for tables and programs.

    `judged` are the emotions that the test rows can judge; `categories` is there where people's
    categories are what is learned.
    """

    case: Case
    scores: AllScores
    certainty: Certainty
    judged: list[str]
    headline: str
    verdict: list[str]
    categories: CategoryJudgement | None = None

    @property
    def left_out(self) -> list[str]:
        """The emotions that the test rows cannot judge: the means of the verdict are without."""
        return [emotion for emotion in self.case.emotions if emotion not in self.judged]

    @property
    def tuned(self) -> dict[str, Scores]:
        """The test scores by model, at the tuned thresholds."""
        return self.scores["test"]["tuned"]

    def metrics(self) -> dict[str, Any]:
        """Lay out the scores, the intervals and what thresholds were tuned for, for JSON."""
        named = {"categories": self.categories.lay_out()} if self.categories else {}
        return {
            **self.scores,
            **named,
            "intervals": summary(self.certainty, self.judged),
            "tuned_for": self.case.bounds.goal.used(),
        }

    def of_training(self) -> dict[str, float]:
        """Name what a run records of the training split."""
        return run_metrics.of_training(self.case)

    def of_validation(self) -> dict[str, float]:
        """Name what a run records of the validation split."""
        return run_metrics.of_validation(self.scores, self.categories)

    def of_test(self) -> dict[str, float]:
        """Name what a run records of the test split."""
        return run_metrics.of_test(self.scores, self.certainty, self.judged, self.categories)

    def for_dvc(self, val_loss: float) -> dict[str, dict[str, float | None]]:
        """Lay out the few numbers that DVC shows."""
        judged = self.scores, self.certainty, self.judged
        return run_metrics.for_dvc(*judged, val_loss, self.categories)

    @property
    def others(self) -> int:
        """The most numbers of the run that are not named by emotion."""
        return count_others(len(self.certainty.baselines), categories=self.categories is not None)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give the tables of all scores, of all intervals and of categories."""
        named = self.categories.tables() if self.categories else {}
        intervals = intervals_table(self.certainty)
        return {"scores": metrics_table(self.tuned), "intervals": intervals, **named}


def judge(
    case: Case,
    subject: Ints,
    resampling: Resampling,
    categories: CategoryJudgement | None = None,
    primary: str = PRIMARY,
) -> Judgement:
    """Score a case and say how certain that is; `subject` has a code for each row.

    Models are compared by the `primary` metric, which may be one of `category_judgement.METRICS`
    where categories are given.
    """
    named = primary if primary in CATEGORY_METRICS else "clip_accuracy"
    compared_by = PRIMARY if primary in CATEGORY_METRICS else primary
    scores, certainty = score_all(case), measure(case, subject, resampling, compared_by)
    tuned = scores["test"]["tuned"]
    lines = verdict(tuned, certainty)
    lines[-1] += f" {_thresholds(case)}"
    first = headline(tuned, certainty)
    if categories:
        lines.insert(0 if primary == named else -1, named_right(categories, named))
        first = category_headline(categories, primary) if primary == named else first
    judged = judged_emotions(tuned, certainty)
    return Judgement(case, scores, certainty, judged, first, lines, categories)


def network_by_group(case: Case, of: Ints, names: Sequence[str], kind: str) -> pd.DataFrame:
    """Score the network on each test group alone; see `by_subject.scores_by_group`."""
    test = case.rows("test")
    return scores_by_group(
        case.true[test],
        case.predicted[NETWORK][test],
        of[test],
        names,
        case.emotions,
        positive_at=case.bounds.positive_at,
        thresholds=case.thresholds[NETWORK],
        kind=kind,
    )


def _thresholds(case: Case) -> str:
    pairs = zip(case.emotions, case.choices[NETWORK], strict=True)
    kept = [f"{emotion} ({choice.note})" for emotion, choice in pairs if choice.note]
    notes = f", but for {', '.join(kept)}" if kept else ""
    return f"Thresholds were tuned on validation for the {case.bounds.goal.words()}{notes}."
