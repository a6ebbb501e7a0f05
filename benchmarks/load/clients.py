"""Ask a service on this machine: many clients for some time, or one after another."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp

from benchmarks.load.bodies import Body

LONGEST = 60  # seconds that a client waits for an answer
ADDRESS = re.compile(r"answers at (http://127\.0\.0\.1:\d+)/invocations")
Check = Callable[[bytes], bool]


class Asked(NamedTuple):
    """Seconds of each answer that was right, and what went wrong, in words."""

    seconds: list[float]
    errors: list[str]


class Answered(NamedTuple):
    """What was sent, the status and the text that came back."""

    what: str
    status: int
    text: str


@contextmanager
def started(command: Sequence[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Run `python -m pipeline serve` with more arguments; give its address and process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "serve", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if ADDRESS.search(line)), None)
        if (found := ADDRESS.search(line or "")) is None:
            raise SystemExit(f"the service ended with exit code {process.wait()}")
        yield found[1], process.pid
    finally:
        process.terminate()
        process.communicate()


def resident(pid: int) -> float:
    """Give the memory of a process in MB."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def processor(pid: int) -> float:
    """Give the processor seconds of a process so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def crowd(
    address: str, clients: int, seconds: float, bodies: Sequence[tuple[Body, Check]]
) -> Asked:
    """Let so many clients ask again and again, each as soon as it has its answer."""
    asked = Asked([], [])
    end = time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=clients)
    timeout = aiohttp.ClientTimeout(LONGEST)
    async with aiohttp.ClientSession(address, connector=connector, timeout=timeout) as session:

        async def client(number: int) -> None:
            while time.monotonic() < end:
                body, is_right = bodies[number % len(bodies)]
                number += 1
                begin = time.perf_counter()
                try:
                    status, text = await _post(session, body)
                except (aiohttp.ClientError, TimeoutError) as error:
                    asked.errors.append(f"{type(error).__name__}: {error}")
                    continue
                if status == 200 and is_right(text):
                    asked.seconds.append(time.perf_counter() - begin)
                else:
                    asked.errors.append(f"{body.what}: {status} {text[:200]!r}")

        await asyncio.gather(*(client(number) for number in range(clients)))
    return asked


async def _post(session: aiohttp.ClientSession, body: Body) -> tuple[int, bytes]:
    request = session.post(
        "/invocations",
        data=body.content,
        headers=body.headers,
        skip_auto_headers=["Content-Type"],
    )
    async with request as answer:
        return answer.status, await answer.read()


async def one_by_one(address: str, bodies: Sequence[Body]) -> list[Answered]:
    """Send each body; give what came back."""
    found = []
    timeout = aiohttp.ClientTimeout(LONGEST)
    async with aiohttp.ClientSession(address, timeout=timeout) as session:
        for body in bodies:
            status, text = await _post(session, body)
            found.append(Answered(body.what, status, text.decode(errors="replace")))
    return found


def problem(answered: Answered) -> str | None:
    """Say what is wrong with an answer to a malformed body: it is to be a line, by status 4xx."""
    if not 400 <= answered.status < 500:
        return f"{answered.what}: status {answered.status}"
    told = json.loads(answered.text)
    if set(told) != {"message"} or "\n" in told["message"] or not told["message"].strip():
        return f"{answered.what}: not one line: {answered.text[:200]}"
    if "Traceback" in told["message"] or 'File "' in told["message"]:
        return f"{answered.what}: a trace"
    return None
