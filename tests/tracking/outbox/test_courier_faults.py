"""Journals can be sent again from any entry; one that is damaged or refused holds up no other."""

import json
import random
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from damage import damaged
from journals import content, copy_journal, log_training, make_evaluation, make_training, unsent

from pipeline.commands.sync import run as sync
from pipeline.errors import InputError
from pipeline.tracking.open_runs import evaluation_run, training_run
from pipeline.tracking.outbox.courier import Courier, UnsentError
from pipeline.tracking.outbox.journal import Journal, new_key, waiting
from pipeline.tracking.outbox.leftovers import deliver_rest
from pipeline.tracking.store.connection import connect, journals_folder, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "au emotion/test"


@pytest.fixture
def training(store: Path, tmp_path: Path) -> str:
    """Leave the journal of a training that nobody has sent; give its run's key."""
    return make_training(EXPERIMENT, tmp_path)


def expected(client: "MlflowClient", key: str, evaluation: str | None = None) -> dict[str, Any]:
    """Send the journals of a run once, undisturbed; give what the store holds of it then."""
    for one in filter(None, (key, evaluation)):
        Courier(Journal(journals_folder() / one)).send()
    return content(client, EXPERIMENT, key)


def lines(journal: Journal) -> list[bytes]:
    return (journal.folder / "entries.jsonl").read_bytes().splitlines(keepends=True)


def send_twice_after(journal: Journal, arrived: int) -> None:
    """Let so many entries arrive and the note of it be lost; then send all, twice."""
    whole = lines(journal)
    (journal.folder / "entries.jsonl").write_bytes(b"".join(whole[:arrived]))
    Courier(journal).send()
    (journal.folder / "entries.jsonl").write_bytes(b"".join(whole))
    for _ in range(2):
        journal.note_sent(journal.sent | {"count": 1})
        Courier(journal).send()
    journal.note_sent({})
    Courier(journal).send()
    assert not waiting(journal)


def test_every_prefix_of_a_training_can_be_sent_again(
    training: str, client: "MlflowClient"
) -> None:
    count = Journal(journals_folder() / training).count()
    wanted = expected(client, training)
    assert wanted["status"] == "FINISHED"
    assert wanted["models"] == [("READY", [])]
    assert count > 10
    for arrived in range(1, count + 1):
        journal = copy_journal(training, new_key())
        journal.note_sent({})
        send_twice_after(journal, arrived)
        assert content(client, EXPERIMENT, journal.key) == wanted, arrived


def test_every_prefix_of_an_evaluation_can_be_sent_again(
    training: str, client: "MlflowClient"
) -> None:
    evaluation = make_evaluation(EXPERIMENT, training)
    wanted = expected(client, training, evaluation)
    assert wanted["status"] == "FINISHED"
    assert len(wanted["models"][0][1]) == 250
    assert "artifacts/thresholds.json" in wanted["carried"][0]
    count = Journal(journals_folder() / evaluation).count()
    assert count > 6
    for arrived in range(1, count + 1):
        maker = copy_journal(training, new_key())
        maker.note_sent({})
        Courier(maker).send()
        journal = copy_journal(evaluation, new_key(), maker.key)
        journal.note_sent({})
        send_twice_after(journal, arrived)
        assert content(client, EXPERIMENT, maker.key) == wanted, arrived


def test_every_prefix_that_a_kill_leaves_is_gone_on_with(
    training: str, client: "MlflowClient", tmp_path: Path
) -> None:
    """The stage repeats its work; what had arrived of the killed one is not doubled."""
    wanted = expected(client, training)
    whole = lines(Journal(journals_folder() / training))
    for written in range(1, len(whole) + 1):
        key = new_key()
        journal = copy_journal(training, key)
        journal.note_sent({})
        torn = whole[written][:9] if written < len(whole) else b""
        (journal.folder / "entries.jsonl").write_bytes(b"".join(whole[:written]) + torn)
        assert [(one.key, one.problem) for one in deliver_rest()] == [(key, None)]
        killed = content(client, EXPERIMENT, key)["status"]
        assert killed == ("KILLED" if written < len(whole) else "FINISHED")
        with unsent(), training_run(EXPERIMENT, "r", {"seed": 7}, {"stage": "train"}, key) as run:
            log_training(run, tmp_path)
        assert [(one.key, one.problem) for one in deliver_rest()] == [(key, None)]
        assert content(client, EXPERIMENT, key) == wanted, written


