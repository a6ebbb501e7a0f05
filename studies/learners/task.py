"""What a learner is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.data.features.frame_features import make_features
from pipeline.settings.schema import Params
from pipeline.stages.steps.training import choose_columns, learn_features
from studies.frames import Rows

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Task:
    """Rows to learn from, and the frames of the people whom the model is asked about.

    `settings` are the project's with what the study changes; `folder` outlives a kill.
    """

    settings: Params
    emotions: tuple[str, ...]
    train: Rows
    validation: Rows
    asked: pa.Table
    seed: int
    folder: Path

    @property
    def columns(self) -> list[str]:
        """The AU columns that features are made of."""
        names = self.train.frames.column_names
        present = [name for name in names if name not in ("subject", "clip")]
        return choose_columns(self.settings.features.columns, present)

    def features(self, learn: pa.Table, *tables: pa.Table) -> list[Array]:
        """Make features of each table, by what the frames of `learn` alone say how."""
        made = learn_features(learn, self.columns, self.settings.features)
        return [make_features(table, made) for table in tables]


@dataclass(frozen=True)
class Answer:
    """Probabilities (rows, emotions) of the rows that were asked, and of validation where it has.

    `notes` is for JSON: what was chosen, how training went.
    """

    predicted: Array
    validation: Array | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


Learner = Callable[[Task], Answer]
