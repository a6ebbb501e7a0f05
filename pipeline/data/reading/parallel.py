"""Run jobs in parallel and take their results in order, few waiting at a time."""

import os
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, effective_n_jobs, parallel_config
from joblib.parallel import ThreadingBackend, get_active_backend

from pipeline.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 8  # results that may wait at once
_THREADS = "read"  # begins the names of the threads


def run_in_order(run: Callable[[Job], Result], jobs: Sequence[Job]) -> Generator[Result]:
    """Yield the result of each job, in their order.

    Threads do by default: what takes long, reading and parsing, runs outside the interpreter lock.
    Another backend of joblib that the caller has set wins, so that a cluster serves unchanged.
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
    ready: Iterable[Result] = ()
    window = max(AHEAD, effective_n_jobs())  # what a cluster has room for
    for start in range(0, len(jobs), window):
        running = run_all(run, jobs[start : start + window])
        yield from ready
        ready = running
    yield from ready


def run_all(
    run: Callable[[Job], Result], jobs: Sequence[Job], at_once: int = -1, *, ordered: bool = True
) -> Iterable[Result]:
    """Run all jobs on joblib's backend; give results as they come, where the backend can.

    A job finds relative paths as they are here. Raises `InputError` where its machine lacks this
    folder.
    """
    there = delayed(partial(_run_in, os.getcwd(), run))  # noqa: PTH109  # as it is sent
    how = "generator" if ordered else "generator_unordered"
    if not get_active_backend()[0].supports_return_generator:  # Ray's, Spark's
        how = "list"
    results: Iterable[Result] = Parallel(at_once, return_as=how)(map(there, jobs))
    return results


def _run_in(folder: str, run: Callable[[Job], Result], job: Job) -> Result:
    try:
        os.chdir(folder)  # a worker was started anywhere
    except OSError as error:
        raise InputError(
            f"{socket.gethostname()}, a machine of the cluster, does not see {folder} "
            f"({error.strerror}): mount it there at the same path."
        ) from None
    with parallel_config("sequential"):  # what a job shares out itself would wait for its own place
        return run(job)
