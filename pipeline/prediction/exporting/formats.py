"""Write each format and run it again, as those who use the files would."""

import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.prediction.exporting.contract import CONTRACT, PROBABILITIES, as_text

Array = NDArray[np.float32]
Run = Callable[[Mapping[str, Array]], Array]  # inputs by name to probabilities (rows, emotions)
Contract = dict[str, Any]


def write_onnx(network: keras.Model, contract: Contract, path: Path) -> None:
    """Write an ONNX file that holds the contract as `metadata_props`, a JSON text each."""
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras looks whether NumPy has `object`
        network.export(path, format="onnx", verbose=False)
    made = onnx.load(path)
    for one in (*made.graph.input, *made.graph.output):
        one.type.tensor_type.shape.dim[0].dim_param = "rows"  # else `unk__` and a number
    onnx.helper.set_model_props(made, {name: _text(part) for name, part in contract.items()})
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, path)


def _text(part: Any) -> str:
    return part if isinstance(part, str) else json.dumps(part)


def run_onnx(path: Path) -> Run:
    """Load an ONNX file into ONNX Runtime, on the processor."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: np.asarray(session.run([PROBABILITIES], dict(inputs))[0])


def write_litert(network: keras.Model, _contract: Contract, path: Path) -> None:
    """Write a LiteRT file, which TensorFlow Lite reads as well."""
    network.export(path, format="litert", verbose=False)


def run_litert(path: Path) -> Run:
    """Load a LiteRT file into LiteRT's interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_path=str(path)).get_signature_runner()
    return lambda inputs: np.asarray(signature(**inputs)[PROBABILITIES])


def write_savedmodel(network: keras.Model, contract: Contract, path: Path) -> None:
    """Write a folder that TensorFlow and TensorFlow Serving load; the contract lies in it."""
    network.export(path, format="tf_saved_model", verbose=False)
    extra = path / "assets.extra"  # where SavedModel keeps what is not TensorFlow's
    extra.mkdir()
    (extra / CONTRACT).write_text(as_text(contract), encoding="utf-8")


def run_savedmodel(path: Path) -> Run:
    """Load a SavedModel and call what TensorFlow Serving calls."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))

    def run(inputs: Mapping[str, Array]) -> Array:
        given = {name: tf.constant(values) for name, values in inputs.items()}
        signature = loaded.signatures["serving_default"]  # it does not keep its weights by itself
        return np.asarray(signature(**given)[PROBABILITIES])

    return run


WRITE: dict[str, Callable[[keras.Model, Contract, Path], None]] = {
    "onnx": write_onnx,
    "litert": write_litert,
    "savedmodel": write_savedmodel,
}
RUN: dict[str, Callable[[Path], Run]] = {
    "onnx": run_onnx,
    "litert": run_litert,
    "savedmodel": run_savedmodel,
}


def replace(made: Path, target: Path) -> None:
    """Put a file or folder in the place of another."""
    if target.is_dir():
        shutil.rmtree(target)
    made.replace(target)
