"""Give the terminal, and say in it which step of an evaluation begins.

Where nobody watches, as in a job of CI, the same words are plain lines without control characters.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console

UNWATCHED = 160  # columns; a log is searched by line
Step = Callable[[str], None]


def console() -> Console:
    """Give the terminal, or what writes plain lines in its place."""
    made = Console(highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = UNWATCHED
    return made


@contextmanager
def steps(total: int) -> Iterator[Step]:
    """Give a function that says which step begins; a turning mark shows that it goes on."""
    shown, count = console(), 0
    turning = shown.status("")

    def step(words: str) -> None:
        nonlocal count
        count += 1
        text = f"[{count}/{total}] {words}"
        if shown.is_terminal:
            turning.update(text)
        else:
            shown.print(text)

    with turning if shown.is_terminal else nullcontext():
        yield step
