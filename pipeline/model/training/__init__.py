"""The network, its loss, its training and its file; beside it exports alone import TensorFlow."""

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


with _stderr_held_back():  # TensorFlow logs a banner before its log level can be set
    import tensorflow  # noqa: F401
