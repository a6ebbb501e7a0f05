"""Damage bytes as a disk does: cut, flip bits, zero a part."""

import random


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Give other bytes than these, near to them."""
    place = rng.randrange(len(content))
    kind = rng.choice(["cut", "flip", "zero", "repeat"])
    if kind == "cut":
        found = content[:place]
    elif kind == "flip":
        found = content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)])
        found += content[place + 1 :]
    elif kind == "zero":
        length = min(rng.randint(1, 512), len(content) - place)
        found = content[:place] + bytes(length) + content[place + length :]
    else:
        found = content[:place] + content[max(place - rng.randint(1, 64), 0) :]
    return found if found != content else damaged(content, rng)
