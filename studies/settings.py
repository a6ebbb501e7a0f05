"""Say what the params.yaml of each study may hold."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from pipeline.errors import InputError
from pipeline.settings.section import Count, Name, Seed, SettingsSection, Share

Text = Annotated[str, Field(min_length=1)]
# Values of the project's params.yaml under dotted keys, such as {features.calibrate: subject}.
Values = dict[Text, Any]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1)]


class Dealing(SettingsSection):
    """How people are dealt to folds, and how many of a fold's training people validate."""

    number: Annotated[int, Field(ge=2)]
    given: tuple[tuple[Name, ...], ...] | str | None
    validation: Share


class Published(SettingsSection):
    """A figure that others published of the same data, shown beside, never computed with."""

    name: Text
    metric: Text
    value: float
    source: Text


class FoldsParams(SettingsSection):
    """The whole of studies/folds/params.yaml."""

    folds: Dealing
    seeds: Seeds
    variants: Annotated[dict[Text, Values], Field(min_length=1)]
    networks: dict[Text, Values]
    learners: tuple[Text, ...]
    reference: Text
    published: tuple[Published, ...]
    jobs: Count | None


class Recommendation(SettingsSection):
    """Values of the project's params.yaml that are recommended, and those to use otherwise."""

    tried: Values
    against: Values


class ClaimsParams(SettingsSection):
    """The whole of studies/claims/params.yaml."""

    folds: Dealing
    seeds: Seeds
    improved: Text
    baseline: Text
    recommendations: dict[Text, Recommendation]
    fewer_people: Share
    jobs: Count | None


class LearningCurveParams(SettingsSection):
    """The whole of studies/learning_curve/params.yaml."""

    folds: Dealing
    seeds: Seeds
    shares: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)]
    times: Annotated[float, Field(gt=1)]
    worth: Annotated[float, Field(gt=0)]
    own_clips: tuple[Count, ...]
    jobs: Count | None


def params_of(study: str) -> Path:
    """Give the place of a study's parameters, relative to the repository's root."""
    return Path("studies") / study / "params.yaml"


def refuse_one_seed(seeds: Seeds, place: Path) -> None:
    """Raise `InputError` where nothing can be said of what differs between seeds."""
    if len(set(seeds)) < 2:
        raise InputError(
            f"{place}: seeds is {list(seeds)}; two or more that differ are needed, for what is "
            "told is how far seeds differ: [7, 8, 9], say."
        )
