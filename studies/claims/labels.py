"""Make each recipe's own labels, and take people's where they labelled as well."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.data.frames import column_words
from pipeline.data.names.words import meant_by
from pipeline.evaluation.scoring.arrays import Ints
from pipeline.settings import paths
from pipeline.settings.schema import Params
from pipeline.stages.steps.labelling import write_labels
from studies.frames import Array, Whole
from studies.scores import Scorer

FOLDER = paths.OUTPUTS / "studies/labels"
OWN, PEOPLE = "its own labels", "people's words"


@dataclass(frozen=True)
class Truth:
    """What predictions are held against: rows, and those of the columns that are judged."""

    kind: str
    scorer: Scorer
    rows: Ints
    columns: Ints

    def of(self, predicted: Array) -> Array:
        """Take what is judged of predictions of all rows."""
        return predicted[np.ix_(self.rows, self.columns)]


def labels_of(settings: Params) -> Path:
    """Label all frames as the recipe in use does; people's labels are the same for each recipe."""
    if settings.label.source == "human":
        return paths.LABELS
    path = FOLDER / f"{settings.recipe}.parquet"
    write_labels(settings, paths.FRAMES, path, [])
    return path


def own_truth(whole: Whole, settings: Params) -> Truth:
    """Judge by the labels that were learned, in all rows."""
    rows, columns = map(np.arange, whole.labels.shape)
    return Truth(OWN, Scorer.of(whole, settings), rows, columns)


def peoples_truth(whole: Whole, settings: Params) -> Truth | None:
    """Judge by the categories that people gave, where an emotion means one of them.

    None where they gave none, or where theirs are the labels that are learned anyway.
    """
    if settings.label.source == "human":
        return None
    words = column_words(paths.FRAMES, "emotion")
    rows = np.flatnonzero(words != "")
    known = np.unique(words[rows]).tolist()
    meant = meant_by(whole.emotions, settings.evaluate.human_names, known)
    names = tuple(name for name in whole.emotions if meant[name] in known)
    if not names:
        return None
    judged = replace(
        whole,
        labels=np.stack([words[rows] == meant[name] for name in names], axis=1).astype(np.float32),
        emotions=names,
        subject=whole.subject[rows],
        clip=whole.clip[rows],
    )
    columns = np.array([whole.emotions.index(name) for name in names])
    return Truth(PEOPLE, Scorer.of(judged, settings), rows, columns)
