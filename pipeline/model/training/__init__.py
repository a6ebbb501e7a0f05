"""The network, its loss, its training and its file; beside it exports alone import TensorFlow."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Exceptions still reach people; what is silenced are notes on CPU features and absent GPUs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Keep what C++ code writes to stderr, and show it only where the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _not_found(*packages: str) -> Iterator[None]:
    """Let packages that are not loaded yet seem not to be installed, as long as the block lasts."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: not to be found
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Look for no garbage: of the million objects that an import makes nearly all stay."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


# TensorFlow logs a banner before its log level can be set. Keras would load, for wrappers and
# galleries that are not used here, two packages that it can do without, which takes a second.
with _stderr_held_back(), _not_found("matplotlib", "sklearn"), _garbage_left():
    import tensorflow  # noqa: F401
