"""Models of each kind that training makes, and the pages on which they can be tried."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.action_units import INTENSITIES, OPENFACE_COLUMNS, value_range
from pipeline.data.features.feature_map import FeatureMap, fit_feature_map
from pipeline.model.inference.network import read_network
from pipeline.report.try_page.page import Preset, Trial, try_page

EMOTIONS = ("happiness", "an </script> with <b>quotes\"'</b>", "fear")
THRESHOLDS = {"happiness": 0.55, EMOTIONS[1]: 0.5, "fear": 0.25}
HIGHEST = np.array([value_range(name)[1] for name in OPENFACE_COLUMNS])

# By name: how features are made, and the network.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {"batch_norm": True},
    "roots": {"batch_norm": False, "square_root": True},
    "calibrated": {"batch_norm": True, "square_root": True, "calibrate": True},
    "members": {"batch_norm": True, "members": 3, "calibrate": True},
    "intensities": {"batch_norm": True, "columns": INTENSITIES},
}


@dataclass(frozen=True)
class Made:
    """A Keras model, how its features are made, and its page's content."""

    network: Any
    features: FeatureMap
    trial: Trial

    def write(self, folder: Path) -> Path:
        """Write the page."""
        path = folder / "try.html"
        path.write_text(try_page(self.trial), encoding="utf-8")
        return path


def random_aus(rows: int, seed: int) -> NDArray[np.float32]:
    """Draw OpenFace's columns, of which half are 0 as in real faces."""
    random = np.random.default_rng(seed)
    values = random.random((rows, len(HIGHEST))) * HIGHEST
    return np.where(random.random(values.shape) < 0.5, values, 0).astype(np.float32)


def make(
    *,
    batch_norm: bool,
    square_root: bool = False,
    calibrate: bool = False,
    members: int = 1,
    columns: tuple[str, ...] = OPENFACE_COLUMNS,
) -> Made:
    """Make a model whose numbers are as unlike as those of a trained one."""
    from pipeline.model.training.saving import save_model

    aus = random_aus(240, 1)[:, : len(columns)]
    subject, clip = (index.ravel() for index in np.indices((6, 40)))
    features = fit_feature_map(
        columns,
        aus,
        subject,
        clip // 10,
        square_root=square_root,
        calibrate=calibrate,
        shrink_clips=5.0,
    )
    network = _network(features(aus, subject, clip // 10), batch_norm=batch_norm, members=members)
    with TemporaryDirectory() as folder:
        save_model(network, file := Path(folder) / "model.keras")
        stored = read_network(file)
    smile = [2.5 * (name in ("AU06_r", "AU12_r")) for name in columns]
    presets = [
        Preset("at rest", "every action unit at 0", [0.0] * len(columns)),
        Preset("happiness", "AU6 and AU12", smile),
    ]
    trial = Trial(
        title="Recipe improved on data/demo",
        extractor="OpenFace 2",
        features=features,
        emotions=EMOTIONS,
        thresholds=list(THRESHOLDS.values()),
        network=stored,
        presets=presets,
        min_confidence=0.5,
        calm=False,
    )
    return Made(network, features, trial)


def _network(features: NDArray[np.float32], *, batch_norm: bool, members: int) -> Any:
    import keras

    from pipeline.model.training.members import build_members
    from pipeline.model.training.network import build, standardise

    keras.utils.set_random_seed(5)
    options: dict[str, Any] = {
        "hidden": (64, 32),
        "dropout": (0.2, 0.1),
        "batch_norm": batch_norm,
    }
    if members == 1:
        network = build(features, len(EMOTIONS), **options)
    else:
        first, width = standardise(features), features.shape[1]
        network = build_members(first, width, len(EMOTIONS), **options, members=members)[1]
    random = np.random.default_rng(6)
    for variable in network.variables:  # as training leaves no number at 0 or 1
        noise = random.uniform(0.05, 0.3, variable.shape)
        variable.assign(variable.numpy() + noise if len(variable.shape) == 1 else variable.numpy())
    return network
