"""The one error that people are meant to read, and how a stage shows it."""

import sys
from collections.abc import Callable


class InputError(Exception):
    """What was received (file, row or key path), what is allowed, and what to do."""


def run_main(main: Callable[[], None]) -> None:
    """Run a stage or command; an `InputError` becomes one message and exit code 1."""
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
