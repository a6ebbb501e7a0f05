"""Say what the params.yaml of each study may hold."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

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
    models: tuple[Text, ...]
    reference: Text
    published: tuple[Published, ...]
    jobs: Count | None


def params_of(study: str) -> Path:
    """Give the place of a study's parameters, relative to the repository's root."""
    return Path("studies") / study / "params.yaml"
