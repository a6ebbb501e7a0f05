"""Keep all that a run logs in a folder of its own before any of it is sent to MLflow.

So nothing is lost where the process is killed or the server is away. A journal holds

- `entries.jsonl`, one entry a line in the order of logging, each with its time;
- `files/<md5>/<name>`, the files that entries speak of, as they were then;
- `sent.json`, how many entries have arrived and where: see `pipeline.tracking.outbox.courier`;
- `owner.lock` and `sender.lock`, held by the living process that writes or sends it.

It is told by a key of its own, which the run carries as the tag `pipeline.run`: the run's id is
the server's to give, and the server may be away.
"""

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

ENTRIES, FILES, SENT = "entries.jsonl", "files", "sent.json"

Entry = dict[str, Any]


def new_key() -> str:
    """Make the key of a journal; keys sort by the time of their making."""
    return f"{time.time_ns() // 1_000_000:013d}-{uuid.uuid4().hex[:12]}"


@dataclass
class Journal:
    """A journal on disk; open one with `create`, `reopen` or, only to read it, by its folder."""

    folder: Path
    _before: set[str] = field(default_factory=set, repr=False)
    _lock: FileLock | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        return self.folder.name

    @classmethod
    def create(cls, journals: Path, key: str) -> "Journal":
        """Begin an empty journal and own it until `release`."""
        folder = journals / key
        (folder / FILES).mkdir(parents=True, exist_ok=True)
        journal = cls(folder)
        # Another process may look whether it is owned: it holds the lock for a moment.
        journal._lock = _take(folder / "owner.lock", seconds=30)
        return journal

    @classmethod
    def reopen(cls, journals: Path, key: str) -> "Journal":
        """Go on with a journal, where there is none begin one.

        What stands in it already is not written again, so that a stage which repeats its work
        after it was killed logs each thing once.
        """
        journal = cls.create(journals, key)
        path = journal.folder / ENTRIES
        if path.exists():
            journal._drop_torn_line(path)
            journal._before = {_content(entry) for entry in journal.entries()}
            if journal.ended:
                journal.append("resume")
        return journal

    @property
    def ended(self) -> bool:
        """Whether the run's end is its last word."""
        last = None
        for entry in self.entries():
            last = entry["kind"]
        return last == "end"

    def append(self, kind: str, **content: Any) -> None:
        """Write an entry, unless an earlier process wrote the same."""
        entry = {"kind": kind, **content}
        if kind not in ("end", "resume") and _content(entry) in self._before:
            return
        line = json.dumps(entry | {"time": time.time_ns() // 1_000_000}) + "\n"
        with (self.folder / ENTRIES).open("ab", buffering=0) as file:
            file.write(line.encode())

    def keep(self, source: Path | bytes, name: str) -> str:
        """Copy a file, or write bytes as one; return its path within the journal."""
        content = source if isinstance(source, bytes) else source.read_bytes()
        place = Path(FILES) / hashlib.md5(content, usedforsecurity=False).hexdigest() / name
        target = self.folder / place
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{name}")
            draft.write_bytes(content)
            draft.replace(target)
        return place.as_posix()

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Read the entries from the `start`-th on; what is being written is left out."""
        path = self.folder / ENTRIES
        if not path.exists():
            return
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if number >= start and line.endswith(b"\n"):
                    yield json.loads(line)

    @property
    def sent(self) -> dict[str, Any]:
        """What has arrived: `store`, `count` of entries, `run_id`; empty where nothing has."""
        path = self.folder / SENT
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def note_sent(self, sent: dict[str, Any]) -> None:
        """Remember what has arrived; whole or not at all."""
        draft = self.folder / f".{SENT}"
        draft.write_text(json.dumps(sent))
        draft.replace(self.folder / SENT)

    def send_lock(self) -> FileLock | None:
        """Take the right to send it; None where another process has it."""
        try:
            return _take(self.folder / "sender.lock")
        except BlockingIOError:
            return None

    def claim(self) -> bool:
        """Own it until `release`; false where a living process does."""
        try:
            self._lock = _take(self.folder / "owner.lock")
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the journal up: nobody writes to it now."""
        if self._lock:
            self._lock.release()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _drop_torn_line(self, path: Path) -> None:
        """Drop what a killed process had begun to write."""
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def all_journals(journals: Path) -> list[Journal]:
    """List the journals of a folder, the oldest first."""
    if not journals.is_dir():
        return []
    return [Journal(folder) for folder in sorted(journals.iterdir()) if folder.is_dir()]


def _content(entry: Entry) -> str:
    return json.dumps({key: value for key, value in entry.items() if key != "time"}, sort_keys=True)


def _take(path: Path, seconds: float = 0) -> FileLock:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise BlockingIOError(f"{path} is held by another process") from None
    return lock
