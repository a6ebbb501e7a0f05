"""Show how far something is: a bar where a person watches, one line elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """Give a function that hears of so many more of `total`."""
    if sys.stderr.isatty():
        with tqdm(total=total, desc=what, unit=f" {unit}", dynamic_ncols=True) as bar:
            yield bar.update
    else:
        print(f"{what} {total:,} {unit}", flush=True)
        yield lambda _more: None
