"""Write, read and run a model file; the same weights always give the same bytes."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.model.inference.network import Network

BATCH = 8192
LARGEST = 1e-5  # difference of a probability
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip archive can hold


def save_model(model: keras.Model, path: Path) -> None:
    """Save a `.keras` archive without times and addresses: equal models are equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "model.keras"
        model.save(draft)
        with zipfile.ZipFile(draft) as source, zipfile.ZipFile(path, "w") as target:
            for name in sorted(source.namelist()):
                content = _settle(name, source.read(name))
                target.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _settle(name: str, content: bytes) -> bytes:
    """Take out of a member what differs from save to save."""
    if name == "metadata.json":
        return json.dumps(json.loads(content) | {"date_saved": "1980-01-01@00:00:00"}).encode()
    if name == "config.json":
        # Keras numbers shared objects by their address; the order of appearance does as well.
        seen: dict[int, int] = {}

        def renumber(entry: dict[str, Any]) -> dict[str, Any]:
            if (address := entry.get("shared_object_id")) is not None:
                entry["shared_object_id"] = seen.setdefault(address, len(seen))
            return entry

        return json.dumps(json.loads(content, object_hook=renumber)).encode()
    return content


def load_model(path: Path) -> keras.Model:
    """Load a model to predict with."""
    return keras.models.load_model(path, compile=False)


class Predictor:
    """A model compiled once; calling it turns (rows, features) into (rows, emotions)."""

    def __init__(self, model: keras.Model) -> None:
        shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        self._run = tf.function(lambda rows: model(rows, training=False), input_signature=[shape])
        self._emotions = model.output_shape[1]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        predicted = np.empty((len(features), self._emotions), dtype=np.float32)
        for start in range(0, len(features), BATCH):
            rows = slice(start, start + BATCH)
            predicted[rows] = self._run(tf.convert_to_tensor(features[rows])).numpy()
        return predicted


def refuse_difference(network: Network, model: keras.Model, features: NDArray[np.float32]) -> None:
    """Raise `RuntimeError` where a saved network does not predict rows as the trained model does.

    `features` are rows (rows, features); a difference of `LARGEST` is that of other rounding.
    """
    rows = features[:BATCH]
    found = np.abs(network(rows) - Predictor(model)(rows)).max()
    if not found <= LARGEST:
        raise RuntimeError(f"the saved network differs from the trained one by {found:g}")
