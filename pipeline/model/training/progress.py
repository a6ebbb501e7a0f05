"""Show training: a bar with time left where a person watches, one line an epoch elsewhere."""

import sys
from collections.abc import Mapping
from typing import Any

import keras
from tqdm import tqdm


class Progress(keras.callbacks.Callback):
    """Report loss, validation loss and learning rate after each epoch."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._bar: Any = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        if sys.stderr.isatty():
            self._bar = tqdm(total=self._epochs, unit="epoch", dynamic_ncols=True, desc="training")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        shown = {name: f"{(logs or {})[name]:.4f}" for name in ("loss", "val_loss")}
        if self._bar is not None:
            self._bar.set_postfix(shown)
            self._bar.update()
        else:
            values = "  ".join(f"{name} {value}" for name, value in shown.items())
            print(f"epoch {epoch + 1}/{self._epochs}  {values}", flush=True)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self._bar is not None:
            self._bar.close()
