"""Count, as frames stream by, what a person must know before believing a model."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.units import INTENSITIES, SPLITS

_KEYS = ("subject", "clip", "split")

ACTIVE_ABOVE = 0.0  # an intensity above this counts as active; a presence is 0 or 1 anyway


def warning(code: str, number: float, message: str) -> dict[str, Any]:
    """Shape a data warning: a code to filter by, a number, and what to do."""
    return {"code": code, "number": number, "message": message}


def read_warnings(*summaries: Path) -> list[dict[str, Any]]:
    """Gather the warnings that the stages left in their summaries."""
    return [found for path in summaries for found in json.loads(path.read_text())["warnings"]]


def _run_starts(*columns: pa.DictionaryArray) -> NDArray[np.int64]:
    """Find the rows at which any of these columns changes."""
    changed = np.zeros(len(columns[0]), dtype=bool)
    changed[0] = True
    for column in columns:
        codes = column.indices.to_numpy()
        changed[1:] |= codes[1:] != codes[:-1]
    return np.flatnonzero(changed)


class FrameSummary:
    """Frames, clips and subjects per split, and the activity of each action unit."""

    def __init__(self, aus: Sequence[str]) -> None:
        self._aus = list(aus)
        self._low = np.full(len(aus), np.inf)
        self._high = np.full(len(aus), -np.inf)
        self._total = np.zeros(len(aus))
        self._active = np.zeros(len(aus))
        self._frames: dict[str, int] = dict.fromkeys(SPLITS, 0)
        self._clips: dict[str, set[str]] = defaultdict(set)
        self._clips_of: dict[str, set[str]] = defaultdict(set)
        self._subjects: dict[str, set[str]] = defaultdict(set)

    def add(self, frames: pa.Table) -> None:
        """Count the frames of one batch, split included."""
        if not frames.num_rows:
            return
        for i, name in enumerate(self._aus):
            values = frames[name].to_numpy()
            self._low[i] = min(self._low[i], values.min())
            self._high[i] = max(self._high[i], values.max())
            self._total[i] += values.sum(dtype=np.float64)
            self._active[i] += np.count_nonzero(values > ACTIVE_ABOVE)
        subject, clip, split = (frames[name].combine_chunks() for name in _KEYS)
        # Rows stand clip by clip, so the clips of a batch are its runs.
        runs = _run_starts(subject, clip, split)
        lengths = np.diff(np.append(runs, frames.num_rows))
        for i, length in zip(runs.tolist(), lengths.tolist(), strict=True):
            who, what, where = (column[i].as_py() for column in (subject, clip, split))
            self._frames[where] += length
            self._clips[where].add(what)
            self._subjects[where].add(who)
            self._clips_of[who].add(what)

    @property
    def frames(self) -> int:
        """Frames so far."""
        return sum(self._frames.values())

    def as_dict(self) -> dict[str, Any]:
        """Lay the counts out for prepare.json."""
        count = max(self.frames, 1)
        return {
            "splits": {
                split: {
                    "subjects": len(self._subjects[split]),
                    "clips": len(self._clips[split]),
                    "frames": self._frames[split],
                }
                for split in SPLITS
            },
            "aus": {
                name: {
                    "lowest": round(float(self._low[i]), 4),
                    "highest": round(float(self._high[i]), 4),
                    "mean": round(float(self._total[i] / count), 6),
                    "active_share": round(float(self._active[i] / count), 6),
                }
                for i, name in enumerate(self._aus)
            },
        }

    def warnings(self) -> list[dict[str, Any]]:
        """Name dead action units and subjects with a single clip."""
        found = []
        dead = [name for i, name in enumerate(self._aus) if self._low[i] == self._high[i]]
        if dead:
            found.append(
                warning(
                    "dead_au",
                    len(dead),
                    f"{len(dead)} of {len(self._aus)} action units never move: {', '.join(dead)}. "
                    "Rules and features that rest on them say nothing; check the extractor.",
                )
            )
        intense = [i for i, name in enumerate(self._aus) if name in INTENSITIES]
        if intense and self.frames and self._high[intense].max() <= 1:
            found.append(
                warning(
                    "small_intensities",
                    float(self._high[intense].max()),
                    "no intensity exceeds 1, though OpenFace writes 0-5: are these presences, or "
                    "the output of another program? See data.layout.",
                )
            )
        single = sorted(name for name, clips in self._clips_of.items() if len(clips) == 1)
        if single:
            found.append(
                warning(
                    "single_clip_subject",
                    len(single),
                    f"{len(single)} of {len(self._clips_of)} subjects have one clip: "
                    f"{', '.join(single[:10])}{' ...' if len(single) > 10 else ''}. Their "
                    "person and their clip cannot be told apart.",
                )
            )
        return found
