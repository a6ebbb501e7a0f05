import threading
import time

import pytest

from pipeline.data.reading.parallel import AHEAD, run_in_order


def test_results_come_in_the_order_of_the_jobs() -> None:
    def run(job: int) -> int:
        time.sleep(0.01 * (job % 3 == 0))  # some take longer than those after them
        return job

    assert list(run_in_order(run, range(40))) == list(range(40))


def test_few_results_wait_for_a_slow_taker() -> None:
    done: list[int] = []
    results = run_in_order(lambda job: done.append(job), range(100))
    next(results)
    time.sleep(0.3)
    assert len(done) <= AHEAD
    results.close()


def test_failure_of_a_job_reaches_the_caller_and_stops_the_rest() -> None:
    ran: list[int] = []

    def run(job: int) -> int:
        ran.append(job)
        if job == 3:
            raise ValueError("job 3")
        return job

    with pytest.raises(ValueError, match="job 3"):
        list(run_in_order(run, range(1000)))
    assert len(ran) < 3 + 2 * AHEAD
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]
