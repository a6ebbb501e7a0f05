"""Choose the naming for recordings that nobody has described yet, and say what each would read."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.data.card.namings import Trial, best, try_naming
from pipeline.data.reading.layouts import PLANNERS
from pipeline.data.reading.naming.clip_names import Naming
from pipeline.data.reading.naming.labels_file import Labels
from pipeline.data.reading.plan import Plan, Source
from pipeline.data.warnings import some
from pipeline.errors import InputError
from pipeline.settings.schema import Params
from pipeline.stages.steps import ingest

_ANY = "(?P<subject>.+)"  # each clip a person of its own: for the names of clips alone


def choose_naming(settings: Params, asked: str | None, scratch: Path) -> tuple[str, list[str]]:
    """Try every naming on the names of the clips; give the one to use, and what each reads.

    `asked` is taken whatever it reads. Raises `InputError` where no naming tells a subject.
    """
    described = ingest.make_naming(settings)
    any_naming = Naming(_ANY, {}, columns=described.columns)
    source = Source(Path(settings.data.path), any_naming, settings.prepare.face, scratch)
    plan = PLANNERS[settings.data.layout](source)
    usual = asked or settings.data.naming
    if not plan.clips:  # `make_plan` says why
        return usual, []
    if known := names_people(plan, described.labels):
        return usual, [f"naming    of no matter: {known} names the subject of every clip"]
    trials = [
        try_naming(name, Naming(one.pattern, one.emotions, described.labels), plan.clips)
        for name, one in settings.naming.items()
    ]
    chosen = best(trials, usual)
    if chosen is None:
        raise InputError(
            " ".join([nobody(settings, plan.clips), *map("Mind: {}.".format, plan.hints)])
        )
    return asked or chosen.name, describe_trials(trials, chosen.name, asked)


def names_people(plan: Plan, labels: Labels) -> str | None:
    """Say what names the subject of every clip, whatever the naming: labels.csv or the table."""
    if all("subject" in labels.of(clip) for clip in plan.clips):
        return "labels.csv"
    bases = {clip: clip.replace("\\", "/").rsplit("/", 1)[-1] for clip in plan.clips}
    own = any(plan.owners[clip] != base for clip, base in bases.items())
    return "the table" if own and not plan.paths else None


def nobody(settings: Params, clips: Sequence[str]) -> str:
    """Say that no naming tells whose the clips are, and what to do."""
    return (
        f"{settings.data.path}: no naming tells whose the clips are, such as {some(clips, 3)}. "
        f"Tried: {', '.join(settings.naming)}. Add one to `naming` in params.yaml: a regular "
        "expression with a group (?P<subject>...), of the path below data.path if it holds a `/`; "
        "or put a labels.csv with the columns clip and subject beside the files."
    )


def describe_trials(trials: Sequence[Trial], chosen: str, asked: str | None) -> list[str]:
    """Say in lines what each naming reads, the recommended one first."""
    able = sorted((trial for trial in trials if trial.read), key=lambda t: t.name != chosen)
    lines = [f"naming    {chosen} is recommended" + (f"; {asked} is taken" if asked else "")]
    for trial in able:
        lines += trial.lines()
    if unable := [trial.name for trial in trials if not trial.read]:
        lines.append(f"  no clip is named as {', '.join(unable)}")
    return lines
