"""Compare another data set with the one that trained the model, before believing a score on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.warnings import Code, some, warning
from pipeline.evaluation.categories.samples import answers_of, draw_samples, metrics_for
from pipeline.evaluation.resampling.bootstrap import Resampling, group, interval, samples_of
from pipeline.evaluation.resampling.intervals import DIGITS
from pipeline.evaluation.scoring.arrays import Floats, Ints

CHANGED: Mapping[str, Code] = {"extractor": "other_extractor", "mode": "other_mode"}
METRICS = ("average_precision", "auroc", "f1", "brier")
TIMES = 3.0  # so many times as many frames a clip: clips were cut, or averaged, in another way


def differences(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], drift: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Warn where extractor, mode, frames a clip or AU levels are others than in training.

    `ours` and `theirs` are prepare's accounts of the training data and of the other set, `drift`
    the rows of `SubjectMeans.drift` that compare its people with those of training.
    """
    found = []
    for key, code in CHANGED.items():
        if ours[key] != theirs[key] and "unknown" not in (ours[key], theirs[key]):
            text = (
                f"training data: {ours[key]}, this set: {theirs[key]}. Levels of AUs depend on it."
            )
            found.append(warning(code, 1, f"{text} Extract both alike."))
    frames = [_frames_a_clip(account) for account in (ours, theirs)]
    ratio = max(frames) / min(frames)
    if ratio > TIMES:
        text = (
            f"{frames[0]:.1f} frames a clip in training, {frames[1]:.1f} here: means of clips are "
            "flatter than frames. Bring both to frames, or both to clips."
        )
        found.append(warning("other_clip_length", round(ratio, 2), text))
    if beyond := [row for row in drift if row["beyond_chance"]]:
        each = some([f"{row['name']} {row['difference']:+}" for row in beyond])
        text = (
            f"AUs of the people here differ from those in training: {each} (in deviations between "
            f"people; chance stays below {beyond[0]['chance']}). The model knows no such levels."
        )
        found.append(warning("other_levels", len(beyond), text))
    return found


def _frames_a_clip(account: Mapping[str, Any]) -> float:
    splits = account["splits"].values()
    clips, frames = (sum(split[key] for split in splits) for key in ("clips", "frames"))
    return float(frames / max(clips, 1))


def score_table(
    true: Floats,
    predicted: Mapping[str, Floats],
    thresholds: Mapping[str, Floats],
    emotions: Sequence[str],
    subject: Ints,
    clip: Ints,
    resampling: Resampling,
    *,
    positive_at: float,
) -> pd.DataFrame:
    """Score each model on all rows: `model`, `metric`, `emotion`, `value`, `low`, `high`, `note`.

    `emotion` is null for the macro average over the emotions that are defined; bounds are over
    subjects, NaN where `note` says why there are none. `thresholds` holds one a model and emotion;
    `subject` and `clip` have a code for each row. Where labels are categories, metrics of them
    follow, see `samples.metrics_for`.
    """
    rows = []
    groups = group(subject, resampling.resamples, resampling.seed)
    named = metrics_for(true, emotions, subject, clip)
    for model, values in predicted.items():
        drawn = samples_of(
            true,
            values,
            groups,
            emotions,
            METRICS,
            positive_at=positive_at,
            thresholds=thresholds[model],
        )
        if named:
            drawn |= draw_samples(answers_of(true, values, emotions, subject, clip), resampling)
        for metric in (*METRICS, *named):
            for emotion in (None, *emotions) if metric in METRICS else (None,):
                found = interval(drawn[metric], resampling.confidence, emotion)
                rows.append(
                    (model, metric, emotion, found.point, found.low, found.high, found.reason)
                )
    columns = ["model", "metric", "emotion", "value", "low", "high", "note"]
    return pd.DataFrame(rows, columns=columns).astype({"value": np.float64})


def flat(table: pd.DataFrame, name: str, model: str) -> dict[str, float]:
    """Name a model's macro averages for a run: `external/<name>/auroc`."""
    macro = table[table["emotion"].isna() & (table["model"] == model)].dropna(subset=["value"])
    return {f"external/{name}/{row['metric']}": row["value"] for row in macro.to_dict("records")}


def macro_scores(table: pd.DataFrame) -> dict[str, dict[str, dict[str, float | None]]]:
    """Lay the macro averages out for JSON: by model, by metric, `value`, `low` and `high`."""
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for row in table[table["emotion"].isna()].to_dict("records"):
        numbers = {key: row[key] for key in ("value", "low", "high")}
        kept = {k: round(v, DIGITS) if np.isfinite(v) else None for k, v in numbers.items()}
        found.setdefault(row["model"], {})[row["metric"]] = kept
    return found


def told(table: pd.DataFrame, name: str) -> list[str]:
    """Say each model's macro averages in a line, and how many clips it names right."""
    lines = []
    for model, found in macro_scores(table).items():
        parts = [
            f"{metric.replace('_', ' ')} {_range(found[metric])}"
            for metric in ("average_precision", "auroc", "clip_accuracy")
            if metric in found
        ]
        lines.append(f"{name}: {model}, macro {', '.join(parts)}")
    return lines


def _range(numbers: Mapping[str, float | None]) -> str:
    value, low, high = (
        "-" if numbers[key] is None else f"{numbers[key]:.3f}" for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"
