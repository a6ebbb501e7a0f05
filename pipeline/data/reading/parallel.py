"""Run jobs in parallel and take their results in order, few waiting at a time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed
from joblib.parallel import ThreadingBackend, get_active_backend

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 8  # results that may wait at once
_THREADS = "read"  # begins the names of the threads


def run_in_order(run: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """Yield the result of each job, in their order.

    Threads do by default: what takes long, reading and parsing, runs outside the interpreter lock.
    A caller's own `joblib.parallel_config(backend=...)` wins, so that a cluster serves unchanged.
    joblib with threads would cost a third more time, for it has no way to hold results back.
    """
    if isinstance(get_active_backend(prefer="threads")[0], ThreadingBackend):
        yield from _on_threads(run, jobs)
    else:
        yield from _on_backend(run, jobs)


def _on_threads(run: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(cpu_count(), _THREADS) as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(run, job))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # where one failed


def _on_backend(run: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """Run window after window; the next runs while the results of one are taken."""
    ready: Iterator[Result] = iter(())
    for start in range(0, len(jobs), AHEAD):
        window = (delayed(run)(job) for job in jobs[start : start + AHEAD])
        running = Parallel(n_jobs=-1, return_as="generator")(window)
        yield from ready
        ready = running
    yield from ready
