"""What a stage logs is sent by a process of its own, which ends with the stage, however it ends."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from patience import HANGS, wait_for

from pipeline.errors import InputError
from pipeline.tracking.outbox.journal import Journal, waiting
from pipeline.tracking.outbox.sender_process import SenderProcess

if TYPE_CHECKING:
    from mlflow import MlflowClient

Start = Callable[[str], "subprocess.Popen[str]"]
BEGIN = {"experiment": "e", "name": "r", "tags": {}, "maker": None, "params": {}}


@pytest.fixture
def journal(store: Path) -> Journal:
    made = Journal.create(store / ".local/runs", "0-key")
    made.append("begin", **BEGIN)
    return made


def hear_on(sender: SenderProcess) -> None:
    wait_for(sender.hear)  # tells nothing, but raises what the process says


def test_stage_does_not_load_mlflow(client: "MlflowClient", start: Start) -> None:
    stage = start(
        "import sys\n"
        "from pipeline.tracking.open_runs import training_run\n"
        "with training_run('e', 'r', {'seed': 7}, {}) as run:\n"
        "    run.log_metrics({'loss': 0.5}, 3)\n"
        "print(run.id, 'mlflow' in sys.modules)"
    )
    output, errors = stage.communicate()
    run_id, loaded = output.split()
    assert (loaded, errors) == ("False", "")
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "7"}
    assert run.data.metrics == {"loss": 0.5}


@pytest.mark.parametrize("there", [True, False])
def test_loads_what_it_can_before_there_is_a_run(store: Path, start: Start, *, there: bool) -> None:
    if not there:
        (store / "mlflow.db").unlink()
    stage = start(
        "import gc, sys\n"
        "from pipeline.tracking.outbox.sender_process import warm_up\n"
        "before = 'mlflow' in sys.modules\n"
        "warm_up()\n"
        "loaded = (name in sys.modules for name in ('mlflow', 'sqlalchemy.orm'))\n"
        "print(before, gc.isenabled(), *loaded)"
    )
    output, errors = stage.communicate()
    assert (output.split(), errors) == (["False", "True", "True", str(there)], "")
    assert (store / "mlflow.db").exists() is there


def test_is_ready_before_there_is_a_run(client: "MlflowClient", start: Start) -> None:
    stage = start(
        "from pipeline.tracking.outbox import sender_process\n"
        "from pipeline.tracking.open_runs import evaluation_run\n"
        "sender_process.get_ready()\n"
        "(ready,) = sender_process._ready\n"
        "with evaluation_run('e', 'nobody', {'threshold': 0.5}) as run:\n"
        "    run.log_metrics({'f1': 0.5})\n"
        "assert ready[0].returncode == 0 and not sender_process._ready\n"
        "print(run.id)"
    )
    output, errors = stage.communicate()
    assert errors == ""
    assert client.get_run(output.strip()).data.metrics == {"f1": 0.5}


def test_ends_with_the_stage_where_no_run_came(start: Start) -> None:
    stage = start(
        "from pipeline.tracking.outbox import sender_process\n"
        "sender_process.get_ready()\n"
        "raise SystemExit(3 if sender_process._ready[0][0].poll() is None else 4)"
    )
    # It holds the other end of the stage's stderr as long as it lives.
    assert stage.communicate(timeout=HANGS) == ("", "")
    assert stage.returncode == 3


def test_unusable_store_is_the_stages_error(journal: Journal, store: Path) -> None:
    (store / "mlflow.db").write_text("no database")
    sender = SenderProcess(journal)
    with pytest.raises(InputError, match="file is not a database"):
        hear_on(sender)  # it must not take until the end of the training
    with pytest.raises(InputError, match="file is not a database"):
        sender.close()


def test_stage_goes_on_without_it(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    sender = SenderProcess(journal)
    sender._process.kill()
    sender._process.wait()
    sender.hear()
    sender.close()
    assert "1 entries of run 0-key" in (told := capsys.readouterr().err)
    assert "ended with code -9" in told


def test_is_stopped_after_the_grace(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    sender = SenderProcess(journal)
    os.kill(sender._process.pid, signal.SIGSTOP)
    for _ in range(1 << 17):  # more than it has room for: it must not hold up the stage
        sender.hear()
    sender.close(0.2)
    assert "not done within 0.2 seconds" in capsys.readouterr().err


def test_sends_what_a_killed_stage_has_written(
    store: Path, client: "MlflowClient", start: Start
) -> None:
    stage = start(
        "import os, signal\n"
        "from pipeline.tracking.open_runs import training_run\n"
        "with training_run('e', 'r', {}, {}) as run:\n"
        "    run.log_metrics({'loss': 0.5}, 3)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert stage.wait() == -signal.SIGKILL
    (folder,) = (store / ".local/runs").iterdir()
    journal = Journal(folder)
    wait_for(lambda: not waiting(journal) and (lock := journal.send_lock()) and not lock.release())
    assert client.get_run(journal.sent["run_id"]).data.metrics == {"loss": 0.5}
    stage.communicate()
