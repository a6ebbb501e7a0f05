"""Rows that are drawn: all of few, of many so many as are wanted, by a seed and in their order."""

import numpy as np

from pipeline.evaluation.resampling.sampling import draw_rows


def test_takes_all_rows_or_a_seeded_sample_of_them() -> None:
    chosen = np.arange(100) % 3 > 0
    assert draw_rows(chosen, 1, 1000).tolist() == np.flatnonzero(chosen).tolist()
    found = draw_rows(chosen, 1, 20)
    assert len(set(found.tolist())) == 20
    assert chosen[found].all()
    assert found.tolist() == sorted(draw_rows(chosen, 1, 20)) != draw_rows(chosen, 2, 20).tolist()
