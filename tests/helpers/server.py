"""A real MLflow server on PostgreSQL for tests, and fixtures that tests/conftest.py hands out.

    def test_something(server, experiment, monkeypatch):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
        ...
        server.kill()   # SIGKILL, as when the machine it runs on dies
        server.start()  # at the same address, with the same database and artifacts

`faulty` is a proxy in front of it that answers 500, refuses, or drops answers: see faulty.py.

It starts once a session (once a worker with xdist). Measured on 2 cores that others used as well:
database 1 s, first start 9 to 13 s (1.5 of it for MLflow's tables), each later one 6 to 11 s. So
where a test needs no dead server but an unreachable one, `faulty.refuse()` is the quick way.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from faulty import Faulty, free_port
from patience import HANGS, wait_for
from throwaway import environment

# A test may be in a hurry, and its database is not worth a second of waiting for the disk.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Server:
    """An `mlflow server` on 127.0.0.1 that serves artifacts itself; `uri` never changes."""

    def __init__(self, database: str, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._database = database
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        # `setpriv` ends a process with the thread that started it. A test may start the server in
        # a thread of its own, which ends; this one lasts as long as the tests do.
        self._starter = ThreadPoolExecutor(max_workers=1)

    def start(self) -> None:
        """Start it and wait until it answers; nothing happens where it runs.

        Raises AssertionError, with what the server wrote, where it does not answer.
        """
        if self._process and self._process.poll() is None:
            return
        log = self._folder / "server.log"
        with log.open("ab") as output:
            self._process = self._starter.submit(self._launch, output.fileno()).result()
        _wait_for(self._answers, self._process, log)

    def kill(self) -> None:
        """Kill it and all its workers at once, as a power cut does; nothing listens afterwards."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(HANGS)
        self._process = None
        while self._answers():  # until its worker is gone as well
            time.sleep(0.01)

    def close(self) -> None:
        """Kill it for good."""
        self.kill()
        self._starter.shutdown()

    def _launch(self, output: int) -> "subprocess.Popen[bytes]":
        own = environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")  # five processes fewer
        mlflow = shutil.which("mlflow", path=own["PATH"]) or "mlflow"
        store = ("--backend-store-uri", self._database)
        artifacts = ("--artifacts-destination", str(self._folder / "artifacts"))
        address = ("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1")
        return subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", mlflow, "server", *store, *artifacts, *address],
            cwd=self._folder,
            env=own,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.uri}/health", timeout=HANGS):
            return True
        return False


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Run a new, empty database cluster, reached by a Unix socket alone; give SQLAlchemy's URI."""
    # Not among pytest's folders: they are closed to the user that the database runs as.
    with TemporaryDirectory(prefix="postgresql-") as name:
        folder = Path(name)
        # Its processes end when this one does, even if it is killed.
        as_user = ["setpriv", "--pdeathsig=INT"]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root; Debian makes it a user
            as_user += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(folder, "postgres", "postgres")
        # No password: the folder of the socket is open to this one user, and to root.
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        made = [
            *as_user,
            str(programs / "initdb"),
            "--no-sync",
            *options,
            f"--pgdata={folder}/data",
        ]
        subprocess.run(made, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with _running([*as_user, str(programs / "postgres")], folder, programs):
            yield f"postgresql+psycopg2://postgres@/postgres?host={folder}"


@contextmanager
def _running(postgres: list[str], folder: Path, programs: Path) -> Iterator[None]:
    settings = ("listen_addresses=", f"unix_socket_directories={folder}", *QUICK)
    command = [*postgres, "-D", f"{folder}/data", *(f"--{setting}" for setting in settings)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    ready = [str(programs / "pg_isready"), "--quiet", f"--host={folder}"]
    try:
        _wait_for(lambda: not subprocess.run(ready, check=False).returncode, process, log)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # ends now, without waiting for clients
        try:
            process.wait(HANGS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    try:
        wait_for(answers, lambda: process.poll() is not None)
    except AssertionError as error:
        written = log.read_text(errors="replace")[-3000:]
        raise AssertionError(f"{log.name}: not ready, {error}:\n{written}") from None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give the session's server, running."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    if newest is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with (
        postgresql(newest.parent) as database,
        closing(Server(database, tmp_path_factory.mktemp("server"))) as made,
    ):
        made.start()
        yield made


@pytest.fixture
def experiment(server: Server) -> str:
    """Give a name that no other test uses; the server runs, whatever a test before did to it."""
    server.start()
    return f"test {uuid.uuid4().hex}"


@pytest.fixture
def faulty(server: Server) -> Iterator[Faulty]:
    """Give a proxy in front of the running server that goes wrong when told to."""
    server.start()
    with closing(Faulty(server.uri)) as proxy:
        yield proxy
