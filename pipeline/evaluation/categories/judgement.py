"""Judge which category every model names, for frames and for clips, beside the baselines.

Of the test split, and only where people's categories are what is learned. Metrics of clips have
the prefix `clip_`; where each clip is one row they are those of frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.all_models import Case
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.categories.samples import (
    CLIPS,
    FRAMES,
    METRICS,
    PREFIX,
    answers_of,
    draw_samples,
)
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.resampling.intervals import Interval, Samples, difference, interval
from pipeline.evaluation.scoring import category_scores
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.evaluation.scoring.category_scores import (
    Answers,
    accuracy_by_subject,
    categories_of,
    confusion_matrix,
)

DIGITS = 6  # beyond them sums of floats may depend on the machine


@dataclass(frozen=True)
class CategoryJudgement:
    """`answers` by kind (`FRAMES`, `CLIPS`), then by model; `samples` by model, then by metric.

    All samples of a metric are of the same draws. `validation` has the network's scores of the
    validation split; `names` go with the codes of the subjects.
    """

    resampling: Resampling
    names: Sequence[str]
    validation: Mapping[str, float]
    answers: Mapping[str, Mapping[str, Answers]]
    samples: Mapping[str, Mapping[str, Samples]]

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories, in the order of the matrices."""
        return self.answers[FRAMES][NETWORK].categories

    @property
    def baselines(self) -> list[str]:
        """The models that the network is compared with."""
        return [model for model in self.samples if model != NETWORK]

    @property
    def clips_are_rows(self) -> bool:
        """Whether each clip is one row, so that both kinds say the same."""
        frames, clips = (self.answers[kind][NETWORK] for kind in (FRAMES, CLIPS))
        return len(frames.true) == len(clips.true) and frames.left_out == clips.left_out

    def of(self, model: str, metric: str, category: str | None = None) -> Interval:
        """Give a model's score, or the recall or F1 that it averages of one category."""
        return interval(self.samples[model][metric], self.resampling.confidence, category)

    def gain(self, baseline: str, metric: str) -> Interval:
        """Give the network's score minus that of a baseline."""
        pair = self.samples[NETWORK][metric], self.samples[baseline][metric]
        return interval(difference(*pair), self.resampling.confidence)

    def table(self) -> pd.DataFrame:
        """List each score: `kind`, `metric`, `model`, `value`, `low`, `high`.

        `gain`, with `gain_low` and `gain_high`, is the network's over the model; NaN for itself,
        and bounds where they are undefined.
        """
        nothing = Interval(np.nan, np.nan, np.nan)
        lines = []
        for kind in PREFIX:
            for name in category_scores.METRICS:
                for model in self.samples:
                    own = self.of(model, PREFIX[kind] + name)
                    gain = nothing if model == NETWORK else self.gain(model, PREFIX[kind] + name)
                    bounds = (own.point, own.low, own.high, gain.point, gain.low, gain.high)
                    lines.append((kind, name, model, *bounds))
        columns = ["kind", "metric", "model", "value", "low", "high"]
        columns += ["gain", "gain_low", "gain_high"]
        return pd.DataFrame(lines, columns=columns).round(DIGITS)

    def matrix(self, kind: str = CLIPS) -> pd.DataFrame:
        """Count what the network names (columns) by what it is (rows)."""
        cells = confusion_matrix(self.answers[kind][NETWORK])
        return pd.DataFrame(cells, index=list(self.categories), columns=list(self.categories))

    def people(self) -> pd.DataFrame:
        """List the network's accuracy for each person, worst first by clips.

        Columns: `subject`, `frames`, `frame_accuracy`, `clips`, `clip_accuracy`.
        """
        frames, clips = (
            accuracy_by_subject(self.answers[kind][NETWORK], self.names) for kind in (FRAMES, CLIPS)
        )
        frames = frames.rename(columns={"rows": "frames", "accuracy": "frame_accuracy"})
        clips = clips.rename(columns={"rows": "clips", "accuracy": "clip_accuracy"})
        return clips.merge(frames, on="subject")[
            ["subject", "frames", "frame_accuracy", "clips", "clip_accuracy"]
        ].round(DIGITS)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give all scores, the confusion matrix of clips and the people, by name."""
        matrix = self.matrix().rename_axis("category").reset_index()
        return {
            "categories": self.table(),
            "category_confusion": matrix,
            "category_people": self.people(),
        }

    def of_test(self) -> dict[str, float]:
        """Give the network's scores by metric, and the bounds of the accuracy of clips."""
        own = {metric: self.of(NETWORK, metric) for metric in METRICS}
        bounds = own["clip_accuracy"]
        points = {metric: found.point for metric, found in own.items()}
        return points | {"clip_accuracy_low": bounds.low, "clip_accuracy_high": bounds.high}

    def lay_out(self) -> dict[str, Any]:
        """Lay the network's and the baselines' scores out for JSON; undefined bounds are null."""
        scores: dict[str, dict[str, dict[str, float | None]]] = {}
        for row in self.table().to_dict("records"):
            numbers = {k: row[k] for k in ("value", "low", "high", "gain", "gain_low", "gain_high")}
            kept = {k: v if np.isfinite(v) else None for k, v in numbers.items()}
            own = {k: v for k, v in kept.items() if row["model"] != NETWORK or "gain" not in k}
            scores.setdefault(row["model"], {})[PREFIX[row["kind"]] + row["metric"]] = own
        left_out = {kind: found[NETWORK].left_out for kind, found in self.answers.items()}
        return {"chance": 1 / len(self.categories), "left_out": left_out, "scores": scores}


def judge_categories(
    case: Case, subject: Ints, clip: Ints, names: Sequence[str], resampling: Resampling
) -> CategoryJudgement | None:
    """Judge the test rows; `subject` and `clip` have a code for each row of the case.

    None where labels are no categories (see `category_scores.categories_of`), or one alone.
    """
    if len(case.emotions) < 2 or categories_of(case.true) is None:
        return None
    answers = _answers(case, "test", list(case.predicted), subject, clip)
    if not len(answers[CLIPS][NETWORK].true):
        return None
    of_validation = _answers(case, "val", [NETWORK], subject, clip)
    validation = {
        PREFIX[kind] + name: value
        for kind, found in of_validation.items()
        for name, value in category_scores.category_scores(found[NETWORK]).items()
    }
    samples = {
        model: draw_samples({kind: found[model] for kind, found in answers.items()}, resampling)
        for model in case.predicted
    }
    return CategoryJudgement(resampling, names, validation, answers, samples)


def _answers(
    case: Case, split: str, models: Sequence[str], subject: Ints, clip: Ints
) -> dict[str, dict[str, Answers]]:
    rows = case.rows(split)
    keys = subject[rows], clip[rows]
    found = {
        model: answers_of(case.true[rows], case.predicted[model][rows], case.emotions, *keys)
        for model in models
    }
    return {kind: {model: own[kind] for model, own in found.items()} for kind in PREFIX}
