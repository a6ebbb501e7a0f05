"""Give recordings to damage, and count rows in a way of this file's own."""

import gzip
import re
from pathlib import Path

from benchmarks import REAL
from benchmarks.openface_files import write_folder

MAX_LINES = 40  # of each recording: enough to break, quick to read


def recordings(scratch: Path) -> dict[str, list[dict[str, bytes]]]:
    """Give, per layout, clips as files by name: generated ones, and real ones where they are.

    Generated ones name faces, and the real ones, but for two, do not.
    """
    found: dict[str, list[dict[str, bytes]]] = {"openface": [], "expression": []}
    if REAL.is_dir():
        for path in sorted((REAL / "expression/AUs").iterdir())[:12]:
            other = path.name.replace("_aus", "_valences")
            files = {
                f"AUs/{path.name}": path,
                f"Valences/{other}": REAL / "expression/Valences" / other,
            }
            found["expression"].append({name: _head(file) for name, file in files.items()})
        paths = sorted((REAL / "ravdess/frames").iterdir())[:12]
        found["openface"] = [{path.name: _head(path)} for path in paths]
        video = REAL / "formats/openface_video_blanks.csv"
        found["openface"] += [{f"{s}_video.csv": _head(video)} for s in "AB"]
    write_folder(scratch / "generated", 2, 12)
    found["openface"] += [{p.name: _head(p)} for p in sorted((scratch / "generated").iterdir())]
    return {layout: clips for layout, clips in found.items() if clips}


def _head(path: Path) -> bytes:
    return b"\n".join(path.read_bytes().split(b"\n")[:MAX_LINES])


def narrow_text(data: bytes) -> bytes:
    """Undo gzip and UTF-16, in a way of this file's own. Raises what the standard library does."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode()
    halves = [data[first:256:2] for first in (0, 1)]
    zeros = [half.count(0) / max(1, len(data[:256]) / 2) for half in halves]
    if max(zeros) >= 0.9 and min(zeros) == 0:
        form = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return data.decode(form, "replace").encode()
    return data


def lines_below_header(data: bytes) -> int:
    """Count rows in a way of this file's own: lines that are not blank, but for the first."""
    data = narrow_text(data).removeprefix(b"\xef\xbb\xbf")
    lines = re.split(rb"\r\n|\n|\r", data)
    return max(0, sum(1 for line in lines if line.strip()) - 1)
