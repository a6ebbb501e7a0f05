"""Take an epoch's rows in an order that follows from seed and epoch alone, many batches at a time.

A training that was broken off is resumed to the same bits: nothing is drawn from a state that
would have to be kept.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.model.training.augmentation import Vary

Array = NDArray[np.float32]

_ROWS_AT_ONCE = 4096
_SMALLEST, _LARGEST, _STEPS = 32, 1024, 500

BatchSize = int | Literal["auto"]


def batch_rows(asked: BatchSize, rows: int) -> int:
    """Give the rows of a step: as asked, or what suits so many training rows.

    `auto` is 32, doubled until an epoch has at most 500 steps, and at most 1,024: of many rows
    small steps take longer, and bring nothing (docs/results.md).
    """
    if asked != "auto":
        return asked
    size = _SMALLEST
    while size < _LARGEST and rows > _STEPS * size:
        size *= 2
    return size


class Part(NamedTuple):
    """Consecutive rows of an epoch: blocks of so many batches of so many rows each.

    Code that gets a part's numbers as tensors serves parts of any shape.
    """

    start: int
    blocks: int
    batches: int
    size: int


def parts_of(rows: int, size: int) -> list[Part]:
    """Cut an epoch into blocks of one shape, then the batches that are left, then the rows."""
    batches = rows // size
    blocks = max(1, batches // max(1, _ROWS_AT_ONCE // size))
    each, left = divmod(batches, blocks)
    done = blocks * each * size
    parts = [
        Part(0, blocks, each, size),
        Part(done, 1, left, size),
        Part(batches * size, 1, 1, rows % size),
    ]
    return [part for part in parts if part.batches and part.size]


class Batches:
    """Training rows (rows, ...) of features and labels, in batches.

    `vary` varies features each time that they are seen. `dropping` holds for each layer of dropout
    the rate and the shape of a row that it drops from; what it keeps is drawn here.
    """

    def __init__(
        self,
        rows: tuple[Array, Array],
        size: int,
        seed: int,
        dropping: Sequence[tuple[float, Sequence[int]]] = (),
        vary: Vary | None = None,
    ) -> None:
        # Tensors, not arrays: an array would be written into the graph, which holds 2 GB.
        self._columns = tuple(map(tf.constant, rows))
        self.rows, self._seed = len(rows[0]), seed
        self._dropping, self._vary = dropping, vary
        self.parts = parts_of(self.rows, size)

    def order(self, epoch: int) -> Any:
        """Draw the order of an epoch's rows, (rows,)."""
        return tf.constant(np.random.default_rng((self._seed, epoch)).permutation(self.rows))

    def take(self, order: Any, epoch: Any, part: Part, block: Any) -> list[Any]:
        """Give a block's features, labels and, for each layer of dropout, what it keeps.

        Each is (batches, rows of a batch, ...); what is kept are booleans.
        """
        count = part.batches * part.size
        start = tf.cast(part.start + block * count, tf.int64)
        chosen = tf.slice(order, [start], [tf.cast(count, tf.int64)])
        features, labels = (tf.gather(column, chosen) for column in self._columns)
        if self._vary:
            features = self._vary(features, epoch, start)
        drawn = (features, labels, *self._kept(count, epoch, start))
        return [tf.reshape(one, [part.batches, part.size, *one.shape[1:]]) for one in drawn]

    def _kept(self, rows: int, epoch: Any, start: Any) -> list[Any]:
        place = tf.random.experimental.stateless_fold_in([self._seed, epoch], start)
        kept = []
        for number, (rate, shape) in enumerate(self._dropping):
            drawn = _draw([rows, *shape], tf.random.experimental.stateless_fold_in(place, number))
            kept.append(drawn >= np.uint16(min(round(rate * 2**16), 2**16 - 1)))
        return kept


def _draw(shape: list[int], seed: Any) -> Any:
    """Draw from 0 to 65,535, two from each number: draws are a good part of a training's time."""
    count = math.prod(shape)
    pairs = tf.random.stateless_uniform([-(-count // 2)], seed, None, None, tf.uint32)
    return tf.reshape(tf.reshape(tf.bitcast(pairs, tf.uint16), [-1])[:count], shape)
