"""Judge the model of a run and, if the gate lets it, make it champion.

Judging takes seconds, changing the registry takes a turn (`tracking.exclusive`). So the judgement
is made first, and in the turn it counts only if the champion is still the one it was made against;
else it is made again, against the new one.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import InputError
from pipeline.promotion import renewal
from pipeline.promotion.candidate import read_candidate
from pipeline.promotion.comparable import RENEWABLE
from pipeline.promotion.decision import (
    TAKEN_BACK,
    Decision,
    decide,
    decide_first,
    demands_of,
    digest,
    taken_back,
)
from pipeline.promotion.gate import refuse
from pipeline.promotion.verdict_page import as_json, describe, verdict_page
from pipeline.report.pages.text import to_markdown
from pipeline.settings.schema import Params
from pipeline.tracking.outbox.leftovers import deliver_rest
from pipeline.tracking.registry.registry import Registry, now, open_registry
from pipeline.tracking.registry.turn import exclusive
from pipeline.tracking.registry.versions import (
    AGAINST,
    AT,
    BROKEN,
    NONE,
    RULE,
    SETTINGS,
    VERDICT,
    Version,
)
from pipeline.tracking.store import artifacts

ON_RUN = (VERDICT, AGAINST, AT)  # of a verdict's tags; its rules stand with the version


@dataclass(frozen=True)
class Outcome:
    """What became of a model; `word` is promoted, kept, refused or champion (already).

    `decision` is None where nothing was to be judged, `version` where nothing was written.
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
                if dry_run or TAKEN_BACK in decision.verdict.broken:
                    # What a version that was champion says of itself stays as it is.
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
        version = registry.register(decision.challenger.key, tags_of(decision))
        _record(registry, decision, version, folder)
        if decision.verdict.outcome != "promoted":
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
        "verdict.md": to_markdown(verdict_page(decision, version.number)),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        artifacts.attach(registry.client, run_id, folder / name, "promotion")
    if decision.renewed is not None and decision.champion is not None:
        renewal.keep(registry, decision.champion, decision.renewed)
    own = {name: text for name, text in tags_of(decision).items() if name in ON_RUN}
    artifacts.tag(registry.client, run_id, own | {"promotion.version": version.number})
    registry.describe(version, describe(decision, version.number))


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
        AT: now(),
        **rules,
    }


def judged(settings: Params, key: str, *, renew: bool) -> Outcome | None:
    """Find that a run need not be judged (again), and what became of it; else None.

    That is so where its model is champion or was it, or was judged against today's champion by
    today's demands. A verdict that fails for test rows or labels alone is none where they may be
    renewed.
    """
    deliver_rest()
    with open_registry(settings.tracking.experiment, settings.promote.model) as registry:
        version, champion = registry.version_of(key), registry.champion()
    if version is None:
        return None
    if champion and champion.number == version.number:
        return Outcome("champion", None, version)
    if version.was_champion or _stands(version, champion, settings, renew=renew):
        return Outcome(version.tags[VERDICT], None, version)
    return None


def _stands(version: Version, champion: Version | None, settings: Params, *, renew: bool) -> bool:
    tags = version.tags
    if renew and tags.get(BROKEN) in RENEWABLE:
        return False
    asked = {AGAINST: champion.number if champion else NONE, SETTINGS: digest(demands_of(settings))}
    # A promotion that was killed before its decisive write has a verdict, but is not champion.
    done = tags.get(VERDICT) in ("kept", "refused")
    return done and all(tags.get(name) == text for name, text in asked.items())
