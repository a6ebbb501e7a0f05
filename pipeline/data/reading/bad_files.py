"""Open files, and set those aside that cannot be read, with their names and rows."""

import os
from pathlib import Path

from pipeline.data.quarantine import Reject
from pipeline.data.reading.csv.header import Header, read_header
from pipeline.data.reading.csv.reader import count_rows
from pipeline.data.reading.csv.text import UnreadableError

NOT_TEXT = "its name holds bytes that are not UTF-8"


def has_text_name(path: Path) -> bool:
    """Say whether a path's name is UTF-8, so that it can stand in tables and on pages."""
    return str(path).encode(errors="replace") == os.fsencode(path)


def printable(path: Path) -> str:
    """Write a path as text, also where its name is not UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def reject_file(path: Path, reason: str, detail: str, header: Header | None = None) -> Reject:
    """Set a whole file aside, with the number of data rows that it holds."""
    try:
        rows = count_rows(path, header.length) if header else max(0, count_rows(path, 0) - 1)
    except OSError:  # a folder of this name, or a link to nowhere
        rows = 0
    return Reject(printable(path), None, rows, reason, detail)


def open_header(path: Path) -> Header | Reject:
    """Read a file's header, or say why it cannot be read."""
    if not has_text_name(path):
        return reject_file(path, "bad_name", NOT_TEXT)
    try:
        return read_header(path)
    except UnreadableError as error:
        return reject_file(path, error.reason, error.detail)
    except OSError as error:
        return Reject(str(path), None, 0, "unreadable", f"{error.strerror}")
