"""The one error that people are meant to read, and how a stage or command shows it."""

import errno
import gc
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What is wrong with a disk, not with the program.
_DISK = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or ask for a larger quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "make the file system writable, or work in another folder",
    errno.EACCES: "give yourself the right to it, or work in another folder",
    errno.EPERM: "give yourself the right to it, or work in another folder",
}

_MADE = r"'(outputs/[^']+)'"  # as the system's words and PyArrow's name it
STOPPED = 130  # the exit code of a program that was ended by Ctrl-C


class InputError(Exception):
    """What was received (file, row or key path), what is allowed, and what to do."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in an OSError of the block: writing to a full disk does not say where."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def one_line() -> Iterator[None]:
    """Turn an `InputError` into one message and exit code 1.

    So does a disk that is full or may not be written to, and a file that an earlier stage should
    have made. Ctrl-C, or SIGTERM where it comes as that, is one message and exit code 130.
    """
    try:
        yield
    except InputError as error:
        _stop(str(error))
    except OSError as error:
        if lost := re.search(_MADE, str(error)) if isinstance(error, FileNotFoundError) else None:
            _stop(f"{lost[1]} is missing: `dvc repro` makes it.")
        if error.errno not in _DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _stop(f"{where}{error.strerror}. Please {_DISK[error.errno]} and run it again.")
    except KeyboardInterrupt:
        print("stopped before the end", file=sys.stderr)
        raise SystemExit(STOPPED) from None


@contextmanager
def process() -> Iterator[None]:
    """Run what a process is there for; errors are shown as by `one_line`.

    What is loaded before, and what is left at the end, is not looked through for garbage: where
    TensorFlow is loaded that takes longer than many a command.
    """
    gc.freeze()
    try:
        with one_line():
            yield
    finally:
        gc.freeze()


def run_main(main: Callable[..., None]) -> None:
    """Run a stage with the arguments of the command line, which are read before it begins.

    `main` may carry click's options; `--help` shows its module's docstring. Ends with exit code 2
    on an argument that it does not know, and as `one_line` says on an error.
    """
    import click

    module = sys.modules[main.__module__]
    name = f"python -m {module.__spec__.name}" if module.__spec__ else sys.argv[0]
    command = click.command(help=module.__doc__)(main)
    try:
        given: dict[str, Any] = command.make_context(name, sys.argv[1:]).params
    except click.exceptions.Exit as done:
        raise SystemExit(done.exit_code) from None
    except click.UsageError as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    with process():
        main(**given)


def _stop(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(1) from None
