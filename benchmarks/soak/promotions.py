"""Promote two models at the same time, time after time; exactly one may win, each time.

Run as `python -m benchmarks.soak.promotions`, on a SQLite store, or with `--server` on a real
MLflow server with PostgreSQL. Both models are certainly better than the champion, and neither is
certainly better than the other: whoever is second must be judged against the first, and be kept
back.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import wait
from multiprocessing.synchronize import Barrier
from pathlib import Path

from candidates import EXPERIMENT, guesses, make_candidate

from pipeline.promotion.promote import promote
from pipeline.settings import params
from pipeline.settings.schema import Params
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.registry.registry import Registry
from pipeline.tracking.registry.versions import AGAINST, REPLACED, VERDICT


def settings_for(model: str) -> Params:
    """Give the repository's parameters with another name of the registered model."""
    loaded = params.load()
    own = loaded.promote.model_copy(update={"model": model})
    return loaded.model_copy(update={"promote": own})


def contend(key: str, models: list[str], barrier: Barrier) -> None:
    """Promote one run in each model's registry, at the same moment as the other process."""
    promote(settings_for("warm-up"), key, renew=False, dry_run=True)
    for model in models:
        barrier.wait()
        promote(settings_for(model), key, renew=False, dry_run=False)


def problem(model: str) -> str | None:
    """Say what is wrong with a registry in which one of versions 2 and 3 should have won."""
    registry = Registry(*open_store(EXPERIMENT), model)
    aliases, versions = registry.aliases(), {one.number: one for one in registry.versions()}
    winner = aliases.get("champion", "none")
    loser = {"2": "3", "3": "2"}.get(winner, "none")
    if set(versions) != {"1", "2", "3"} or loser == "none":
        return f"versions {sorted(versions)}, champion {winner}"
    if aliases != {"champion": winner, "previous": "1", "challenger": loser}:
        return f"aliases {aliases}"
    if sorted(one.number for one in versions.values() if one.was_champion) != ["1", winner]:
        return "another version was champion, too"
    won, lost = versions[winner].tags, versions[loser].tags
    told = won[VERDICT], won[AGAINST], won[REPLACED], lost[VERDICT], lost[AGAINST]
    wanted = "promoted", "1", "1", "kept", winner
    return None if told == wanted else f"history {told}, wanted {wanted}"


@contextmanager
def local(folder: Path) -> Iterator[str]:
    """Give the address of a SQLite store."""
    yield f"sqlite:///{folder / 'mlflow.db'}"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Give the address of a running MLflow server on an empty PostgreSQL database."""
    from server import Server, postgresql  # pytest

    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    with postgresql(programs) as database, closing(Server(database, folder)) as running:
        running.start()
        yield running.uri


def race(folder: Path, times: int) -> bool:
    """Let two processes promote so many times; tell whether one won each time."""
    quality = {"fair": guesses([0.45, 0.45]), "a": guesses([0.9, 0.9]), "b": guesses([0.9, 0.9], 1)}
    keys = {name: make_candidate(folder / name, rows) for name, rows in quality.items()}
    models = [f"race-{number}" for number in range(times)]
    for model in models:
        promote(settings_for(model), keys["fair"], renew=False, dry_run=False)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [context.Process(target=contend, args=(keys[k], models, barrier)) for k in "ab"]
    began = time.monotonic()
    for one in both:
        one.start()
    wait([one.sentinel for one in both])
    if any(one.exitcode for one in both):
        barrier.abort()  # else the other would wait for it
    for one in both:
        one.join()
    if any(one.exitcode for one in both):
        raise SystemExit("a promotion failed; see above")
    found = {model: problem(model) for model in models}
    names = {key: name for name, key in keys.items()}
    store = open_store(EXPERIMENT)
    champions = [Registry(*store, model).champion() for model in models]
    winners = Counter(names.get(one.key if one else "", "none") for one in champions)
    for model, wrong in found.items():
        if wrong:
            print(f"{model}: {wrong}")
    seconds = (time.monotonic() - began) / times
    print(f"{times} races, {seconds:.1f} s each; won by {dict(winners)}")
    return not any(found.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--server", action="store_true", help="on a real server, not on SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["DVC_ROOT"] = name  # journals and locks lie there
        with (server if options.server else local)(Path(name)) as uri:
            os.environ["MLFLOW_TRACKING_URI"] = uri
            if not race(Path(name), options.times):
                raise SystemExit(
                    "two promotions at once did not leave one champion and its history"
                )


if __name__ == "__main__":
    main()
