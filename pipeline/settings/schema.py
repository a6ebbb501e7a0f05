"""Say what params.yaml may hold: sections, types and ranges, frozen once read.

A section names its keys; what is allowed is said by types and validators, whose messages end up
behind the key path in `pipeline.settings.params`.
"""

import math
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipeline.data.action_units import INTENSITY_AUS

Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Valence = Literal["P", "N"]


def _may_name(value: Any) -> Any:
    if isinstance(value, str) or type(value) is int:
        return value
    raise ValueError("a name in quotes is allowed")


# Of a person or a category in the data. A number is the one name that is written with it.
Name = Annotated[str | int, BeforeValidator(_may_name)]


class SettingsSection(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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


class Recipe(SettingsSection):
    """One way to label, weigh and train; everything in which recipes differ."""

    divisors: dict[str, Positive]
    weights: Literal["emotion", "positive", "none"]
    hidden: Annotated[tuple[Count, ...], Field(min_length=1)]
    dropout: tuple[Fraction, ...]
    batch_norm: bool
    epochs: Count
    early_stopping_patience: Count | None
    lr_patience: Count | None

    @model_validator(mode="after")
    def one_dropout_a_layer(self) -> Self:
        if len(self.dropout) != len(self.hidden):
            raise ValueError(
                f"one dropout for each of the {len(self.hidden)} hidden layers is allowed"
            )
        return self


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


class Train(SettingsSection):
    seed: Seed
    features: Literal["intensities", "presences", "both"]
    learning_rate: Positive
    batch_size: Count
    lr_factor: Share
    lr_lowest: Positive


class Tune(SettingsSection):
    """What thresholds are tuned for; the goal uses the numbers that it needs."""

    goal: Literal["f1", "recall", "cost"]
    least_precision: Annotated[float, Field(gt=0, le=1)]
    miss: Positive
    false_alarm: Positive


class Evaluate(SettingsSection):
    positive_at: Share
    threshold: Share
    tune: Tune
    resamples: Annotated[int, Field(ge=100, le=100_000)]
    confidence: Share
    seed: Seed
    human_names: dict[str, str]


class Promote(SettingsSection):
    """What the gate asks of a model before it may be champion."""

    # Names of the registry are parts of addresses: `models:/<name>@champion`.
    model: str = Field(pattern=r"^[\w.-]+$")
    metric: Literal["average_precision", "auroc", "f1"]
    margin: Fraction
    tolerance: Fraction
    calibration: Fraction
    blocking: tuple[str, ...]


class DriftSettings(SettingsSection):
    """When new data counts as unlike training data."""

    level: Share
    psi: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    permutations: Count
    seed: Seed

    @model_validator(mode="after")
    def level_can_be_reached(self) -> Self:
        if self.level * (self.permutations + 1) < 1:
            raise ValueError("level at least 1 / (permutations + 1) is allowed: p is never smaller")
        return self


class Tracking(SettingsSection):
    experiment: str = Field(min_length=1)


class Params(SettingsSection):
    """The whole of params.yaml."""

    data: DataSource
    naming: dict[str, NamingSettings]
    demo: Demo
    prepare: Prepare
    recipe: str
    recipes: dict[str, Recipe]
    label: Label
    weigh: Weigh
    train: Train
    evaluate: Evaluate
    external: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")], DataSource]
    promote: Promote
    drift: DriftSettings
    tracking: Tracking

    @model_validator(mode="after")
    def choices_exist(self) -> Self:
        if self.recipe not in self.recipes:
            raise ValueError(f"recipe is {self.recipe!r}; allowed are {list(self.recipes)}")
        sets = {"data": self.data} | {
            f"external.{name}": one for name, one in self.external.items()
        }
        for key, one in sets.items():
            if one.naming not in self.naming:
                raise ValueError(f"{key}.naming is {one.naming!r}; allowed are {list(self.naming)}")
        if unknown := sorted(self.evaluate.human_names.keys() - self.label.rules.keys()):
            raise ValueError(
                f"evaluate.human_names has {unknown}; emotions of label.rules "
                f"{sorted(self.label.rules)} are allowed"
            )
        for name, recipe in self.recipes.items():
            if recipe.divisors.keys() != self.label.rules.keys():
                raise ValueError(
                    f"recipes.{name}.divisors has {sorted(recipe.divisors)}; one divisor for "
                    f"each emotion of label.rules {sorted(self.label.rules)} is allowed"
                )
        return self

    @cached_property
    def chosen(self) -> Recipe:
        """The recipe that `recipe` names."""
        return self.recipes[self.recipe]

    def flat(self) -> dict[str, Any]:
        """Every value under its dotted key: what a run records.

        The recipe in use stands as `recipe.hidden` and so on, without its name, so that a
        comparison of two runs puts the same settings side by side; likewise `naming`.
        """
        tree = self.model_dump(mode="json", exclude={"external"})  # of what is scored afterwards
        recipe, naming = tree["recipe"], tree["data"]["naming"]
        chosen = {f"recipe.{key}": value for key, value in tree.pop("recipes")[recipe].items()}
        tree["naming"] = tree["naming"][naming]
        return dict(_leaves(tree | chosen, ""))


def _leaves(tree: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found += _leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found
