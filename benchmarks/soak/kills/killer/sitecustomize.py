"""Kill a stage or command from within with SIGKILL, at a moment that the environment names.

KILL_STAGE is its name. KILL_AT is `module:function:call:seconds`: that many seconds after the n-th
call of the function has begun, be it in the stage or in the process that sends its journal; both
are killed. Or it is a number: so many seconds after its start. Python imports this file at its
start where its folder is on PYTHONPATH.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import threading
import time
from types import ModuleType
from typing import Any

SENDER = "pipeline.tracking.outbox.sender_process"


def kill_after(seconds: float) -> None:
    """Kill this process, and the stage where this is its sender, after so many seconds."""

    def kill() -> None:
        time.sleep(seconds)
        if SENDER in sys.orig_argv:
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start() if seconds else kill()


def arm(module: ModuleType, path: str, call: int, seconds: float) -> None:
    """Make the `call`-th call of a function end this process after so many seconds."""
    *parents, name = path.split(".")
    owner: Any = module
    for parent in parents:
        owner = getattr(owner, parent)
    original, calls = getattr(owner, name), 0

    def armed(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            kill_after(seconds)
        return original(*args, **kwargs)

    setattr(owner, name, armed)


class Finder(importlib.abc.MetaPathFinder):
    """Arms a function as soon as its module is imported."""

    def __init__(self, module: str, path: str, call: str, seconds: str) -> None:
        self._module = module
        self._rest = path, int(call), float(seconds)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        loader: Any = spec.loader if spec else None
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            original(module)
            arm(module, *self._rest)

        loader.exec_module = exec_module
        return spec


def main() -> None:
    """Set the timer, or wait for the function, where this process is the one that is meant."""
    moment = os.environ.get("KILL_AT")
    # The stage is a module, a command an argument: `-m pipeline.train`, `-m pipeline promote`.
    names = {argument.rpartition(".")[2] for argument in sys.orig_argv[1:]}
    own = os.environ.get("KILL_STAGE", "train") in names
    if moment and ":" in moment and (own or SENDER in sys.orig_argv):
        sys.meta_path.insert(0, Finder(*moment.split(":")))
    elif moment and own:
        kill_after(float(moment))


main()
