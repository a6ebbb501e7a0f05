"""Say what an export takes and gives: names, order, ranges, thresholds.

An export is a function of arrays of float32. `action_units` (rows, columns) takes the columns of
the frame table as they are; `probabilities` (rows, emotions) lie in [0, 1]. Where features are
calibrated it takes beside each row what is known of its person: `own_clips` (rows, 1), the number
of the person's clips, `own_mean` and `own_variance` (rows, columns), each averaged over frames of
a clip, then over clips; zeros of who is not known. See `feature_map.own_levels`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.data.action_units import value_range
from pipeline.prediction.stored_model import StoredModel

AUS, PROBABILITIES = "action_units", "probabilities"
OWN_CLIPS, OWN_MEAN, OWN_VARIANCE = "own_clips", "own_mean", "own_variance"
FILES = {"onnx": "model.onnx", "litert": "model.tflite", "savedmodel": "model_savedmodel"}
CONTRACT = "model.json"  # beside them


def contract_of(model: StoredModel) -> dict[str, Any]:
    """Lay out for JSON what travels with each file."""
    columns = model.features.columns
    return {
        "model": model.name,
        "model_md5": _md5(model.network),
        "extractor": model.extractor,
        "inputs": _inputs(model),
        "outputs": {PROBABILITIES: "rows x emotions, float32, 0 to 1"},
        AUS: list(columns),
        "ranges": {name: value_range(name) for name in columns},
        "emotions": list(model.emotions),
        "thresholds": dict(zip(model.emotions, model.bounds.tolist(), strict=True)),
    }


def _md5(path: Path) -> str:
    """Hash a file as DVC does: dvc.lock and the run that made the model have the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _inputs(model: StoredModel) -> dict[str, str]:
    """Say in a line what each input is."""
    found = {AUS: "rows x action_units, float32, as the extractor writes them"}
    if model.features.population is None:
        return found
    of = "square roots of action units" if model.features.square_root else "action units"
    who = "of the row's person: mean over clips of the frames'"
    return found | {
        OWN_CLIPS: "rows x 1, float32: clips of the row's person; 0 where nobody is known",
        OWN_MEAN: f"rows x action_units, float32, {who} mean, of {of}",
        OWN_VARIANCE: f"rows x action_units, float32, {who} squared distance to own_mean, of {of}",
    }


def as_text(contract: dict[str, Any]) -> str:
    """Write a contract as the file beside the exports."""
    return json.dumps(contract, indent=2) + "\n"
