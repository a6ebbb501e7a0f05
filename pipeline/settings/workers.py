"""Let jobs that go through joblib run on the cluster that params.yaml names."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from joblib import effective_n_jobs, parallel_config
from joblib.parallel import get_active_backend

from pipeline.data.reading.parallel import run_all
from pipeline.errors import InputError
from pipeline.settings.beside_sections import Parallel

WAIT = 60.0  # seconds for a cluster to answer, and for its first worker
_OR = "Or set parallel.backend: local."


@contextmanager
def workers(where: Parallel) -> Iterator[None]:
    """Let the jobs of the block run where the settings say.

    With `local` nothing is set: a caller's own `joblib.parallel_config` wins. Raises `InputError`
    where a package is missing, no cluster answers, or its workers cannot run a job of ours.
    """
    if where.backend == "local":
        yield
        return
    cluster = _CLUSTERS[where.backend]
    _refuse_missing(where.backend, cluster.packages)
    address = where.address or os.environ.get(cluster.variable, "")
    called = f"params.yaml: no {where.backend} cluster answers at {address or 'its usual place'}"
    with ExitStack() as stack:
        try:
            _knock(address)
            stack.enter_context(cluster.connect(address))
        except Exception as error:  # each library has its own
            raise InputError(
                f"{called} ({_first_line(error)}). Start it, or mend parallel.address. {_OR}"
            ) from None
        _refuse_strangers(where.backend)
        yield


def _refuse_missing(backend: str, packages: tuple[str, ...]) -> None:
    try:
        for package in packages:
            import_module(package)
    except ModuleNotFoundError as error:
        raise InputError(
            f"params.yaml: parallel.backend is {backend}, and there is no package {error.name}: "
            f"pip --python .venv/bin/python install {' '.join(packages)}. {_OR}"
        ) from None


def _knock(address: str) -> None:
    """Raise OSError where nothing listens: some libraries try for minutes.

    What names no single host and port (`yarn`, two masters) is left to its library.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        place = parts.hostname, parts.port
    except ValueError:
        return
    if all(place):
        socket.create_connection(place, WAIT).close()


def _in_time(connect: Callable[[], Any]) -> Any:
    """Give what `connect` does; raise TimeoutError where a library would wait for ever."""
    answer: Future[Any] = Future()

    def call() -> None:
        try:
            answer.set_result(connect())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    if not wait([answer], WAIT).done:
        raise TimeoutError(f"no answer in {WAIT:g} s")
    return answer.result()


def _refuse_strangers(backend: str) -> None:
    """Raise `InputError` where there is no worker, or a first job does not run there."""
    end = time.monotonic() + WAIT
    while not _places():
        if time.monotonic() > end:
            raise InputError(
                f"params.yaml: the {backend} cluster of parallel.address has no worker: start "
                f"some, see docs/studies.md. {_OR}"
            )
        time.sleep(0.1)
    try:
        # joblib waits for ever where Dask's scheduler cannot load the job.
        _in_time(partial(_first_job, get_active_backend()[0]))
    except InputError:
        raise
    except Exception as error:
        lacks = re.search(r"No module named '[\w.]+'", str(error))
        raise InputError(
            f"the {backend} cluster did not run a first job "
            f"({lacks[0] if lacks else _first_line(error)}). Its workers need this project on "
            f"their PYTHONPATH and its packages: docs/studies.md. {_OR}"
        ) from None


def _first_job(backend: Any) -> None:
    with parallel_config(backend):  # a thread has none yet
        list(run_all(bool, [0]))


def _places() -> int:
    """Count the jobs that can run at a time."""
    try:
        return int(effective_n_jobs())
    except (KeyError, TimeoutError):  # Ray's and Dask's ways to say 0
        return 0


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def _dask(address: str) -> Iterator[None]:
    if not address:  # a client would start a cluster of its own
        raise InputError("parallel.address is null, and DASK_SCHEDULER_ADDRESS is not set")
    make = import_module("distributed").Client
    with (
        _in_time(lambda: make(address, timeout=WAIT)) as client,
        parallel_config("dask", client=client, wait_for_workers_timeout=0),
    ):
        yield


@contextmanager
def _ray(address: str) -> Iterator[None]:
    import_module("ray.util.joblib").register_ray()
    # Workers' output stays on their machines.
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    init = import_module("ray").init
    with _in_time(lambda: init(address or "auto", **quiet)), parallel_config("ray"):
        yield


@contextmanager
def _spark(address: str) -> Iterator[None]:
    import_module("joblibspark").register_spark()
    builder = import_module("pyspark.sql").SparkSession.builder
    builder = builder.master(address) if address else builder
    with _in_time(builder.getOrCreate), parallel_config("spark"):
        yield


@dataclass(frozen=True)
class _Cluster:
    """What a backend needs installed, where it looks for an address, how it is entered."""

    packages: tuple[str, ...]
    variable: str
    connect: Callable[[str], AbstractContextManager[None]]


_CLUSTERS = {
    "dask": _Cluster(("distributed",), "DASK_SCHEDULER_ADDRESS", _dask),
    "ray": _Cluster(("ray",), "RAY_ADDRESS", _ray),
    "spark": _Cluster(("pyspark", "joblibspark"), "MASTER", _spark),
}
