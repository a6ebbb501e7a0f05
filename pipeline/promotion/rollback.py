"""Take the champion back: a version that was champion before becomes it again."""

from pipeline.errors import InputError
from pipeline.settings.schema import Params
from pipeline.tracking.registry.registry import Registry, open_registry
from pipeline.tracking.registry.turn import exclusive
from pipeline.tracking.registry.versions import NONE, REPLACED, Version


def rollback(settings: Params, number: str | None) -> tuple[Version, Version]:
    """Make the version before the champion, or this one, champion; give the old and the new one.

    Raises `InputError` where there is none, or where it never was champion.
    """
    with (
        open_registry(settings.tracking.experiment, settings.promote.model) as registry,
        exclusive(registry.client, registry.name) as still_ours,
    ):
        registry.settle()
        champion = registry.champion()
        if champion is None:
            raise InputError(
                f"Model {registry.name} has no champion. Make one: `python -m pipeline promote`."
            )
        target = _target(registry, champion, number)
        still_ours()
        registry.restore(target)
        still_ours()
        return champion, target


def _target(registry: Registry, champion: Version, number: str | None) -> Version:
    before = champion.tags.get(REPLACED, NONE)
    if number is None and before == NONE:
        raise InputError(
            f"Version {champion.number} of {registry.name} is the first champion: there is none "
            "before it. Name another that was champion once with --to VERSION."
        )
    target = registry.version(number or before)
    if not target.was_champion:
        known = [one.number for one in registry.versions() if one.was_champion]
        raise InputError(
            f"Version {target.number} of {registry.name} never was champion; allowed are "
            f"{', '.join(sorted(known, key=int))}. A model that never passed the gate comes in "
            "through it: `python -m pipeline promote`."
        )
    return target
