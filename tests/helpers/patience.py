"""Wait as long as it takes: a busy machine is slow, but only what hangs is this slow."""

import time
from collections.abc import Callable
from pathlib import Path

HANGS = 900  # seconds


def runs_still(process: int) -> bool:
    """Tell whether a process runs; in a container an ended one may stay listed, as a zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


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
