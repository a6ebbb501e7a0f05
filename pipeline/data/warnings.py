"""Shape data warnings: a code to filter by, a number, and what to do."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

# What data are warned of, in training, evaluation and data sets of their own.
Code = Literal[
    "alike_subjects",
    "au_drift",
    "clip_without_label",
    "correlated_labels",
    "dead_au",
    "dead_au_in_split",
    "dead_rule_au",
    "few_own_clips",
    "few_positives",
    "few_subjects",
    "identical_labels",
    "imbalanced_labels",
    "label_drift",
    "label_without_clip",
    "label_without_name",
    "large_loss",
    "leaky_split",
    "mixed_modes",
    "one_sided_clips",
    "other_clip_length",
    "other_extractor",
    "other_levels",
    "other_mode",
    "rare_au",
    "repeated_recording",
    "same_recording",
    "saturated_au",
    "seen_in_training",
    "single_clip_subject",
    "small_intensities",
    "start_knows_test",
    "subject_is_emotion",
    "subject_spans_folders",
    "uneven_loss",
    "unknown_category",
]


def warning(code: Code, number: float, message: str) -> dict[str, Any]:
    """Shape a warning as it stands in the stages' summaries."""
    return {"code": code, "number": number, "message": message}


def read_warnings(*summaries: Path) -> list[dict[str, Any]]:
    """Gather the warnings that the stages left in their summaries."""
    return [found for path in summaries for found in json.loads(path.read_text())["warnings"]]


def count_codes(warnings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count warnings by code, in the order of the codes."""
    return dict(sorted(Counter(found["code"] for found in warnings).items()))


def some(names: Sequence[str], most: int = 10) -> str:
    """List the first names."""
    return f"{', '.join(names[:most])}{' ...' if len(names) > most else ''}"
