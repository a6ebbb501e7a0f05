"""Keep all that a run logs in a folder of its own before any of it is sent to MLflow.

So nothing is lost where the process is killed or the server is away. A journal holds

- `entries.jsonl`, one entry a line in the order of logging, each with its time and checksum;
- `files/<md5>/<name>`, the files that entries speak of, as they were then;
- `sent.json`, how many entries have arrived and where: see `pipeline.tracking.outbox.courier`;
- `owner.lock` and `sender.lock`, held by the living process that writes or sends it.

It is told by a key of its own, which the run carries as the tag `pipeline.run`: the run's id is
the server's to give, and the server may be away. Whatever a disk makes of the files, what is read
is what was written: anything else raises `DamagedError`, but for a last line without its end,
which a process that was killed or a full disk leaves.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from pipeline.errors import InputError, naming
from pipeline.tracking.outbox.sealed import seal, unseal

ENTRIES, FILES, SENT = "entries.jsonl", "files", "sent.json"

Entry = dict[str, Any]


class DamagedError(InputError):
    """A journal does not hold what was written to it."""


def new_key() -> str:
    """Make the key of a journal; keys sort by the time of their making."""
    return f"{time.time_ns() // 1_000_000:013d}-{uuid.uuid4().hex[:12]}"


def is_key(text: str) -> bool:
    """Tell whether a text can be what `new_key` makes."""
    return re.fullmatch(r"[0-9]{13}-[0-9a-f]{12}", text) is not None


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
        try:
            journal._before = {_content(entry) for entry in journal.entries()}
            if journal.ended:
                journal.append("resume")
        except DamagedError:
            journal.release()
            raise
        return journal

    @property
    def ended(self) -> bool:
        """Whether the run's end is its last word."""
        last = next(self.entries(self.count() - 1), None)
        return last is not None and last["kind"] == "end"

    def append(self, kind: str, **content: Any) -> None:
        """Write an entry, unless an earlier process wrote the same."""
        entry = {"kind": kind, **content}
        if kind not in ("end", "resume") and _content(entry) in self._before:
            return
        line = seal(entry | {"time": time.time_ns() // 1_000_000}).encode() + b"\n"
        path = self.folder / ENTRIES
        with naming(path), path.open("a+b", buffering=0) as file:
            _drop_torn_line(file)
            if file.write(line) < len(line):  # so much still fitted on the disk; no error yet
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def keep(self, source: Path | bytes, name: str) -> str:
        """Copy a file, or write bytes as one; return its path within the journal."""
        content = source if isinstance(source, bytes) else source.read_bytes()
        place = Path(FILES) / hashlib.md5(content, usedforsecurity=False).hexdigest() / name
        target = self.folder / place
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{name}")
            with naming(target):
                draft.write_bytes(content)
            draft.replace(target)
        return place.as_posix()

    def kept(self, place: str) -> Path:
        """Name a kept file by what `keep` returned; raises `DamagedError` where it is another."""
        path = self.folder / place
        if not path.is_file():
            raise DamagedError(f"{path} is not there, though an entry speaks of it.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "md5").hexdigest() != path.parent.name:
                raise DamagedError(f"{path} is not what was kept: it has another md5.")
        return path

    def count(self) -> int:
        """Count the entries, whatever they hold; what is being written is left out."""
        return sum(1 for _ in self._lines())

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Read the entries from the `start`-th on; what is being written is left out.

        Raises `DamagedError` at one that is not what was written.
        """
        for number, line in enumerate(self._lines()):
            if number < start:
                continue
            try:
                entry = unseal(line)
            except ValueError as error:
                path = self.folder / ENTRIES
                raise DamagedError(f"{path}, line {number + 1}: {error}.") from error
            if not number and entry["kind"] != "begin":
                raise DamagedError(f"{self.folder / ENTRIES} lacks its beginning.")
            yield entry

    def _lines(self) -> Iterator[bytes]:
        path = self.folder / ENTRIES
        if not path.exists():
            return
        if not path.is_file():
            raise DamagedError(f"{path} is no file.")
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))

    def check(self) -> None:
        """Raise `DamagedError` where it holds other entries than were written, or fewer."""
        held = sum(1 for _ in self.entries())
        if held < (arrived := self.sent.get("count", 0)):
            raise DamagedError(
                f"{self.folder / ENTRIES} holds {held} entries, but {arrived} have been sent."
            )

    @property
    def sent(self) -> dict[str, Any]:
        """What has arrived: `store`, `count` of entries, `run_id`, what was `refused`.

        Empty where nothing has or the note is damaged: sending all again leaves no trace.
        """
        try:
            return unseal((self.folder / SENT).read_bytes())
        except (OSError, ValueError):
            return {}

    def note_sent(self, sent: dict[str, Any]) -> None:
        """Remember what has arrived; whole or not at all."""
        draft = self.folder / f".{SENT}"
        with naming(draft):
            draft.write_text(seal(sent))
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


def all_journals(journals: Path) -> list[Journal]:
    """List the journals of a folder, the oldest first."""
    if not journals.is_dir():
        return []
    return [Journal(folder) for folder in sorted(journals.iterdir()) if folder.is_dir()]


def _drop_torn_line(file: IO[bytes]) -> None:
    """Drop what a killed process or a full disk has left of a line at the end of a file."""
    if not (size := file.seek(0, os.SEEK_END)):
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def waiting(journal: Journal) -> int:
    """Count the entries that have not arrived."""
    return max(journal.count() - int(journal.sent.get("count", 0)), 0)


def _content(entry: Entry) -> str:
    return json.dumps({key: value for key, value in entry.items() if key != "time"}, sort_keys=True)


def _take(path: Path, seconds: float = 0) -> FileLock:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise BlockingIOError(f"{path} is held by another process") from None
    return lock
