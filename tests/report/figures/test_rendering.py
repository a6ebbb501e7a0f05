"""A figure is the same, wherever it is rendered; what fails there is told here."""

import os
import signal
import subprocess
import sys
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from select import select

import pytest
from matplotlib.figure import Figure
from reports import HISTORY

from pipeline.errors import InputError
from pipeline.report.figures import rendering
from pipeline.report.figures.overviews import training_curves
from pipeline.report.figures.rendering import Drawing, Renderer, render

CURVES = Drawing(partial(training_curves, HISTORY), "losses", "by epoch")


def _tell_process(told: Path) -> Figure:
    told.write_text(f"{os.getpid()}\n")
    return Figure()


def _fail() -> Figure:
    raise InputError("nothing to draw")


def _end_any_process_but(one: int) -> Figure:
    if os.getpid() != one:
        os._exit(9)
    return Figure()


@pytest.mark.parametrize("cores", [1, 2])
def test_files_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(rendering, "cpu_count", lambda: cores)
    with Renderer() as renderer:
        renderer.begin({"first": CURVES})
        renderer.begin({"second": CURVES})
        drawn = renderer.finish()
    assert list(drawn) == ["first", "second"]
    assert drawn["first"] == drawn["second"] == render(CURVES)
    assert drawn["first"].caption == "losses"
    assert drawn["first"].png.startswith(b"\x89PNG")


def test_another_process_begins_while_this_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rendering, "cpu_count", lambda: 2)
    told = tmp_path / "told"
    os.mkfifo(told)
    heard = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
    with Renderer() as renderer:
        renderer.begin({"a": Drawing(partial(_tell_process, told), "", "")})
        assert select([heard], [], [], 600)[0], "nothing was drawn before it was asked for"
        assert int(os.read(heard, 99)) != os.getpid()
    os.close(heard)


def test_what_fails_there_is_told_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "cpu_count", lambda: 2)
    with Renderer() as renderer:
        renderer.begin({"wrong": Drawing(_fail, "", "")})
        assert wait(renderer._queued.values(), 600).done  # else it would be drawn here alone
        with pytest.raises(InputError, match="nothing to draw"):
            renderer.finish()


def test_what_a_process_that_has_ended_leaves_is_drawn_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "cpu_count", lambda: 2)
    with Renderer() as renderer:
        renderer.begin({"last": Drawing(partial(_end_any_process_but, os.getpid()), "", "")})
        renderer.begin({"after": CURVES})
        assert not wait(renderer._queued.values(), 600).not_done
        assert renderer.finish()["after"] == render(CURVES)


def test_the_process_goes_on_after_what_fails_and_hears_no_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "cpu_count", lambda: 2)
    with Renderer() as renderer:
        renderer.begin({"wrong": Drawing(_fail, "", ""), "after": CURVES})
        assert renderer._queued["wrong"].result() is None
        assert renderer._queued["after"].result() == render(CURVES)
        assert renderer._process
        assert os.getpgid(renderer._process.pid) != os.getpgid(0)


def test_nothing_to_draw_is_nothing() -> None:
    with Renderer() as renderer:
        assert renderer.finish() == {}


def test_no_process_outlives_a_stage_that_is_killed() -> None:
    code = (
        "import os, signal\n"
        "from pipeline.report.figures import rendering\n"
        "rendering.cpu_count = lambda: 2\n"
        "rendering.Renderer()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # Its output ends once no process is left that could write to it.
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=600, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stderr == b""
