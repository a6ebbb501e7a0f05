"""Judge the model of a run and, if the gate lets it, make it champion.

Judging takes seconds, changing the registry takes a turn (`tracking.exclusive`). So the judgement
is made first, and in the turn it counts only if the champion is still the one it was made against;
else it is made again, against the new one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.errors import InputError
from pipeline.evaluation.gate import refuse
from pipeline.promotion import renewal
from pipeline.promotion.candidate import read_candidate
from pipeline.promotion.decision import (
    Decision,
    decide,
    decide_first,
    demands_of,
    digest,
    taken_back,
)
from pipeline.promotion.pages import as_json, describe, verdict_page
from pipeline.schema import Params
from pipeline.tracking import artifacts
from pipeline.tracking.exclusive import exclusive
from pipeline.tracking.registry import (
    NONE,
    Registry,
    Version,
    now,
    open_registry,
)
from pipeline.tracking.rest import deliver_rest

VERDICT, AGAINST, SETTINGS = "promotion.verdict", "promotion.against", "promotion.settings"
BROKEN, RULE = "promotion.broken", "promotion.rule."


@dataclass(frozen=True)
class Outcome:
    """What `promote` did; `decision` is None for the champion itself, `version` None in a dry run.

    `word` is promoted, kept, refused or champion.
    """

    word: str
    decision: Decision | None
    version: Version | None


def promote(settings: Params, key: str, *, renew: bool, dry_run: bool) -> Outcome:
    """Judge a run's model and write the verdict down, unless `dry_run`.

    Raises `InputError` where the store fails or lacks what the gate asks for.
    """
    deliver_rest()
    name = settings.promote.model
    with open_registry(settings.tracking.experiment, name) as registry:
        while True:
            champion = registry.champion()
            if champion and champion.key == key:
                return _reign(registry, champion, dry_run=dry_run)
            with TemporaryDirectory() as folder:
                decision = _decide(registry, settings, key, champion, Path(folder), renew=renew)
                if dry_run:
                    return Outcome(decision.verdict.outcome, decision, None)
                if version := _write(registry, decision, Path(folder)):
                    return Outcome(decision.verdict.outcome, decision, version)
            print("the champion changed meanwhile: judging again, against the new one", flush=True)


def _reign(registry: Registry, champion: Version, *, dry_run: bool) -> Outcome:
    """Find the model champion already; finish what an earlier process may have left undone."""
    if not dry_run:
        with exclusive(registry.client, registry.name):
            registry.settle()
    return Outcome("champion", None, champion)


def _decide(
    registry: Registry,
    settings: Params,
    key: str,
    version: Version | None,
    folder: Path,
    *,
    renew: bool,
) -> Decision:
    demands = demands_of(settings)
    challenger = read_candidate(registry, key, registry.run(key), folder)
    if version is None:
        return decide_first(challenger, demands)
    champion = read_candidate(registry, version.key, version.run_id, folder)
    if rule := taken_back(registry, key):
        return Decision(refuse([rule]), challenger, champion, version, demands)
    return decide(registry, version, champion, challenger, demands, renew=renew, folder=folder)


def _write(registry: Registry, decision: Decision, folder: Path) -> Version | None:
    """Write a verdict down in a turn of our own; None where the champion changed meanwhile."""
    before = decision.version
    with exclusive(registry.client, registry.name) as still_ours:
        registry.settle()
        today = registry.champion()
        if (today and today.number) != (before and before.number):
            return None
        version = registry.register(decision.challenger.key)
        _record(registry, decision, version, folder)
        if decision.verdict.outcome != "promoted":
            # One that was champion before is no new challenger.
            if not version.was_champion:
                registry.challenge(version)
            return version
        still_ours()
        registry.crown(version, before)
        still_ours()
        if (found := registry.champion()) is None or found.number != version.number:
            raise InputError(
                f"Version {version.number} was to be champion, but another process changed that: "
                f"it is {found.number if found else NONE} now. Run this again."
            )
    return version


def _record(registry: Registry, decision: Decision, version: Version, folder: Path) -> None:
    """Write the verdict on the run, as files and tags, and on the version's page and tags."""
    run_id = decision.challenger.run_id
    files = {
        "verdict.json": json.dumps(as_json(decision, version.number), indent=2) + "\n",
        "verdict.md": verdict_page(decision, version.number),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        artifacts.attach(registry.client, run_id, folder / name, "promotion")
    if decision.renewed is not None and decision.champion is not None:
        renewal.keep(registry, decision.champion, decision.renewed)
    tags = tags_of(decision)
    artifacts.tag(registry.client, run_id, tags | {"promotion.version": version.number})
    registry.describe(version, describe(decision))
    registry.tag(version, tags)


def tags_of(decision: Decision) -> dict[str, str]:
    """Say a verdict in tags; see `tracking.registry` for what each is for."""
    verdict = decision.verdict
    rules = {
        f"{RULE}{rule.name}": f"{'holds' if rule.holds else 'BROKEN'}: {rule.says}"
        for rule in verdict.rules
    }
    return {
        VERDICT: verdict.outcome,
        AGAINST: decision.version.number if decision.version else NONE,
        SETTINGS: digest(decision.demands),
        BROKEN: ", ".join(verdict.broken) or NONE,
        "promotion.at": now(),
        **rules,
    }


def judged(settings: Params, key: str, *, renew: bool) -> Version | None:
    """Find the version of a run that need not be judged (again).

    That is one which is champion or was it, or was judged against today's champion by today's
    demands; a verdict that fails for the test rows alone is none where they may be renewed.
    """
    deliver_rest()
    with open_registry(settings.tracking.experiment, settings.promote.model) as registry:
        version, champion = registry.version_of(key), registry.champion()
        if version is None:
            return None
        if version.was_champion or (champion and champion.number == version.number):
            return version
        return version if _stands(version.tags, champion, settings, renew=renew) else None


def _stands(
    tags: Mapping[str, Any], champion: Version | None, settings: Params, *, renew: bool
) -> bool:
    if tags.get(BROKEN) == "test_rows" and renew:
        return False
    against = champion.number if champion else NONE
    # A promotion that was killed before its decisive write has a verdict, but no champion.
    done = tags.get(VERDICT) in ("kept", "refused")
    return (
        done and tags.get(AGAINST) == against and tags.get(SETTINGS) == digest(demands_of(settings))
    )
