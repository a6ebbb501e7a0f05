"""Pass over what a store refuses for good, and say so: no entry holds up the others.

A call with many values is halved until the refused ones stand alone. They stay in the journal, are
named in its folder's `refused.json` and on the run's tag `refused`, and are tried again where the
journal goes to another store.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence

from pipeline.tracking.outbox.entries import Remote
from pipeline.tracking.outbox.journal import DamagedError, Entry
from pipeline.tracking.store.connection import is_server, tracking_uri, without_password
from pipeline.tracking.store.faults import refuses

REFUSED = "refused"  # the tag, and the file's name
_SHOWN = 300  # characters of a reason


def write(remote: Remote, entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Write entries of one kind, in order; give what was refused for good, by name, and why."""
    try:
        remote.write(entries)
    except DamagedError:
        raise
    except Exception as error:
        if not refuses(error, local=not is_server(tracking_uri())):
            raise
        remote.check()  # raises where the store or the run is gone
        if parts := _halves(entries):
            for part in parts:
                yield from write(remote, part)
        else:
            yield _name(entries[0]), without_password(f"{error}")[:_SHOWN]


def tell(remote: Remote, refused: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Name what was refused: in the run's folder, on the run, and what is new in one line."""
    folder, names = remote.journal.folder, ", ".join(refused)
    (folder / f"{REFUSED}.json").write_text(json.dumps(dict(refused), indent=2) + "\n")
    for _ in write(remote, [{"kind": "tags", "values": {REFUSED: names}}]):
        pass  # a store that refuses this as well has been told
    reason = " ".join(next(iter(new.values())).split())
    print(
        f"warning refused: the MLflow store does not take {', '.join(new)} of run "
        f"{remote.journal.key}: {reason} All else is sent; see {folder / REFUSED}.json.",
        file=sys.stderr,
    )


def _halves(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Cut entries, or the values of a single one, into two; nothing where they cannot be cut."""
    if len(entries) > 1:
        middle = len(entries) // 2
        return [list(entries[:middle]), list(entries[middle:])]
    values = entries[0].get("values", {})
    if len(values) < 2:
        return []
    items, middle = list(values.items()), len(values) // 2
    return [[entries[0] | {"values": dict(some)}] for some in (items[:middle], items[middle:])]


def _name(entry: Entry) -> str:
    """Say in a few words what an entry is."""
    names = [*entry.get("values", {}), *filter(None, [entry.get("name")])]
    return " ".join([entry["kind"], *map(repr, names)])
