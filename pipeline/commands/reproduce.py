"""Run a recorded run again, from its commit, patch, parameters and data, and compare.

RUN is a run's id or its first characters, its name, a DVC experiment's name, models:/NAME@ALIAS, a
git revision such as HEAD, or workspace (the model in outputs/).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.errors import STOPPED, InputError
from pipeline.reproduction import bring_data, compare
from pipeline.reproduction.checkout import Project, checkout, find_project, refuse
from pipeline.reproduction.replay import replay, stoppable
from pipeline.reproduction.scratch_store import scratch_store
from pipeline.settings.run_files import ENVIRONMENT, HASHES
from pipeline.tracking import provenance
from pipeline.tracking.store.connection import tracking_uri
from pipeline.tracking.store.recorded_runs import Recorded, only_run, read_run
from pipeline.tracking.store.run_references import find_run


@click.argument("meant", metavar="RUN")
def run(meant: str) -> None:
    """Print what is identical and what differs; exit code 1 where something does."""
    try:
        with stoppable(), TemporaryDirectory() as scratch:
            same = reproduce(find_run(tracking_uri(), meant).id, Path(scratch))
    except KeyboardInterrupt:
        print("stopped; the temporary copy of the repository was removed", file=sys.stderr)
        raise SystemExit(STOPPED) from None
    if not same:
        raise SystemExit(1)


def reproduce(run_id: str, scratch: Path) -> bool:
    """Replay a run and print the comparison; tell whether all is identical."""
    main = find_project(Path.cwd())
    (scratch / "then").mkdir()
    (scratch / "now").mkdir()
    recorded = read_run(tracking_uri(), run_id, scratch / "then")
    refuse(recorded)
    hashes = _mapping(recorded, HASHES)
    for line in versions(_mapping(recorded, ENVIRONMENT), provenance.environment()):
        print(line, flush=True)
    with checkout(main, recorded) as copy:
        print(f"replay of run {run_id} ({recorded.name}), commit {recorded.tags['git.commit']}")
        prepare(main, copy, hashes)
        store = scratch_store(scratch, like=tracking_uri())
        replay(copy.folder, store)
        then = {path: hashes[path] for path in bring_data.outputs(copy) & hashes.keys()}
        now = compare.made_by(copy.folder / "dvc.lock")
    replayed = only_run(store, scratch / "now")
    results = compare.compare(recorded, replayed, then, now)
    for item in results:
        print(f"{item.kind} {item.name}: {item.result}")
    print(*compare.notes(recorded, replayed, then), compare.summary(results), sep="\n")
    return all(item.same for item in results)


def prepare(main: Project, copy: Project, hashes: dict[str, str]) -> None:
    """Bring the data and hold all that the run read to its recorded hashes.

    Raises `InputError` where the data is other than it was.
    """
    path = bring_data.bring(main, copy, hashes)
    bring_data.bring(main, copy, hashes, bring_data.START)
    unlike = bring_data.changed(copy, hashes)
    if path in unlike:
        raise InputError(
            f"params.yaml of the run: data.path is {path}, which holds something else today than "
            f"the run read: md5 {hashes[path]} then. Bring back what it held; `dvc add {path}` "
            "keeps a copy from now on."
        )
    if path not in hashes:
        print(f"the run recorded no hash of {path}: it may have been changed since")
    for code in unlike:
        print(f"warning: {code} is not what the run recorded, for all its commit and patch say")
    sys.stdout.flush()


def versions(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """Say which packages, and what of Python and machine, is other than when the run was made."""
    for name, version in now.items():
        if (before := then.get(name, "not recorded")) != version:
            yield f"version: {name} was {before}, is {version}"


def _mapping(recorded: Recorded, name: str) -> dict[str, str]:
    """Read a JSON file of a run; nothing where it has none."""
    if name not in recorded.files:
        return {}
    found: dict[str, str] = json.loads(recorded.files[name].read_text(encoding="utf-8"))
    return found
