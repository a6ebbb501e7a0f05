"""Two recipes run in a copy of the project, its MLflow UI, and a real browser to look at it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from faulty import free_port
from patience import HANGS, wait_for
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from throwaway import ROOT, commit, environment, make_clone, run, set_params

BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    # Chromium asks for updates and the like by itself. No name leads anywhere, so that neither it
    # nor a shared worker, whose requests the test does not see, reaches another host.
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SMALL = {
    "demo.subjects": 6,
    "demo.frames_per_clip": 20,
    "recipes.improved.epochs": 4,
    "recipes.baseline.epochs": 4,
}
PATIENCE = 60_000  # milliseconds for one thing to appear; two busy cores draw slowly


@dataclass(frozen=True)
class Server:
    """A running `mlflow ui`."""

    address: str

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """Get an answer in JSON; numbers with a fraction stay the text they are sent as."""
        body = None if question is None else json.dumps(question).encode()
        request = urllib.request.Request(
            f"{self.address}/{path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=HANGS) as answer:
            return json.loads(answer.read(), parse_float=str)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def project(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run both recipes in a small copy of the project."""
    clone = make_clone(tmp_path_factory.mktemp("browser") / "clone")
    set_params(clone, SMALL)
    commit(clone, "small")
    run(clone, "dvc", "repro")
    run(clone, "dvc", "exp", "run", "-S", "recipe=baseline", "train")
    return clone


@pytest.fixture(scope="module")
def ui(project: Path) -> Iterator[Server]:
    """Start MLflow's UI in the project's root as `make ui` does; only its port is chosen here."""
    port = free_port()
    (command,) = re.findall(r"^\t(.*mlflow ui.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    own = environment()
    output = project.parent / "ui.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            ["bash", "-c", f"{command} --port {port}"],
            cwd=project,
            env=own,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}")
    try:
        _wait_for(server, process, output)
        yield server
    finally:  # with all that it started
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(HANGS)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]", output: Path) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.address}/health"):
            return True
        return False

    try:
        wait_for(answers, lambda: process.poll() is not None)
    except AssertionError as error:
        written = output.read_text()[-3000:]
        raise AssertionError(f"mlflow ui does not answer, {error}:\n{written}") from None


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Chromium."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=BROWSER_OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def window(browser: Browser, ui: Server) -> Iterator[BrowserContext]:
    """Open a browser whose pages share what one has loaded: MLflow's code alone takes seconds."""
    context = browser.new_context(base_url=ui.address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext, ui: Server) -> Iterator[Page]:
    """Open a page of a first visitor; fail where it asks another host for anything."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    window.on("request", note)  # of the page, and of those that it opens
    page = window.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    window.remove_listener("request", note)
    foreign = [url for url in asked if not url.startswith((f"{ui.address}/", "data:", "blob:"))]
    assert not foreign, f"the page asked other hosts: {foreign}"


@pytest.fixture
def keep(page: Page) -> Callable[[str], None]:
    """Give a function that keeps a screenshot if AU_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("AU_SCREENSHOTS")

    def shoot(name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")
            page.set_viewport_size({"width": 1280, "height": 3000})
            page.screenshot(path=Path(folder) / f"{name}_tall.png")
            page.set_viewport_size({"width": 1280, "height": 900})

    return shoot
