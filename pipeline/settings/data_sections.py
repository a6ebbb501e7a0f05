"""Say what params.yaml may hold of data: where it lies, its names, its split, its labels."""

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.data.action_units import INTENSITY_AUS
from pipeline.settings.section import (
    Count,
    Fraction,
    Name,
    Positive,
    Seed,
    SettingsSection,
    Share,
    Valence,
)


class DataSource(SettingsSection):
    path: str = Field(min_length=1)
    layout: Literal["expression", "openface", "pyfeat", "table"]
    naming: str


class NamingSettings(SettingsSection):
    """How a clip's name tells subject, valence class and emotion."""

    pattern: str
    emotions: dict[str, str]
    # Said only of tables and a labels.csv that call them otherwise, so it may be left out.
    columns: dict[Literal["clip", "subject", "emotion", "valence_class"], str] = Field(
        default_factory=dict
    )

    @field_validator("pattern")
    @classmethod
    def compiles(cls, value: str) -> str:
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"a regular expression is allowed ({error})") from error
        if "subject" not in groups:
            raise ValueError("a regular expression with a group (?P<subject>...) is allowed")
        return value


class Demo(SettingsSection):
    seed: Seed
    subjects: Annotated[int, Field(ge=3)]
    clips_per_subject: Count
    frames_per_clip: Count


class Split(SettingsSection):
    by: Literal["subject", "clip", "frame"]
    validation: Share
    test: Share
    seed: Seed
    validation_subjects: tuple[Name, ...]
    test_subjects: tuple[Name, ...]

    @model_validator(mode="after")
    def leaves_training_data(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation + test below 1 is allowed; the rest trains the model")
        both = set(self.validation_subjects) & set(self.test_subjects)
        if both:
            raise ValueError(f"subjects {sorted(map(str, both))} stand in validation and in test")
        return self


class Prepare(SettingsSection):
    on_bad_file: Literal["quarantine", "fail"]
    min_confidence: Annotated[float, Field(ge=0, le=1)]
    face: Literal["main", "each"] | Annotated[int, Field(ge=0)]
    split: Split


class LabelRule(SettingsSection):
    """An emotion's action units, alike or weighted, and the valence class in which it can occur."""

    aus: tuple[int, ...] | dict[int, float]
    valence: Valence

    @field_validator("aus", mode="before")
    @classmethod
    def are_openface_aus(cls, value: Any) -> tuple[int, ...] | dict[int, float]:
        if not isinstance(value, list | dict) or not value:
            raise ValueError("a list of AUs, or a weight above 0 for each as {6: 0.4}, is allowed")
        aus = [int(au) if str(au).isdecimal() else au for au in value]
        if unknown := [au for au in aus if au not in INTENSITY_AUS]:
            raise ValueError(f"AU {unknown} has no intensity; allowed are {list(INTENSITY_AUS)}")
        if len(set(aus)) < len(aus):
            raise ValueError("each AU may stand once")
        if isinstance(value, list):
            return tuple(aus)
        if not all(type(w) in (int, float) and 0 < w < math.inf for w in value.values()):
            raise ValueError("a finite weight above 0 for each AU is allowed")
        return dict(zip(aus, map(float, value.values()), strict=True))

    @property
    def weights(self) -> dict[int, float]:
        """The weight of each AU; 1 where the rule lists them alone."""
        return self.aus if isinstance(self.aus, dict) else dict.fromkeys(self.aus, 1.0)


class Label(SettingsSection):
    source: Literal["facs", "human"]
    gate: Literal["clip", "frame", "none"]
    rules: Annotated[dict[str, LabelRule], Field(min_length=1)]
    emotions: tuple[Name, ...]

    @property
    def weights(self) -> dict[str, dict[int, float]]:
        """The weight of each AU in each emotion's rule."""
        return {emotion: rule.weights for emotion, rule in self.rules.items()}


class Weigh(SettingsSection):
    positive_above: Fraction
    lowest: Positive
    highest: Positive

    @model_validator(mode="after")
    def is_a_range(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError("lowest at most highest is allowed")
        return self
