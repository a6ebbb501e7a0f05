"""Save the whole state of a training after each epoch, and go on from it bit by bit.

The state is one file with a checksum, the best weights so far in it: it is all there as it was
written, or it is damaged, and the training begins anew.

Keras' own BackupAndRestore keeps weights, optimizer and epoch, but not what callbacks remember:
the best value so far, patience and the learning rate's schedule.
"""

import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.errors import naming

# What the callbacks of this pipeline remember from epoch to epoch.
_MEMORY: dict[str, tuple[str, ...]] = {
    "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
    "EarlyStopping": ("best", "best_epoch", "wait", "stopped_epoch"),
}
_CHECKSUM = 32  # bytes at the end of the file
STATE = "state.npz"
History = list[dict[str, float]]


class KeepState(keras.callbacks.Callback):
    """Restore a saved training when it begins and save it after each epoch.

    Stands last among the callbacks: when a training begins the others forget, and an epoch is
    over only when all have seen it. `history` gives the epochs so far; `best` the weights of the
    first among them with the lowest validation loss.
    """

    def __init__(
        self, folder: Path, others: Sequence[keras.callbacks.Callback], history: History
    ) -> None:
        super().__init__()
        self._folder = folder
        self._others = {type(c).__name__: c for c in others if type(c).__name__ in _MEMORY}
        self._history = history
        self._saved = _read(folder / STATE)
        self.best: list[Any] = []
        self.stopped = bool(self._saved and self._saved[0]["stopped"])
        if self._saved:
            meta, arrays = self._saved
            history += meta["history"]
            self.best = arrays[len(arrays) - meta["weights"] :]

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        if self._saved is None:
            return
        meta, arrays = self._saved
        variables = _variables(self.model)
        for variable, value in zip(variables, arrays[: -meta["weights"]], strict=True):
            variable.assign(value)
        for name, memory in meta["memory"].items():
            vars(self._others[name]).update(memory)
        self._saved = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        losses = [one["val_loss"] for one in self._history]
        if losses[-1] < min(losses[:-1], default=np.inf):
            self.best = self.model.get_weights()
        memory = {
            name: {key: _plain(getattr(callback, key)) for key in _MEMORY[name]}
            for name, callback in self._others.items()
        }
        meta = {
            "history": self._history,
            "memory": memory,
            "stopped": bool(self.model.stop_training),
            "weights": len(self.best),
        }
        arrays = [*(variable.numpy() for variable in _variables(self.model)), *self.best]
        _write(self._folder / STATE, meta, arrays)


def _variables(model: keras.Model) -> list[Any]:
    """List weights, statistics and the optimizer's variables."""
    return [*model.variables, *model.optimizer.variables]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _write(path: Path, meta: dict[str, Any], arrays: list[Any]) -> None:
    """Write a state, whole or not at all; no pickle."""
    named = {f"array_{i:05d}": array for i, array in enumerate(arrays)}
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    np.savez(content, meta=text, **named)
    draft = path.with_suffix(".draft")
    with naming(draft):
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content.getvalue() + _checksum(content.getvalue()))
    draft.replace(path)


def _read(path: Path) -> tuple[dict[str, Any], list[Any]] | None:
    """Read a state; None where there is none, or another than was written, which is said."""
    if not path.exists():
        return None
    whole = path.read_bytes()
    content, checksum = whole[:-_CHECKSUM], whole[-_CHECKSUM:]
    if checksum != _checksum(content):
        _warn(f"{path} is damaged (its checksum does not match)")
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        meta = json.loads(stored["meta"].tobytes())
        if "weights" not in meta:
            _warn(f"{path} was written by an earlier version of this pipeline")
            return None
        return meta, [stored[name] for name in sorted(stored.files) if name != "meta"]


def _warn(problem: str) -> None:
    print(f"warning state: {problem}; the training begins anew.", file=sys.stderr)


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
