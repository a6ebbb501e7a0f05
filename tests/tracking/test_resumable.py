import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import HANGS

from pipeline.tracking import resumable
from pipeline.tracking.outbox.journal import Journal, is_key
from pipeline.tracking.provenance import file_md5
from pipeline.tracking.resumable import fingerprint, own_training

INPUTS = {"params": {"train.seed": 7}, "files": {"frames": "abc"}}
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def workspace(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the main repository."""
    monkeypatch.chdir(root)
    return root


def interrupted(inputs: dict[str, object] = INPUTS) -> str:
    """Leave a training behind as a kill does; return its run's key."""
    with own_training(inputs, fresh=False) as training:
        (training.folder / "state.npz").write_bytes(b"state")
        return training.key


def finished(result: Path) -> str:
    """Leave a training whose result was written; return its run's key."""
    key = interrupted()
    with own_training(INPUTS, fresh=False) as training:
        result.write_text(key)
        training.finish(result)
    return key


def test_interrupted_training_is_found_with_its_run_and_state() -> None:
    key = interrupted()
    with own_training(INPUTS, fresh=False) as training:
        assert training.key == key
        assert (training.folder / "state.npz").read_bytes() == b"state"


@pytest.mark.parametrize("damage", ["journal", "key", "bytes"])
def test_interrupted_training_whose_journal_or_key_is_damaged_gets_another_run(
    workspace: Path, damage: str
) -> None:
    """Its state is kept: the new run is told of the epochs before, too."""
    key = interrupted()
    (folder,) = (workspace / ".local/training").iterdir()
    if damage == "journal":
        journal = Journal.create(workspace / ".local/runs", key)
        journal.append("begin", experiment="e", name="r", tags={}, maker=None, params={})
        journal.release()
        (journal.folder / "entries.jsonl").write_bytes(b"?\n")
    else:
        (folder / "run").write_bytes({"key": b"../../elsewhere", "bytes": b"\xff\xfe"}[damage])
    with own_training(INPUTS, fresh=False) as training:
        assert training.key != key
        assert is_key(training.key)
        assert (training.folder / "state.npz").exists()
        again = training.key
    with own_training(INPUTS, fresh=False) as training:
        assert training.key == again


def test_empty_note_of_the_result_is_none(workspace: Path) -> None:
    """A machine that stops leaves files without content."""
    key = interrupted()
    (folder,) = (workspace / ".local/training").iterdir()
    (folder / "done").write_text("")
    (workspace / ".dvc/cache/files/md5").mkdir(parents=True)
    (workspace / "dvc.lock").write_text("outs: []\n")
    with own_training(INPUTS, fresh=False) as training:
        assert training.key == key


def test_other_inputs_find_nothing() -> None:
    key = interrupted()
    with own_training(INPUTS | {"files": {"frames": "abd"}}, fresh=False) as training:
        assert training.key != key
        assert not (training.folder / "state.npz").exists()


def test_other_code_and_other_libraries_find_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = fingerprint(INPUTS)
    assert fingerprint(INPUTS) == before
    with monkeypatch.context() as patch:
        patch.setattr(resumable, "version_of", lambda name: f"{name} 0")
        assert fingerprint(INPUTS) != before
    with monkeypatch.context() as patch:
        patch.setattr(resumable, "file_md5", lambda path: file_md5(path)[::-1])
        assert fingerprint(INPUTS) != before


def test_running_stage_is_part_of_the_code(tmp_path: Path) -> None:
    """Its module is called `__main__`, not by its name."""
    code = (
        "import runpy, sys\n"
        "from pathlib import Path\n"
        "from pipeline.tracking import resumable\n"
        "import types\n"
        "main = types.ModuleType('__main__')\n"
        "main.__file__ = str(Path(resumable.__file__).parents[1] / 'stages/train.py')\n"
        "without = resumable.fingerprint({})\n"
        "sys.modules['__main__'] = main\n"
        "print(without != resumable.fingerprint({}))\n"
    )
    repository = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_fresh_forgets_what_was_interrupted() -> None:
    key = interrupted()
    with own_training(INPUTS, fresh=True) as training:
        assert training.key != key
        assert not (training.folder / "state.npz").exists()


def test_result_that_dvc_has_not_saved_is_handed_over_again(tmp_path: Path) -> None:
    key = finished(tmp_path / "run.json")
    with own_training(INPUTS, fresh=False) as training:
        assert training.key == key
        assert (training.folder / "state.npz").exists()


@pytest.mark.parametrize("where", ["lock", "cache"])
def test_result_that_dvc_has_saved_is_trained_anew(
    workspace: Path, tmp_path: Path, where: str
) -> None:
    key = finished(tmp_path / "run.json")
    md5 = file_md5(tmp_path / "run.json")
    if where == "lock":
        (workspace / "dvc.lock").write_text(f"outs:\n- md5: {md5}\n")
    else:
        cached = workspace / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
        cached.parent.mkdir(parents=True)
        cached.write_text(key)
    with own_training(INPUTS, fresh=False) as training:
        assert training.key != key
        assert not (training.folder / "state.npz").exists()


def test_same_training_of_another_process_is_left_alone(start: Start) -> None:
    process = start(
        "import time\n"
        "from pipeline.tracking import resumable\n"
        "resumable.fingerprint = lambda inputs: 'same'\n"
        "with resumable.own_training({}, fresh=False) as training:\n"
        "    print(training.key, flush=True)\n"
        "    time.sleep(3600)\n"
    )
    assert process.stdout is not None
    other = process.stdout.readline().strip()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(resumable, "fingerprint", lambda _inputs: "same")
            with own_training({}, fresh=False) as training:
                assert training.key != other
            process.kill()
            process.communicate(timeout=HANGS)
            with own_training({}, fresh=False) as training:
                assert training.key == other
    finally:
        process.kill()
        process.communicate(timeout=HANGS)


def test_oldest_folders_are_forgotten(workspace: Path) -> None:
    for number in range(resumable.KEPT + 3):
        interrupted({"number": number})
    assert len(list((workspace / ".local/training").iterdir())) <= resumable.KEPT + 1
