"""What a training sees in an epoch, as arrays."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.model.training.batches import Batches


def of_epoch(batches: Batches, epoch: int) -> Iterator[list[NDArray[np.float32]]]:
    """Give features, labels and what dropout keeps, batch by batch."""
    order, number = batches.order(epoch), tf.constant(epoch, tf.int64)
    for part in batches.parts:
        for block in range(part.blocks):
            taken = batches.take(order, number, part, block)
            yield from ([one.numpy() for one in batch] for batch in zip(*taken, strict=True))
