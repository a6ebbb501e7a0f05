"""Generate folders of OpenFace-shaped CSV files: 714 columns, digits as in OpenFace 2.2."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES, PRESENCES

# (column names, format, low, high); precisions as in OpenFace's RecorderCSV.
_AXES = [f"{axis}_{i}" for axis in "xy" for i in range(68)]
_AXES_3D = [f"{axis}_{i}" for axis in "XYZ" for i in range(68)]
_EYES = [f"eye_lmk_{axis}_{i}" for axis in "xyXYZ" for i in range(56)]
GROUPS: list[tuple[list[str], str, float, float]] = [
    (["timestamp"], "%.3f", 0, 60),
    (["confidence"], "%.2f", 0.8, 1),
    (["success"], "%.0f", 1, 1),
    ([f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"], "%.6f", -1, 1),
    (["gaze_angle_x", "gaze_angle_y"], "%.3f", -1, 1),
    (_EYES, "%.1f", -100, 900),
    ([f"pose_{axis}" for axis in ("Tx", "Ty", "Tz")], "%.1f", -50, 600),
    ([f"pose_{axis}" for axis in ("Rx", "Ry", "Rz")], "%.3f", -1, 1),
    (_AXES, "%.1f", 100, 900),
    (_AXES_3D, "%.1f", -100, 700),
    (["p_scale", "p_rx", "p_ry", "p_rz"], "%.3f", -1, 3),
    (["p_tx", "p_ty"], "%.3f", 100, 900),
    ([f"p_{i}" for i in range(34)], "%.3f", -30, 30),
    (list(INTENSITIES), "%.2f", -3, 5),  # clipped at 0: most action units rest
    (list(PRESENCES), "%.2f", 0, 1),
]
COLUMNS = ["frame", "face_id", *(name for names, *_ in GROUPS for name in names)]


def make_rows(count: int, rng: np.random.Generator) -> list[str]:
    """Write `count` lines without frame number and face."""
    blocks: list[NDArray[np.str_]] = []
    for names, form, low, high in GROUPS:
        values = rng.uniform(low, high, (count, len(names)))
        if names[0] == INTENSITIES[0]:
            values = values.clip(min=0)
        if names[0] == PRESENCES[0]:
            values = values.round()
        blocks.append(np.char.mod(form, values))
    return [", ".join(line) for line in np.concatenate(blocks, axis=1)]


def write_folder(folder: Path, megabytes: int, files: int, seed: int = 1) -> int:
    """Write `files` clips of five a subject, so many megabytes in all; return the rows written."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = make_rows(3000, rng)
    size = sum(map(len, rows)) / len(rows)
    per_file = round(megabytes * 1e6 / files / (size + 8))
    for number in range(files):
        chosen = rng.integers(0, len(rows), per_file)
        lines = [f"{frame}, 0, {rows[i]}" for frame, i in enumerate(chosen, start=1)]
        path = folder / f"S{number // 5:04d}_{number % 5}.csv"
        path.write_text("\n".join([", ".join(COLUMNS), *lines, ""]))
    return files * per_file
