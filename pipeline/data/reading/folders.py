"""List the files of a folder, also where its subfolders are links."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.data.reading.naming.labels_place import is_labels
from pipeline.data.warnings import some

_TABLE = re.compile(
    r"(?i)\.(?:[ct]sv|parquet|pq|parq|xlsx?|xlsm|ods|numbers|feather|arrow|h5|hdf5|mat|rds|sav"
    r"|zip|7z|rar|tar|tgz|gz|bz2|xz|zst)$"
)


def files_below(root: Path) -> Iterator[Path]:
    """List the files of a folder and its subfolders, hidden ones left out; or the file itself.

    A link to nowhere is listed, so that data that was not fetched is not left out in silence.
    Links to folders are followed after all else, so that a folder found twice goes by its own
    name; a link to a folder that was read already is listed in its place, as is one to a folder
    that holds the root, and a folder that may not be looked into.
    """
    if root.is_file():
        yield root
        return
    home = root.resolve()
    seen: set[Path] = set()
    links = [root]
    while links:
        link = links.pop(0)
        target = link.resolve()
        if target in seen or (link != root and home.is_relative_to(target)):
            yield link
        else:
            yield from _walk(link, seen, links)


def files_among(root: Path, chosen: Sequence[Path]) -> Iterator[Path]:
    """List the files of those paths below a root that are chosen, of all where none is."""
    for path in chosen or (root,):
        yield from files_below(path)


def describe_passed_over(ignored: Iterable[str]) -> list[str]:
    """Say which files are not read though they may hold recordings or labels, as films do not."""
    tables = [file for file in ignored if _TABLE.search(file) and not is_labels(Path(file))]
    if not tables:
        return []
    return [
        f"{len(tables)} files that may hold tables are not read in this layout: {some(tables, 3)}"
    ]


def _walk(folder: Path, seen: set[Path], links: list[Path]) -> Iterator[Path]:
    """List the files of a folder; note it as seen, and put links to folders off."""
    seen.add(folder.resolve())
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # not allowed to look inside
        yield folder
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        if path.is_dir() and path.is_symlink():
            links.append(path)
        elif path.is_dir():
            if path.resolve() not in seen:
                yield from _walk(path, seen, links)
        elif path.is_file() or (path.is_symlink() and not path.exists()):
            yield path
