from benchmarks.soak.fuzz.cases import fuzz


def test_mutated_recordings_lose_no_row_and_raise_no_traceback():
    outcomes = fuzz(cases=200, seed=2)
    assert outcomes.total() == 200
    assert len(outcomes) > 5  # the mutations reach many ways to fail, not one
