"""Draw some rows where all would take too long; never to say how certain a score is."""

import numpy as np

from pipeline.evaluation.scoring.arrays import Bools, Ints


def draw_rows(chosen: Bools, seed: int, most: int) -> Ints:
    """Give the places of the chosen rows, or, of more than `most`, of so many drawn at random."""
    places = np.flatnonzero(chosen)
    if len(places) <= most:
        return places
    drawn = np.random.default_rng(seed).choice(len(places), most, replace=False)
    return places[np.sort(drawn)]
