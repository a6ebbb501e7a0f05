"""A trained model as it is used: network, features, emotions, thresholds, profile of its data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.card.profile import Profile
from pipeline.data.features.feature_map import FeatureMap
from pipeline.data.reading.columns.extractors import recognise
from pipeline.errors import InputError
from pipeline.model.inference.model_file import open_network

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # features to probabilities
UNTUNED = 0.5  # from here on an emotion counts as present where no threshold was tuned
TUNED_OF = "network"  # in thresholds.json, which has baselines as well


@dataclass(frozen=True)
class StoredModel:
    """A model by a name that people know; `thresholds` has those that were tuned, by emotion.

    `profile` counts the training data, None where that is not known; `run` is the id of its run in
    the store, None of a file.
    """

    name: str
    network: Path
    features: FeatureMap
    emotions: tuple[str, ...]
    thresholds: Mapping[str, float]
    profile: Profile | None
    run: str | None = None

    @property
    def extractor(self) -> str:
        """The program that wrote the training data."""
        return str(recognise(self.features.columns))

    @property
    def bounds(self) -> NDArray[np.float64]:
        """The threshold of each emotion."""
        return np.array([self.thresholds.get(name, UNTUNED) for name in self.emotions])

    def load(self) -> Network:
        """Load the network; raise `InputError` where it is no network of these features."""
        found = open_network(self.network)
        inputs, outputs = found.kernels[0].shape[1], found.kernels[-1].shape[2]
        wanted = len(self.features.columns), len(self.emotions)
        if (inputs, outputs) != wanted:
            raise InputError(
                f"{self.network} takes {inputs} features and gives {outputs} probabilities, and "
                f"what lies beside it tells of {wanted[0]} action units and {wanted[1]} emotions. "
                "Put the file beside the run.json or contract.json that it was saved with."
            )
        return found


def tuned_in(content: Mapping[str, Any]) -> dict[str, float]:
    """Take the network's thresholds from the content of thresholds.json."""
    return dict(content["thresholds"][TUNED_OF])
