"""Write the page on which a trained model can be tried: one HTML file that holds all of it.

The model runs in the reader's browser, by the scripts beside this module. The page's own policy
lets nothing in or out: no script, style, picture or request but what stands in the file.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import (
    FACS_NAMES,
    INTENSITIES,
    PRESENCES,
    number,
    presence,
    value_range,
)
from pipeline.data.features.feature_map import FeatureMap
from pipeline.model.inference.network import Network
from pipeline.report.figures.files import colors
from pipeline.report.pages.webpage import page_style, template

TEMPLATE, STYLE = "try.html.jinja", "try.css"
SCRIPTS = (
    *("model.js", "csv.js", "rows.js", "fitting.js"),
    *("tracking.js", "recording.js", "timeline.js", "controls.js"),
)
_HERE = Path(__file__).parent
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Preset:
    """A face to begin with: its name, in words what it is, and its AUs in their ranges."""

    name: str
    words: str
    aus: Sequence[float]


@dataclass(frozen=True)
class Trial:
    """A model to try: what it takes and gives, and its network.

    `thresholds` has one of each emotion. Frames of less than `min_confidence` are set aside, as
    those of training were. `calm` says that its people never passed an intensity of 1.
    """

    title: str
    extractor: str
    features: FeatureMap
    emotions: Sequence[str]
    thresholds: Sequence[float]
    network: Network
    presets: Sequence[Preset]
    min_confidence: float
    calm: bool


def try_page(trial: Trial) -> str:
    """Return the file's text; the same model gives the same bytes."""
    style = "\n".join([colors(), page_style(), _read(STYLE)])
    script = "\n".join(_read(name) for name in SCRIPTS)
    return template(_HERE, TEMPLATE).render(
        trial=trial,
        rows=(rows := _rows(trial.features.columns)),
        both=any(len(row["columns"]) > 1 for row in rows),
        model=_model(trial),
        style=style,
        script=script,
        policy=_policy(style, script),
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Allow this very style and script, by their hashes, and nothing else."""
    allowed = "; ".join(
        f"{kind}-src 'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for kind, text in (("script", script), ("style", style))
    )
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _rows(columns: Sequence[str]) -> list[dict[str, Any]]:
    """Lay the sliders out: an AU a row, with its columns, the graded one first."""
    rows: dict[int, dict[str, Any]] = {}
    for column in columns:
        au = number(column)
        row = rows.setdefault(au, {"au": f"AU{au}", "facs": FACS_NAMES[au], "columns": []})
        kind = "presence" if column in PRESENCES else "intensity"
        row["columns"].append({"name": column, "kind": kind, "highest": value_range(column)[1]})
    return [rows[au] for au in sorted(rows)]


def _model(trial: Trial) -> dict[str, Any]:
    """Lay the model out as the scripts read it (`Model` in model.js)."""
    columns = trial.features.columns
    network = trial.network
    layers = zip(network.kernels, network.biases, strict=True)
    numbers = [network.scale, network.offset, *(part for layer in layers for part in layer)]
    weights = b"".join(np.asarray(part, "<f4").tobytes() for part in numbers)
    members, width, _ = network.kernels[0].shape
    laid_out = trial.features.lay_out()
    return {
        "extractor": trial.extractor,
        "columns": [
            {
                "name": name,
                "graded": name in INTENSITIES,
                "highest": value_range(name)[1],
                "presence": _beside(name, columns),
            }
            for name in columns
        ],
        "emotions": [
            {"name": name, "threshold": float(threshold)}
            for name, threshold in zip(trial.emotions, trial.thresholds, strict=True)
        ],
        "presets": [list(map(float, preset.aus)) for preset in trial.presets],
        "squareRoot": laid_out["square_root"],
        "shrinkClips": laid_out["shrink_clips"],
        "people": laid_out["population"],
        "minConfidence": trial.min_confidence,
        "calm": trial.calm,
        "members": members,
        "sizes": [width, *(bias.shape[2] for bias in network.biases)],
        "weights": b64encode(weights).decode(),
    }


def _beside(column: str, columns: Sequence[str]) -> int | None:
    """Find the presence of the AU whose intensity this is, where the model takes both."""
    if column not in INTENSITIES:
        return None
    own = presence(number(column))
    return columns.index(own) if own in columns else None