def cut_middle(journal: Journal) -> None:
    whole = lines(journal)
    (journal.folder / "entries.jsonl").write_bytes(b"".join([*whole[:3], b"{\n", *whole[4:]]))


def flip(journal: Journal) -> None:
    whole = lines(journal)
    whole[2] = whole[2].replace(b"improved", b"imqroved")
    (journal.folder / "entries.jsonl").write_bytes(b"".join(whole))


def lose_beginning(journal: Journal) -> None:
    (journal.folder / "entries.jsonl").write_bytes(b"".join(lines(journal)[1:]))


def other_type(journal: Journal) -> None:
    (journal.folder / "entries.jsonl").write_bytes(b"[]\n" * 3)


def folder(journal: Journal) -> None:
    (journal.folder / "entries.jsonl").unlink()
    (journal.folder / "entries.jsonl").mkdir()


def lose_file(journal: Journal) -> None:
    shutil.rmtree(next((journal.folder / "files").iterdir()))


def change_file(journal: Journal) -> None:
    (path,) = (journal.folder / "files").glob("*/model.keras")
    path.write_bytes(path.read_bytes() + b".")


DAMAGE = [cut_middle, flip, lose_beginning, other_type, folder, lose_file, change_file]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_journal_is_set_aside_by_name_and_touches_no_other(
    damage: Callable[[Journal], None],
    training: str,
    client: "MlflowClient",
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound = copy_journal(training, new_key())
    journal = Journal(journals_folder() / training)
    damage(journal)
    files = {path.name for path in journal.folder.rglob("*")}
    sync()
    told = capsys.readouterr()
    (line,) = (line for line in told.err.splitlines() if " INFO mlflow" not in line)
    place = journals_folder().parent / "damaged" / training
    assert f"the journal of run {training} is not what was written" in line
    assert str(place) in line
    assert "every run but 1 whose journal is damaged" in told.out
    assert files <= {path.name for path in place.rglob("*")}
    assert not journal.folder.exists()
    assert content(client, EXPERIMENT, sound.key)["status"] == "FINISHED"
    assert "RUNNING" not in {run.info.status for run in client.search_runs([connect(EXPERIMENT)])}
    sync()
    assert capsys.readouterr() == (f"nothing to send: {_store()} has every run\n", "")


def _store() -> str:
    from pipeline.tracking.store.connection import tracking_uri

    return tracking_uri()


def test_journal_damaged_after_it_had_begun_to_arrive_ends_its_run(
    training: str, client: "MlflowClient"
) -> None:
    journal = Journal(journals_folder() / training)
    whole = lines(journal)
    (journal.folder / "entries.jsonl").write_bytes(b"".join(whole[:4]))
    Courier(journal).send()
    assert content(client, EXPERIMENT, training)["status"] == "RUNNING"
    (journal.folder / "entries.jsonl").write_bytes(b"".join(whole[:4]) + b"?\n")
    sync()
    found = content(client, EXPERIMENT, training)
    assert found["status"] == "KILLED"
    assert "Its journal is damaged" in found["tags"]["error"]


def test_damaged_journal_of_a_run_that_has_ended_leaves_the_run_alone(
    training: str, client: "MlflowClient"
) -> None:
    wanted = expected(client, training)
    journal = Journal(journals_folder() / training)
    (journal.folder / "entries.jsonl").write_bytes(b"".join(lines(journal)[:4]))
    sync()
    assert content(client, EXPERIMENT, training) == wanted
    assert not journal.folder.exists()


def test_two_damaged_journals_of_a_name_are_both_kept(training: str, store: Path) -> None:
    for _ in range(2):
        again = copy_journal(training, "again")
        flip(again)
        sync()
    assert {path.name for path in (store / ".local/damaged").iterdir()} == {"again", "again-1"}


def test_damaged_journal_of_the_maker_does_not_hold_up_an_evaluation(
    training: str, client: "MlflowClient"
) -> None:
    flip(Journal(journals_folder() / training))
    evaluation = make_evaluation(EXPERIMENT, training)
    sync()
    found = content(client, EXPERIMENT, evaluation)
    assert found["status"] == "FINISHED"
    assert found["tags"]["source_run"] == training


def test_500_damages_of_a_journal_raise_nothing_and_touch_no_other(
    training: str, client: "MlflowClient", store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives is what was written, up to where it is damaged."""
    rng, sound = random.Random(7), copy_journal(training, new_key())
    wanted = expected(client, sound.key)
    original = Journal(journals_folder() / training)
    entries, text = list(original.entries()), b"".join(lines(original))
    arrived: list[Any] = []

    def write(_remote: object, batch: list[Any]) -> Iterator[tuple[str, str]]:
        arrived.extend(batch)
        return iter(())

    monkeypatch.setattr("pipeline.tracking.outbox.refusal.write", write)
    monkeypatch.setattr(Courier, "abandon", lambda *_: None)
    outcomes = set()
    for _ in range(500):
        arrived.clear()
        (original.folder / "entries.jsonl").write_bytes(damaged(text, rng))
        (original.folder / "sent.json").unlink(missing_ok=True)
        results = deliver_rest()
        assert all(one.problem is None for one in results)
        outcomes.add(tuple(one.damaged for one in results))
        sent = [entry for entry in arrived if entry not in entries]
        assert all(entry["kind"] == "end" and entry["status"] == "KILLED" for entry in sent)
        if not original.folder.exists():
            shutil.move(store / ".local/damaged" / training, original.folder)
    assert {(True,), (False,)} <= outcomes
    monkeypatch.undo()
    assert content(client, EXPERIMENT, sound.key) == wanted


NAMES = {"joy & pride": 1.0, "loss": 0.5, "don't know": 2.0}


def test_what_the_store_refuses_is_named_and_holds_up_nothing(
    store: Path, client: "MlflowClient", capfd: pytest.CaptureFixture[str]
) -> None:
    with training_run(EXPERIMENT, "r", {"seed": 7}, {}) as run:
        run._append("params", values={"a&b": "1"})
        for epoch in range(3):
            run.log_metrics(NAMES, epoch)
        run.log_text("text", "notes.txt")
    found = content(client, EXPERIMENT, run.key)
    assert found["status"] == "FINISHED"
    assert found["params"] == {"seed": "7"}
    assert found["metrics"] == {"loss": [(0, 0.5), (1, 0.5), (2, 0.5)]}
    assert "notes.txt" in found["files"]
    names = {"params 'a&b'", "metrics 'joy & pride'", 'metrics "don\'t know"'}
    assert set(found["tags"]["refused"].split(", ")) == names
    noted = json.loads((journals_folder() / run.key / "refused.json").read_text())
    assert noted.keys() == names
    assert "Invalid value" in noted["metrics 'joy & pride'"]
    told = [line for line in capfd.readouterr().err.splitlines() if "refused" in line]
    assert all(sum(name in line for line in told) == 1 for name in names)
    assert all(run.key in line for line in told)
    assert not waiting(run.journal)


def test_what_is_refused_is_sent_to_a_store_that_takes_it(
    training: str, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    from pipeline.tracking.outbox.entries import Remote

    real = Remote._file
    refuse = MlflowException("no files", INVALID_PARAMETER_VALUE)

    def refused(*_: object) -> None:
        raise refuse

    monkeypatch.setattr(Remote, "_file", refused)
    sync()
    assert content(client, EXPERIMENT, training)["files"] == {}
    monkeypatch.setattr(Remote, "_file", real)
    Journal(journals_folder() / training).note_sent({})
    sync()
    assert "provenance/changes.patch" in content(client, EXPERIMENT, training)["files"]


def test_what_mlflow_cannot_even_ask_holds_up_nothing(store: Path, client: "MlflowClient") -> None:
    """A tag with half of a character and a zero, and entries of a kind that is not known."""
    with training_run(EXPERIMENT, "r", {}, {"odd": "\ud83d \0"}) as run:
        run._append("kind of a later version", values={"a": 1})
        run.log_params({"odd": "\udc80"})
    found = content(client, EXPERIMENT, run.key)
    assert found["status"] == "FINISHED"
    assert found["tags"]["odd"] == "? ?"
    assert found["params"] == {"odd": "?"}
    assert "kind of a later version" in found["tags"]["refused"]


@pytest.mark.parametrize("code", ["TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"])
def test_what_the_store_cannot_take_now_is_kept(
    training: str, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    import mlflow.protos.databricks_pb2 as codes
    from mlflow.exceptions import MlflowException

    from pipeline.tracking.outbox.entries import Remote

    with monkeypatch.context() as patch:

        def busy(*_: object) -> None:
            raise MlflowException("busy", getattr(codes, code))

        patch.setattr(Remote, "_table", busy)
        patch.setattr(Remote, "_model", busy)
        with pytest.raises(InputError, match="did not take 1 of 1 runs"):
            sync()
        journal = Journal(journals_folder() / training)
        assert waiting(journal)
        assert not (journal.folder / "refused.json").exists()
    sync()
    assert content(client, EXPERIMENT, training)["status"] == "FINISHED"


@pytest.fixture
def locked(store: Path, client: "MlflowClient") -> Iterator[sqlite3.Connection]:
    """Hold the database as another process does in the midst of its writing."""
    with closing(sqlite3.connect(store / "mlflow.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield holder


def test_database_that_another_process_holds_is_a_store_that_is_away(
    training: str,
    locked: sqlite3.Connection,
    client: "MlflowClient",
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pipeline.tracking.outbox.sender._LAST", 0.0)
    monkeypatch.setattr("pipeline.tracking.outbox.sender._LAST_PAUSES", (0.0,))
    with evaluation_run(EXPERIMENT, training, {"evaluate.threshold": 0.5}) as run:
        run.log_metrics({"test/f1": 0.5})
    told = capfd.readouterr().err
    assert "python -m pipeline sync" in told
    assert "database is locked" in told
    assert len(told.splitlines()) == 1, told
    locked.execute("ROLLBACK")
    sync()
    found = content(client, EXPERIMENT, training)
    assert found["status"] == "FINISHED"
    assert found["metrics"]["test/f1"] == [(0, 0.5)]


@pytest.fixture
def dripping() -> Iterator[str]:
    """Give the address of a server that answers one byte in ten milliseconds, without an end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        over = threading.Event()

        def drip(connection: socket.socket) -> None:
            with closing(connection), suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not over.wait(0.01):
                    connection.sendall(b" ")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()


def test_server_that_drips_holds_nobody(
    dripping: str, training: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", dripping)
    monkeypatch.setattr("pipeline.tracking.store.limits.CALL", 0.5)
    with pytest.raises(UnsentError, match="no whole answer within"):
        Courier(Journal(journals_folder() / training)).send()
    with pytest.raises(InputError, match="did not take 1 of 1 runs"):
        sync()


PASSWORDS = [
    ("http://user:pass@host:5000/a", "http://host:5000/a"),
    ("http://user:p@ss@host:5000", "http://host:5000"),
    ("https://token@host", "https://host"),
    ("postgresql://user:pa/ss@host/db", "postgresql://host/db"),
    ("postgresql://host/db?user=me&password=pass", "postgresql://host/db?user=me&password="),
    ("at http://user:pass@host, or else", "at http://host, or else"),
    ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
    ("http://host:5000/x@y", "http://host:5000/x@y"),
]


@pytest.mark.parametrize(("text", "bare"), PASSWORDS)
def test_password_is_taken_out_of_an_address(text: str, bare: str) -> None:
    assert without_password(text) == bare


def test_password_is_never_on_disk(
    training: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what tells whether a guess is right; and it may change without a run being sent anew."""
    from mlflow import MlflowClient

    sqlite = f"sqlite:///{store / 'mlflow.db'}"
    courier, opened = "pipeline.tracking.outbox.courier", (MlflowClient(sqlite), connect("e"))
    monkeypatch.setattr(f"{courier}.open_store", lambda _: opened)
    journal = Journal(journals_folder() / training)
    monkeypatch.setattr(f"{courier}.tracking_uri", lambda: "http://me:geheim@127.0.0.1:9")
    Courier(journal).send()
    assert journal.sent["store"] == "http://127.0.0.1:9"
    run_id = journal.sent["run_id"]
    monkeypatch.setattr(f"{courier}.tracking_uri", lambda: "http://me:anders@127.0.0.1:9")
    Courier(journal).send()
    assert journal.sent["run_id"] == run_id
    with pytest.raises(ValueError, match="geheim"), unsent(), training_run("e", "r", {}, {}):
        raise ValueError("http://me:geheim@127.0.0.1:9 is away")
    held = [path.read_bytes() for path in (store / ".local").rglob("*") if path.is_file()]
    assert held
    assert not [content for content in held if b"geheim" in content]
