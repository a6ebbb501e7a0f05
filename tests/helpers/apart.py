"""Run what starts an event loop of its own: Playwright's runs in the thread of the tests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


def in_a_thread(call: Callable[[], Found]) -> Found:
    """Call in a thread that has no event loop; what it raises is raised here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
