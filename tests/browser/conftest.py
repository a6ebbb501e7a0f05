"""Two recipes run in a copy of the project, its MLflow UI, and a real browser to look at it."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from throwaway import commit, environment, make_clone, run, set_params

# Chromium asks for updates and the like by itself; a test looks at our page alone.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SMALL = {
    "demo.subjects": 6,
    "demo.frames_per_clip": 20,
    "recipes.improved.epochs": 4,
    "recipes.baseline.epochs": 4,
}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def project(chromium, tmp_path_factory) -> Path:
    """Run both recipes in a small copy of the project."""
    clone = make_clone(tmp_path_factory.mktemp("ui") / "clone")
    set_params(clone, SMALL)
    commit(clone, "small")
    run(clone, "dvc", "repro")
    run(clone, "dvc", "exp", "run", "-S", "recipe=baseline")
    return clone


@pytest.fixture(scope="session")
def ui(project) -> Iterator[str]:
    """Start a bare `mlflow ui` in the project's root; only its port is chosen here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = environment()
    command = [shutil.which("mlflow", path=own["PATH"]) or "mlflow", "ui", "--port", str(port)]
    with (project.parent / "ui.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=project, env=own, stdout=log, stderr=log, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server)
            yield address
        finally:
            # The server starts workers of its own; they share its process group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            server.wait(30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/health") as answer:
            if answer.status == 200:
                return
        assert server.poll() is None, "mlflow ui ended by itself"
        time.sleep(0.2)
    raise AssertionError("mlflow ui does not answer")


@pytest.fixture(scope="session")
def browser(chromium) -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # a busy machine of two cores draws slowly
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def context(browser, ui) -> Iterator[BrowserContext]:
    """Open a window that lets no request leave this machine, and remembers those that tried."""
    opened = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened.set_default_timeout(60_000)
    foreign: list[str] = []

    def local_only(route: Route) -> None:
        if route.request.url.startswith((ui, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    opened.route("**/*", local_only)
    yield opened
    opened.close()


@pytest.fixture
def page(context) -> Page:
    return context.new_page()


def keep(page: Page, name: str) -> None:
    """Keep a screenshot where AU_SCREENSHOTS names a folder, so that a person can look."""
    if folder := os.environ.get("AU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
