"""Cut the cells that nobody wants out of the lines of a CSV block before it is parsed.

A parser walks every cell of a line. OpenFace writes 714 columns of which some 40 are wanted, the
first few and the last 35: to count the delimiters and look where the first and the last ones
stand costs a fraction of parsing.
"""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WORTH = 64  # columns; below, cutting costs more than it saves
_CELL = 12  # bytes that a cell and its delimiter may take on average; else a line is read whole


@lru_cache(maxsize=64)
def longest_unwanted(columns: tuple[str, ...], wanted: frozenset[str]) -> tuple[int, int]:
    """Find the longest run [start, stop) of columns that nobody wants, the first one apart."""
    best, start = (1, 1), 1
    for place, name in enumerate(columns[1:], start=1):
        if name in wanted:
            start = place + 1
        elif place + 1 - start > best[1] - best[0]:
            best = (start, place + 1)
    return best


class _Room(threading.local):
    """Memory that a thread uses again: to have the system map it anew costs more than the work."""

    def __init__(self) -> None:
        self.letters = bytearray()
        self.marks = np.zeros(0, dtype=np.bool_)


_room = _Room()


def read_lines(path: Path, start: int, size: int) -> tuple[bytearray, int]:
    """Read up to `size` bytes into memory that the thread's next call overwrites; count them.

    A last line without a line feed is given one.
    """
    letters = _room.letters
    if len(letters) <= size:
        letters = _room.letters = bytearray(size + 1)
    with path.open("rb") as file:
        file.seek(start)
        count = file.readinto(memoryview(letters)[:size])
    if count and letters[count - 1] != ord("\n"):
        letters[count] = ord("\n")
        count += 1
    return letters, count


def cut(
    block: bytes | bytearray, size: int, delimiter: str, width: int, start: int, stop: int
) -> tuple[bytes, int] | None:
    """Cut cells [start, stop) out of each line of the first `size` bytes; count the lines.

    0 < start < stop <= width. None where a line does not have `width` cells, quotes may hide a
    delimiter, lines end otherwise than by a line feed or cells are long: such a block is to be
    read whole.
    """
    if block.find(b'"', 0, size) >= 0 or _lone_return(block, size):
        return None
    marks, pad = _mark(block, size, delimiter, width)
    begins, ends = _lines(block, size)
    if (_count_between(marks, np.append(begins, size) + pad) != width - 1).any():
        return None
    leave = _nth(marks, begins + pad, start)
    resume = _nth_last(marks, ends + pad, width - stop) if stop < width else ends + pad - 1
    if leave is None or resume is None:
        return None
    leave -= pad - (stop < width)  # the last cell kept has no delimiter after it
    kept = zip([0, *(resume + 1 - pad).tolist()], [*leave.tolist(), size], strict=True)
    letters = memoryview(block)
    return b"".join([letters[begin:end] for begin, end in kept]), len(ends)


def _lone_return(block: bytes | bytearray, size: int) -> bool:
    if block.find(b"\r", 0, size) < 0:
        return False
    return block.count(b"\r", 0, size) != block.count(b"\r\n", 0, size)


def _mark(
    block: bytes | bytearray, size: int, delimiter: str, width: int
) -> tuple[NDArray[np.bool_], int]:
    """Mark the delimiters; so many places before and after find none beyond the first and last."""
    pad = (width + 1) * _CELL
    if len(_room.marks) < size + 2 * pad:
        _room.marks = np.zeros(size + 2 * pad, dtype=np.bool_)
    marks = _room.marks[: size + 2 * pad]
    marks[:pad] = marks[-pad:] = False
    np.equal(np.frombuffer(block, np.uint8, size), ord(delimiter), out=marks[pad:-pad])
    return marks, pad


def _lines(block: bytes | bytearray, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give where each line begins and where its line feed stands."""
    # Not with `find`, which is as fast alone, but holds up the other threads.
    stops = np.flatnonzero(np.frombuffer(block, np.uint8, size) == ord("\n"))
    if not len(stops) or stops[-1] != size - 1:
        stops = np.append(stops, size)
    return np.append(0, stops[:-1] + 1), stops


def _count_between(marks: NDArray[np.bool_], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the marks between each edge and the next, eight places at a time."""
    packed = np.packbits(marks)
    byte, bit = np.divmod(edges, 8)
    before = np.bitwise_count(packed[byte] >> (8 - bit).astype(np.uint8)).astype(np.int64)
    whole = np.add.reduceat(np.bitwise_count(packed), byte, dtype=np.int64)[:-1]
    whole[byte[1:] == byte[:-1]] = 0  # where reduceat gives the byte itself
    counts: NDArray[np.int64] = whole - before[:-1] + before[1:]
    return counts


def _nth(
    marks: NDArray[np.bool_], begins: NDArray[np.int64], count: int
) -> NDArray[np.int64] | None:
    """Find the `count`-th mark after each beginning, or None where one is far."""
    reach = (count + 1) * _CELL
    seen = sliding_window_view(marks, reach)[begins]
    found = seen.sum(axis=1, dtype=np.uint32)
    if found.min() < count:
        return None
    places = np.flatnonzero(seen)[np.cumsum(found) - found + count - 1]
    found_at: NDArray[np.int64] = begins + places - np.arange(len(begins)) * reach
    return found_at


def _nth_last(
    marks: NDArray[np.bool_], ends: NDArray[np.int64], count: int
) -> NDArray[np.int64] | None:
    """Find the `count`-th mark before each end, or None where one is far."""
    reach = (count + 1) * _CELL
    seen = sliding_window_view(marks, reach)[ends - reach]
    found = seen.sum(axis=1, dtype=np.uint32)
    if found.min() < count:
        return None
    places = np.flatnonzero(seen)[np.cumsum(found) - count]
    found_at: NDArray[np.int64] = ends - reach + places - np.arange(len(ends)) * reach
    return found_at
