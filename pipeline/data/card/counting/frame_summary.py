"""Count, as frames stream by, what a person must know before believing a model."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipeline.data.action_units import SPLITS
from pipeline.data.card.counting.au_activity import Activity
from pipeline.data.card.counting.copies import Copies
from pipeline.data.frames import find_runs
from pipeline.data.warnings import warning

# Rows to count at once: a column of a batch costs a dozen calls, however few rows it has.
AT_ONCE = 1 << 16
FEW_SUBJECTS = 5  # scores on fewer people say little of others


class FrameSummary:
    """Frames, clips and subjects per split, and the activity of each action unit."""

    def __init__(self, aus: Sequence[str]) -> None:
        self.activity = Activity(aus)
        self.copies = Copies(aus)
        self._frames: dict[str, int] = dict.fromkeys(SPLITS, 0)
        self._clips: dict[str, set[str]] = defaultdict(set)
        self._clips_of: dict[str, set[str]] = defaultdict(set)
        self._subjects: dict[str, set[str]] = defaultdict(set)
        self._waiting: list[pa.Table] = []

    def add(self, frames: pa.Table) -> None:
        """Take the frames of one batch, split included; `finish` after the last."""
        self._waiting.append(frames)
        if sum(table.num_rows for table in self._waiting) >= AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Count what has been taken and not counted yet."""
        if any(table.num_rows for table in self._waiting):
            self._count(pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks())
        self._waiting = []

    def _count(self, frames: pa.Table) -> None:
        # Rows stand clip by clip, so the clips of a batch are its runs.
        runs = find_runs(frames, clips=True)
        self.activity.add(frames, runs)
        self.copies.add(frames, runs)
        for who, what, length, code in zip(
            runs.subject, runs.clip, runs.lengths.tolist(), runs.split.tolist(), strict=True
        ):
            where = SPLITS[code]
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
        return {
            "splits": {
                split: {
                    "subjects": len(self._subjects[split]),
                    "clips": len(self._clips[split]),
                    "frames": self._frames[split],
                }
                for split in SPLITS
            },
            "aus": self.activity.overall(),
        }

    def split_of(self) -> dict[str, str]:
        """Name the split of each subject that stands in one alone."""
        pairs = [(name, split) for split, names in self._subjects.items() for name in names]
        counts = Counter(name for name, _ in pairs)
        return {name: split for name, split in pairs if counts[name] == 1}

    def warnings(self) -> list[dict[str, Any]]:
        """Name what is odd about the action units, and subjects with a single clip."""
        found = self.activity.warnings()
        few = {split: len(self._subjects[split]) for split in SPLITS[1:] if self._frames[split]}
        if few and min(few.values()) < FEW_SUBJECTS:
            found.append(
                warning(
                    "few_subjects",
                    min(few.values()),
                    f"few people to judge by ({', '.join(f'{k} {n}' for k, n in few.items())}): "
                    "differences between splits and between models may be chance. Add people.",
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
