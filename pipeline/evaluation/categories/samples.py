"""Draw the scores of categories of one model, for frames and for clips.

Metrics of clips have the prefix `clip_`; where each clip is one row they are those of frames.
"""

from collections.abc import Mapping, Sequence

from pipeline.errors import InputError
from pipeline.evaluation.resampling.bootstrap import Resampling, group
from pipeline.evaluation.resampling.intervals import Samples
from pipeline.evaluation.scoring import category_scores
from pipeline.evaluation.scoring.arrays import Floats, Ints
from pipeline.evaluation.scoring.category_scores import (
    Answers,
    categories_of,
    category_samples,
    clip_answers,
    frame_answers,
)

FRAMES, CLIPS = "frames", "clips"
PREFIX = {FRAMES: "", CLIPS: "clip_"}
METRICS = tuple(PREFIX[kind] + name for kind in PREFIX for name in category_scores.METRICS)


def metrics_for(
    true: Floats, categories: Sequence[str], subject: Ints, clip: Ints
) -> tuple[str, ...]:
    """Give those of `METRICS` that these rows allow, of clips first.

    None where labels are no categories, or one alone, or no clip has one; of frames none where each
    clip is one row.
    """
    if len(categories) < 2 or categories_of(true) is None:
        return ()
    found = answers_of(true, true, categories, subject, clip)
    if not len(found[CLIPS].true):
        return ()
    kinds = (CLIPS,) if len(found[CLIPS].true) == len(found[FRAMES].true) else (CLIPS, FRAMES)
    return tuple(PREFIX[kind] + name for kind in kinds for name in category_scores.METRICS)


def kind_of(metric: str) -> str:
    """Tell whether a metric is of frames or of clips."""
    return CLIPS if metric.startswith(PREFIX[CLIPS]) else FRAMES


def answers_of(
    true: Floats, predicted: Floats, categories: Sequence[str], subject: Ints, clip: Ints
) -> dict[str, Answers]:
    """Take what a model says of frames and of clips, by kind.

    Raises `InputError` as `category_scores.frame_answers`.
    """
    return {
        FRAMES: frame_answers(true, predicted, categories, subject),
        CLIPS: clip_answers(true, predicted, categories, subject, clip),
    }


def draw_samples(answers: Mapping[str, Answers], resampling: Resampling) -> dict[str, Samples]:
    """Give the samples of the `METRICS` of one model, for the kinds of which it has answers.

    Raises `InputError` where no row of a kind has one category.
    """
    drawn = {}
    for kind, own in answers.items():
        if not len(own.true):
            raise InputError(
                f"none of the {kind} has one category, {own.left_out} have none or several; "
                "choose a metric of frames, or give each clip one category."
            )
        groups = group(own.subject, resampling.resamples, resampling.seed)
        for name, samples in category_samples(own, groups).items():
            drawn[PREFIX[kind] + name] = samples
    return drawn
