"""What is read of a journal is what was written to it, whatever became of the file."""

import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from damage import damaged

from pipeline.tracking.outbox.journal import DamagedError, Journal, is_key, new_key

BEGIN = {"experiment": "e", "name": "r", "tags": {}, "maker": None, "params": {}}
KEY = "1700000000000-0123456789ab"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Give a journal of six entries that nobody owns."""
    made = Journal.create(tmp_path, KEY)
    made.append("begin", **BEGIN)
    made.append("params", values={"seed": "7", "größe": "ß😀"})
    for epoch in range(3):
        made.append("metrics", values={"loss": 1 / (epoch + 3)}, step=epoch, of_model=False)
    made.append("end", status="FINISHED", error=None)
    made.note_sent({"store": "sqlite:///mlflow.db", "count": 3, "run_id": "abc", "refused": {}})
    made.release()
    return made


def lines(journal: Journal) -> list[bytes]:
    return (journal.folder / "entries.jsonl").read_bytes().splitlines(keepends=True)


def test_key_of_a_run_is_told_from_anything_else() -> None:
    assert is_key(new_key())
    assert not any(map(is_key, ("", "../x", KEY + "\n", KEY.upper(), KEY[1:])))


@pytest.mark.parametrize("whole", [0, 1, 2, 6])
@pytest.mark.parametrize("torn", [b"", b"{", b'{"kind": "metrics", "values": {"lo', bytes(40)])
@pytest.mark.parametrize("by", ["reopen", "append"])
def test_torn_last_line_is_dropped_and_no_more(
    journal: Journal, whole: int, torn: bytes, by: str
) -> None:
    """Of a line before it that is whole not a byte is lost, its end included."""
    kept = lines(journal)[:whole]
    (journal.folder / "sent.json").unlink()
    (journal.folder / "entries.jsonl").write_bytes(b"".join(kept) + torn)
    if by == "reopen":
        after = Journal.reopen(journal.folder.parent, KEY)
        after.append("begin" if not whole else "tags", **BEGIN)
        after.release()
    else:
        journal.append("begin" if not whole else "end", **BEGIN)
    found = lines(journal)
    assert found[:whole] == kept
    added = found[whole:]
    assert all(line.endswith(b"\n") for line in added)
    kinds = [json.loads(line)["kind"] for line in added]
    expected = ["begin"] if not whole else ["tags" if by == "reopen" else "end"]
    assert kinds == (["resume"] if whole == 6 and by == "reopen" else []) + expected
    journal.check()


def test_line_being_written_is_left_out(journal: Journal) -> None:
    (journal.folder / "entries.jsonl").write_bytes(b"".join(lines(journal))[:-1])
    assert journal.count() == len(list(journal.entries())) == 5
    assert not journal.ended


def test_disk_that_takes_half_a_line_is_full_and_the_next_line_is_whole(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system writes what still fits, and only the next call fails."""
    before = lines(journal)
    real = Path.open

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, line: bytes) -> int:
            return int(self._file.write(line[:7]))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *args, **options: Full(real(*args, **options)))
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
            journal.append("tags", values={"a": "b"})
    assert caught.value.filename == str(journal.folder / "entries.jsonl")
    assert journal.count() == 6
    journal.append("tags", values={"a": "b"})
    assert lines(journal)[:6] == before
    journal.check()
    assert journal.count() == 7


def test_no_damage_of_a_line_is_read_as_an_entry(journal: Journal) -> None:
    """It is cut off where its end is gone, else named: never another entry."""
    rng, path = random.Random(3), journal.folder / "entries.jsonl"
    content, entries = path.read_bytes(), list(journal.entries())
    named = 0
    for _ in range(500):
        path.write_bytes(damaged(content, rng))
        found = journal.entries()
        try:
            read = [next(found) for _ in range(journal.count())]
        except DamagedError:
            named += 1
            continue
        assert read == entries[: len(read)]
    assert named > 200


def test_no_damage_of_the_note_is_read_as_one(journal: Journal) -> None:
    """Where it is damaged all is sent again, which leaves no trace."""
    rng, path = random.Random(5), journal.folder / "sent.json"
    content, note = path.read_bytes(), journal.sent
    found = []
    for _ in range(500):
        path.write_bytes(damaged(content, rng))
        found.append(journal.sent)
    assert all(one in ({}, note) for one in found)  # JSON writes some things in two ways
    assert found.count({}) > 450


@pytest.mark.parametrize("content", [b"[]\n", b"3\n", b"null\n", b'{"kind": "end"}\n', b"[" * 9000])
def test_other_types_are_named(journal: Journal, content: bytes) -> None:
    (journal.folder / "entries.jsonl").write_bytes(lines(journal)[0] + content + b"\n")
    with pytest.raises(DamagedError, match="line 2"):
        journal.check()


def test_entries_that_were_sent_and_are_gone_are_missed(journal: Journal) -> None:
    (journal.folder / "entries.jsonl").write_bytes(b"".join(lines(journal)[:2]))
    with pytest.raises(DamagedError, match="holds 2 entries, but 3 have been sent"):
        journal.check()


def test_kept_file_is_what_was_kept(journal: Journal) -> None:
    place = journal.keep(b"content", "a.txt")
    assert journal.kept(place).read_bytes() == b"content"
    (journal.folder / place).write_bytes(b"Content")
    with pytest.raises(DamagedError, match=r"a\.txt is not what was kept"):
        journal.kept(place)
    assert journal.keep(b"content", "a.txt") == place
    assert journal.kept(place).read_bytes() == b"content"
    (journal.folder / place).unlink()
    with pytest.raises(DamagedError, match=r"a\.txt is not there"):
        journal.kept(place)
