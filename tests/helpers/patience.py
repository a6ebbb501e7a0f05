"""Wait as long as it takes: a busy machine is slow, but only what hangs is this slow."""

import time
from collections.abc import Callable

HANGS = 900  # seconds


def wait_for(reached: Callable[[], object], over: Callable[[], object] = lambda: False) -> None:
    """Wait until something is reached.

    Raises AssertionError as soon as it is `over` and can no longer be reached, or where it hangs.
    """
    end = time.monotonic() + HANGS
    while not reached():
        if over():
            assert reached(), "it is over, and was not reached"
            return
        assert time.monotonic() < end, f"not reached in {HANGS} s"
        time.sleep(0.05)
