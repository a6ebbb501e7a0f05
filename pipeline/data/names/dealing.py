"""Put people into an order as good as drawn that depends on their own names alone."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError


def in_order(names: Iterable[str], seed: int) -> list[str]:
    """Put names into an order as good as drawn, in which a further one moves no other past another.

    By their hash; the seed is hashed with them.
    """
    return sorted(names, key=lambda name: sha256(f"{seed}/{name}".encode()).digest())


def deal_groups(
    codes: NDArray[np.int64], names: Sequence[str], number: int, seed: int
) -> NDArray[np.int64]:
    """Give each row (rows,) the group of its person, of so many groups of nearly equal size.

    `codes` tells the person of each row, as a place in `names`. Raises `InputError` where there
    are fewer people than groups.
    """
    there = [names[code] for code in np.unique(codes)]
    if len(there) < number:
        raise InputError(
            f"params.yaml: train.members is {number}, but there are {len(there)} people to train "
            "on; each member leaves out at least one. Lower it."
        )
    place = {name: i for i, name in enumerate(in_order(there, seed))}
    group = np.array([place.get(name, 0) % number for name in names], dtype=np.int64)
    return np.asarray(group[codes])
