"""Read a trained model whose weights another training starts from (transfer learning).

What the two have in common is told by name: action units by their columns, emotions by what they
are called. NumPy alone: `pipeline.model.training.transfer` puts the weights into a network.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.features.feature_map import FeatureMap, read_feature_map
from pipeline.errors import InputError
from pipeline.model.inference.model_file import open_network
from pipeline.model.inference.network import Floats, Network, read_variables

NETWORK, TOLD, PEOPLE = "model.keras", "run.json", "subjects.json"  # the last one may be absent
FIRST, LAST = "dense_0", "emotions"  # layers
Places = NDArray[np.int64]
_AGAIN = (
    "Bring the folder back: `dvc checkout` or `git checkout` it, or let `python -m pipeline fetch "
    "MODEL --out FOLDER` write it anew."
)


@dataclass(frozen=True)
class Start:
    """A trained network, laid out for the action units and emotions of another training.

    `columns` (features,) and `emotions` (emotions,) hold the place that each of that training's
    has in the trained network; -1 is for a new one. `standard` is scale and offset by which the
    trained network standardises what it takes; None where features are calibrated: these stand at
    the level of that training's people, whose standard makes of them what the weights know.
    `weights` has the variables of its layers by name, each (members, ...) also of one member.
    `account` tells for JSON what is taken over and what is new. `people` are those whom it was
    trained on, None where nothing tells.
    """

    columns: Places
    emotions: Places
    standard: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    weights: Mapping[str, Sequence[Floats]]
    account: Mapping[str, Any]
    people: tuple[str, ...] | None


def read_start(
    folder: Path, columns: Sequence[str], emotions: Sequence[str], chosen: Mapping[str, Any]
) -> Start:
    """Read what lies in a folder, for a training with these AU columns and emotions.

    `chosen` has, by their keys in params.yaml, values in which the two must not differ: hidden,
    batch_norm, square_root, calibrate. Raises `InputError` where they do, where a file is absent or
    damaged, and where no action unit is known.
    """
    hashes = start_md5(folder)
    told, features, network = _read(folder)
    weights = _weights(folder / NETWORK, network)
    _refuse_unlike(folder, _choices(features, weights), chosen)
    # What never moved in that training has the scale 1, and weights that nothing was learned of.
    moved = [i for i, scale in enumerate(network.scale) if scale != 1]
    taken = _places(columns, {features.columns[i]: i for i in moved})
    if not (taken >= 0).any():
        raise InputError(
            f"train.start_from: {folder} has learned from none of these data's action units: it "
            f"knows {', '.join(features.columns[i] for i in moved)}; they have "
            f"{', '.join(columns)}. Allowed is a model of data from the same extractor that shares "
            "columns (features.columns) with these."
        )
    known = _places(emotions, {name: i for i, name in enumerate(told["emotions"])})
    account = {
        "folder": folder.as_posix(),
        "md5": hashes,
        "action_units": _account(columns, taken),
        "emotions": _account(emotions, known),
    }
    standard = None if features.population else (network.scale, network.offset)
    return Start(taken, known, standard, weights, account, _people(folder))


def start_md5(folder: Path) -> dict[str, str]:
    """Hash the files of a folder that decide what a training starts from, as DVC does.

    Raises `InputError` where one of them is absent.
    """
    if folder.is_file():
        raise InputError(
            f"train.start_from is {folder}, a file. Allowed is its folder: {folder.parent}."
        )
    if absent := [name for name in (NETWORK, TOLD) if not (folder / name).is_file()]:
        raise InputError(
            f"train.start_from is {folder}, where there is no {' and no '.join(absent)}. Allowed "
            f"is a folder with {NETWORK} and {TOLD} of a trained model; `python -m pipeline fetch "
            "MODEL --out models/NAME` makes one."
        )
    files = {name: (folder / name).read_bytes() for name in (NETWORK, TOLD)}
    return {
        name: hashlib.md5(file, usedforsecurity=False).hexdigest() for name, file in files.items()
    }


def _read(folder: Path) -> tuple[dict[str, Any], FeatureMap, Network]:
    try:
        network = open_network(folder / NETWORK)
    except InputError as error:
        raise InputError(f"train.start_from: {str(error).split('. ')[0]}. {_AGAIN}") from error
    try:
        told: dict[str, Any] = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        features = read_feature_map(told.get("feature_map") or told["features"])
        sizes = len(features.columns), len(told["emotions"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"train.start_from: {folder / TOLD} is damaged ({type(error).__name__}: {error}). "
            f"{_AGAIN}"
        ) from error
    found = network.kernels[0].shape[1], network.kernels[-1].shape[2]
    if found != sizes:
        raise InputError(
            f"train.start_from: {folder / NETWORK} takes {found[0]} features and gives {found[1]} "
            f"probabilities, and {TOLD} beside it tells of {sizes[0]} action units and {sizes[1]} "
            "emotions. Both files must be of one model."
        )
    return told, features, network


def _weights(path: Path, network: Network) -> dict[str, list[Floats]]:
    """Give the variables of each layer that has some, with an axis of members in front."""
    members, hidden = len(network.kernels[0]), range(len(network.kernels) - 1)
    stored = {name: values for name, values in read_variables(path).items() if values}
    dense = [*(f"dense_{i}" for i in hidden), LAST]
    normalised = [f"batch_norm_{i}" for i in hidden]
    if stored.keys() not in ({*dense}, {*dense, *normalised}):
        raise InputError(
            f"train.start_from: {path} has the layers {', '.join(stored)}. Allowed is a model that "
            "this pipeline trained."
        )
    for name in dense:
        kernel, *bias = stored[name]
        stored[name] = [kernel.reshape(members, *kernel.shape[-2:]), *bias]
    return {
        name: [value if value.ndim == 3 else value.reshape(members, -1) for value in values]
        for name, values in stored.items()
    }


def _choices(features: FeatureMap, weights: Mapping[str, Sequence[Floats]]) -> dict[str, Any]:
    """Tell what was chosen in params.yaml for a model, by the last part of its key."""
    return {
        "square_root": features.square_root,
        "calibrate": "subject" if features.population else "none",
        "hidden": [weights[name][0].shape[2] for name in weights if name.startswith("dense")],
        "batch_norm": "batch_norm_0" in weights,
    }


def _refuse_unlike(folder: Path, had: Mapping[str, Any], chosen: Mapping[str, Any]) -> None:
    theirs = {key: had[key.rpartition(".")[2]] for key in chosen}
    if unlike := [key for key, value in chosen.items() if theirs[key] != value]:
        told = ", ".join(f"{key} {_text(theirs[key])}, not {_text(chosen[key])}" for key in unlike)
        options = " ".join(f"-S '{key}={_text(theirs[key])}'" for key in unlike)
        raise InputError(
            f"train.start_from: {folder} was trained otherwise: {told}. Set what that model has "
            f"({options}), or start from a model that was trained with yours."
        )


def _text(value: Any) -> str:
    """Write a value as params.yaml has it."""
    return value if isinstance(value, str) else json.dumps(value)


def _places(names: Sequence[str], known: Mapping[str, int]) -> Places:
    return np.array([known.get(name, -1) for name in names])


def _account(names: Sequence[str], places: Places) -> dict[str, list[str]]:
    pairs = list(zip(names, places, strict=True))
    taken = [name for name, place in pairs if place >= 0]
    return {"taken": taken, "new": [name for name, place in pairs if place < 0]}


def _people(folder: Path) -> tuple[str, ...] | None:
    """Read whom a model learned from or was stopped by, itself or the one that it started from."""
    path = folder / PEOPLE
    if not path.is_file():
        return None
    try:
        splits = json.loads(path.read_text(encoding="utf-8"))
        return tuple(sorted({*splits["train"], *splits["val"], *splits.get("start", ())}))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"train.start_from: {path} is damaged ({type(error).__name__}: {error}). Bring it back "
            "as it was written beside its model, or delete it: then nobody's name is compared."
        ) from error
