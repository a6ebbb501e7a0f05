"""Give a file's text as UTF-8, whether it is compressed by gzip or written in UTF-16."""

import codecs
import gzip
import re
import zlib
from collections.abc import Generator
from pathlib import Path

FORMATS = ".csv, .tsv, .txt and .gz of these"
_SHEET = re.compile(r"(?is)(.+)\.(?:csv|tsv|txt)(?:\.gz)?")
_GZIP = b"\x1f\x8b"
# How files begin that hold tables and are no text, and what to do with them.
_NO_TEXT = {
    b"PK\x03\x04": "a workbook or a zip; save its sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old workbook; save its sheet as CSV",
    b"PAR1": "Parquet; end its name in .parquet, and see data.layout: table",
    b"ARROW1": "Arrow or Feather; save it as Parquet or CSV",
}
_LOOK = 256  # bytes that tell UTF-16 without a byte order mark from other text


class UnreadableError(Exception):
    """A file that is not a table; carries the quarantine reason and a detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def sheet_stem(name: str) -> str | None:
    """Give a file's name without its suffixes: `a.csv.gz` -> `a`; None where it is no sheet."""
    match = _SHEET.fullmatch(name)
    return match[1] if match else None


def is_plain_text(name: str) -> bool:
    """Say whether a file's name promises text alone, so that its columns must tell the rest."""
    return name.lower().endswith((".txt", ".txt.gz"))


def chunks(path: Path, size: int) -> Generator[bytes]:
    """Yield a file's text as UTF-8, about `size` bytes at a time.

    Raises `UnreadableError` where compressed data is damaged, after all that could be read, and
    for a table that is no text.
    """
    pieces = _pieces(path, size)
    first = next(pieces, b"")
    for mark, told in _NO_TEXT.items():
        if first.startswith(mark):
            raise UnreadableError("unreadable", f"it is not text but {told}")
    if not (encoding := _wide(first[:_LOOK])):
        yield first
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode()
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _pieces(path: Path, size: int) -> Generator[bytes]:
    with path.open("rb") as file:
        if not file.peek(len(_GZIP)).startswith(_GZIP):
            while piece := file.read(size):
                yield piece
            return
        held = bytearray()
        try:
            with gzip.GzipFile(fileobj=file) as unzipped:
                while more := unzipped.read1(size):  # little at a time
                    held += more
                    if len(held) >= size:
                        yield bytes(held)
                        held.clear()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield bytes(held)
            told = f"the compressed file is damaged ({error}); fetch it again"
            raise UnreadableError("unreadable", told) from None
        yield bytes(held)


def _wide(start: bytes) -> str | None:
    """Name the form of UTF-16 that a text begins with; None for any other text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Letters of column names have one byte that is zero.
    even, odd = (start[first::2].count(0) * 2 / max(len(start), 1) for first in (0, 1))
    if max(even, odd) < 0.9 or min(even, odd) > 0:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"
