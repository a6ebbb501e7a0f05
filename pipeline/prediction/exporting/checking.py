"""Hold what an export gives to what the network gives, on rows of every kind."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import PRESENCES, value_range
from pipeline.data.features.feature_map import UNKNOWN, Codes, FeatureMap
from pipeline.errors import InputError
from pipeline.prediction.exporting.contract import AUS, OWN_CLIPS, OWN_MEAN, OWN_VARIANCE
from pipeline.prediction.exporting.formats import Array, Run
from pipeline.prediction.stored_model import Network, StoredModel

RANDOM_ROWS = 10_000
TOLERANCE = 1e-5  # between probabilities
_PEOPLE, _CLIPS = 50, 40  # the first has one clip, the last has all
_TIMED = 200  # calls


class Rows(NamedTuple):
    """Action units (rows, columns), and of each row whose it is and of which clip."""

    aus: NDArray[np.float32]
    subject: Codes
    clip: Codes


class Measured(NamedTuple):
    """The largest difference from the network, and how long one row takes, in ms."""

    difference: float
    milliseconds: float


def check_rows(columns: tuple[str, ...], random_rows: int = RANDOM_ROWS) -> Rows:
    """Draw rows of people who differ in level and spread, after rows at the ends of all ranges.

    Those at the ends are of nobody known, and so is a tenth of the others. As in OpenFace's files
    half of the values are 0, the others have two decimals, and presences are 0 or 1.
    """
    random = np.random.default_rng(0)
    low, high = np.array([value_range(name) for name in columns]).T
    fixed = np.vstack([low, high, (low + high) / 2, low + np.diag(high - low)])
    subject = random.integers(0, _PEOPLE, random_rows)
    clip = (random.random(random_rows) * (1 + subject * (_CLIPS - 1) // (_PEOPLE - 1))).astype(int)
    level, spread = random.random((2, _PEOPLE, len(columns))) * (high - low) / 2
    values = random.normal(level[subject], spread[subject]).clip(low, high).round(2)
    values[random.random(values.shape) < 0.5] = 0
    values = np.where([name in PRESENCES for name in columns], values > 0, values)
    subject[::10] = UNKNOWN
    nobody = np.full(len(fixed), UNKNOWN)
    return Rows(
        np.vstack([fixed, values]).astype(np.float32),
        np.append(nobody, subject),
        np.append(nobody, clip),
    )


def inputs_of(features: FeatureMap, rows: Rows) -> dict[str, Array]:
    """Give rows as an export takes them; a person's level is that of the rows given here."""
    if features.population is None:
        return {AUS: rows.aus}
    own = features.levels(rows.aus, rows.subject, rows.clip)

    def of_rows(numbers: NDArray[np.generic]) -> Array:
        # Zeros in the last row, for the code of who is not known; and for who has no row.
        padded = np.vstack([np.nan_to_num(numbers), np.zeros_like(numbers[:1])])
        return padded.astype(np.float32)[rows.subject]

    return {
        AUS: rows.aus,
        OWN_CLIPS: of_rows(own.clips[:, np.newaxis]),
        OWN_MEAN: of_rows(own.mean),
        OWN_VARIANCE: of_rows(own.variance),
    }


def measure(model: StoredModel, network: Network, run: Run, what: str) -> Measured:
    """Run an export; raise `InputError` where it gives other probabilities than the network."""
    rows = check_rows(model.features.columns)
    expected = network(model.features(*rows))
    inputs = inputs_of(model.features, rows)
    found = run(inputs)
    if found.shape != expected.shape:
        raise InputError(f"{what} gives an array of {found.shape}, the network {expected.shape}.")
    difference = float(np.abs(found - expected).max())  # NaN where either is
    if not difference <= TOLERANCE:
        raise InputError(
            f"{what} differs from the network by {difference:.2g}; at most {TOLERANCE:g} is "
            "allowed, and nothing was kept. It may hold a layer that this format's converter does "
            "not know: choose another --format, or export another model."
        )
    return Measured(difference, _one_row(run, inputs))


def _one_row(run: Run, inputs: Mapping[str, Array]) -> float:
    """Time calls with a single row; give the median in ms."""
    one = {name: values[:1] for name, values in inputs.items()}
    run(one)  # the first allocates
    taken = []
    for _ in range(_TIMED):
        begin = time.perf_counter()
        run(one)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken)) * 1000
