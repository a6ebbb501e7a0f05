"""Say how each action unit behaves in each split: dead, rare, saturated, or elsewhere otherwise.

`expressed` is a fifth of a column's range: intensity 1 of 0-5, level A of FACS; of a presence it
is a half. `saturated` is the top of the range.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES, PRESENCES, SPLITS, value_range
from pipeline.data.card.counting.histogram import Histogram
from pipeline.data.card.counting.subject_means import SubjectMeans
from pipeline.data.frames import Runs
from pipeline.data.warnings import Code, some, warning

ACTIVE_ABOVE = 0.0  # an intensity above this counts as active; a presence is 0 or 1 anyway
# An AU expressed in a smaller share of the training frames teaches little. Where each clip is one
# row, that row may be a mean, which is low for a movement that came and went: there above 0 counts.
RARE = 0.01
SATURATED = 0.05  # a larger share of frames at the top of the range has lost what is above


def expressed_from(column: str) -> float:
    """Give the value from which a column counts as expressed."""
    low, high = value_range(column)
    return low + (high - low) * (0.5 if column in PRESENCES else 0.2)


def saturated_from(column: str) -> float:
    """Give the top of a column's range; a presence has no more to say than its top."""
    return np.inf if column in PRESENCES else value_range(column)[1]


class Activity:
    """Counts of each AU column per split as batches stream by."""

    def __init__(self, aus: Sequence[str]) -> None:
        shape = (len(SPLITS), len(aus))
        self._aus = list(aus)
        self._frames = np.zeros(len(SPLITS), dtype=np.int64)
        self._longest = 0  # frames of a clip
        self._low = np.full(shape, np.inf)
        self._high = np.full(shape, -np.inf)
        self._total, self._active = np.zeros(shape), np.zeros(shape)
        self._expressed, self._saturated = np.zeros(shape), np.zeros(shape)
        self._histogram = Histogram([value_range(name) for name in aus])
        self._subjects = SubjectMeans(aus)

    def add(self, frames: pa.Table, runs: Runs) -> None:
        """Count the frames of one batch."""
        sums = np.empty((len(runs.starts), len(self._aus)))
        split = runs.split
        np.add.at(self._frames, split, runs.lengths)
        self._longest = max(self._longest, int(runs.lengths.max()))
        for i, name in enumerate(self._aus):
            values = frames[name].to_numpy()
            sums[:, i] = np.add.reduceat(values, runs.starts, dtype=np.float64)
            np.minimum.at(self._low[:, i], split, np.minimum.reduceat(values, runs.starts))
            np.maximum.at(self._high[:, i], split, np.maximum.reduceat(values, runs.starts))
            for counts, found in (
                (self._active, values > ACTIVE_ABOVE),
                (self._expressed, values >= expressed_from(name)),
                (self._saturated, values >= saturated_from(name)),
            ):
                np.add.at(counts[:, i], split, np.add.reduceat(found, runs.starts, dtype=np.int64))
            self._histogram.add(i, values, runs.row_split)
        np.add.at(self._total, split, sums)
        self._subjects.add(runs, sums)

    def overall(self) -> dict[str, dict[str, float]]:
        """Sum each AU up over all splits, for prepare.json."""
        frames = max(int(self._frames.sum()), 1)
        return {
            name: {
                "lowest": round(float(self._low[:, i].min()), 4),
                "highest": round(float(self._high[:, i].max()), 4),
                "mean": round(float(self._total[:, i].sum() / frames), 6),
                "active_share": round(float(self._active[:, i].sum() / frames), 6),
            }
            for i, name in enumerate(self._aus)
        }

    def rows(self) -> list[dict[str, Any]]:
        """List one row a split and AU; shares and quantiles are None in a split without frames.

        `split`, `au` (the column), `frames`, `mean`, `active_share` (above 0), `expressed_share`,
        `saturated_share`, the quantiles of `Histogram`, and `state`: `dead` (never moves), `rare`
        (expressed in less than `RARE` of the frames, or above 0 in less than that of the clips
        where each is one row), `saturated` (more than `SATURATED` of them)
        or `ok`.
        """
        return [self._row(code, i) for code in range(len(SPLITS)) for i in range(len(self._aus))]

    def _row(self, code: int, i: int) -> dict[str, Any]:
        frames = int(self._frames[code])

        def share(counts: NDArray[np.float64]) -> float | None:
            return round(float(counts[code, i]) / frames, 6) if frames else None

        return {
            "split": SPLITS[code],
            "au": self._aus[i],
            "frames": frames,
            "mean": share(self._total),
            "active_share": share(self._active),
            "expressed_share": share(self._expressed),
            "saturated_share": share(self._saturated),
            **self._histogram.quantiles(i, slice(code, code + 1)),
            "state": self._state(code, i),
        }

    def _state(self, code: int, i: int) -> str | None:
        if not self._frames[code]:
            return None
        if self._low[code, i] == self._high[code, i]:
            return "dead"
        shown = self._expressed if self._longest > 1 else self._active
        if shown[code, i] < RARE * self._frames[code]:
            return "rare"
        return "saturated" if self._saturated[code, i] > SATURATED * self._frames[code] else "ok"

    def drift(self) -> list[dict[str, Any]]:
        """Compare the splits' subjects; see `SubjectMeans.drift`."""
        return self._subjects.drift()

    def warnings(self) -> list[dict[str, Any]]:
        """Name dead, rare and saturated action units, and differences between the splits."""
        return [*self._dead(), *self._small(), *self._odd(), *self._subjects.warnings("au_drift")]

    def _dead(self) -> list[dict[str, Any]]:
        lowest, highest = self._low.min(axis=0), self._high.max(axis=0)
        dead = [name for i, name in enumerate(self._aus) if lowest[i] == highest[i]]
        found = []
        if dead:
            text = (
                f"{len(dead)} of {len(self._aus)} action units never move: {', '.join(dead)}. "
                "Rules and features that rest on them say nothing; check the extractor."
            )
            found.append(warning("dead_au", len(dead), text))
        for code, split in enumerate(SPLITS):
            still = [
                name
                for i, name in enumerate(self._aus)
                if self._state(code, i) == "dead" and name not in dead
            ]
            if still:
                text = (
                    f"{', '.join(still)} never move in {split} but do elsewhere: {split} cannot "
                    "show what they are worth. Add people, or deal with another prepare.split.seed."
                )
                found.append(warning("dead_au_in_split", len(still), text))
        return found

    def _small(self) -> list[dict[str, Any]]:
        intense = [i for i, name in enumerate(self._aus) if name in INTENSITIES]
        if not intense or not self._frames.any() or self._high[:, intense].max() > 1:
            return []
        text = (
            "no intensity exceeds 1, though OpenFace writes 0-5: are these presences, or the "
            "output of another program? See data.layout."
        )
        return [warning("small_intensities", float(self._high[:, intense].max()), text)]

    def _odd(self) -> list[dict[str, Any]]:
        seen = (
            f"are expressed in less than {RARE:.0%} of the training frames"
            if self._longest > 1
            else f"are above 0 in less than {RARE:.0%} of the training clips"
        )
        told: dict[Code, str] = {
            "rare_au": f"{seen}: a model can hardly learn them. Add recordings in which they move.",
            "saturated_au": f"stand at the top of their range in more than {SATURATED:.0%} of the "
            "training frames: what is stronger looks the same. Check the extractor.",
        }
        found = []
        for code, text in told.items():
            state = code.removesuffix("_au")
            odd = [name for i, name in enumerate(self._aus) if self._state(0, i) == state]
            if odd:
                found.append(warning(code, len(odd), f"{some(odd)} {text}"))
        return found
