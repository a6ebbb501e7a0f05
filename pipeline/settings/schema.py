"""Say what params.yaml may hold: sections, types and ranges, frozen once read.

A section names its keys; what is allowed is said by types and validators, whose messages end up
behind the key path in `pipeline.settings.params`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from pipeline.data.warnings import Code
from pipeline.settings.beside_sections import DriftSettings, Parallel, Tracking
from pipeline.settings.data_sections import DataSource, Demo, Label, NamingSettings, Prepare, Weigh
from pipeline.settings.section import Count, Fraction, Positive, Seed, SettingsSection, Share

# By which models are judged: of several labels a row, or of one category a row.
Labels = Literal["average_precision", "auroc", "f1"]
Categories = Literal[
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "clip_accuracy",
    "clip_balanced_accuracy",
    "clip_macro_f1",
]
Metric = Labels | Categories


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


class Features(SettingsSection):
    """Which AU columns a network takes, and what is made of them first."""

    columns: Literal["intensities", "presences", "both"]
    square_root: bool
    calibrate: Literal["none", "subject"]
    shrink_clips: Positive


class Augment(SettingsSection):
    """How far training rows are varied; see `pipeline.model.training.augmentation`."""

    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    intensity: Fraction
    au_dropout: Fraction


UNTRAINED = "models/untrained"  # a folder without a model: random weights


class Train(SettingsSection):
    start_from: str = Field(min_length=1)
    freeze_epochs: Annotated[int, Field(ge=0)]
    seed: Seed
    members: Count
    augment: Augment
    learning_rate: Positive
    batch_size: Literal["auto"] | Count
    lr_factor: Share
    lr_lowest: Positive

    @property
    def start(self) -> Path | None:
        """The folder of the model whose weights training starts from; None: random weights."""
        folder = Path(self.start_from)
        return None if folder == Path(UNTRAINED) else folder

    @model_validator(mode="after")
    def something_to_freeze(self) -> Self:
        if self.freeze_epochs and not self.start:
            raise ValueError(
                f"freeze_epochs is {self.freeze_epochs}, and {UNTRAINED} holds nothing to freeze; "
                "0 is allowed, or a model in start_from"
            )
        return self


class Tune(SettingsSection):
    """What thresholds are tuned for; the goal uses the numbers that it needs."""

    goal: Literal["f1", "recall", "cost"]
    least_precision: Annotated[float, Field(gt=0, le=1)]
    miss: Positive
    false_alarm: Positive


class Evaluate(SettingsSection):
    primary: Metric
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
    metric: Metric
    margin: Fraction
    tolerance: Fraction
    calibration: Fraction
    blocking: tuple[Code, ...]


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
    features: Features
    train: Train
    evaluate: Evaluate
    external: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")], DataSource]
    promote: Promote
    drift: DriftSettings
    tracking: Tracking
    parallel: Parallel

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
        for key, metric in (
            ("evaluate.primary", self.evaluate.primary),
            ("promote.metric", self.promote.metric),
        ):
            if self.label.source != "human" and metric in get_args(Categories):
                raise ValueError(
                    f"{key} is {metric!r}, but rules give a frame several labels "
                    f"(label.source: {self.label.source}); allowed are {list(get_args(Labels))}"
                )
        for name, recipe in self.recipes.items():
            if recipe.divisors.keys() != self.label.rules.keys():
                raise ValueError(
                    f"recipes.{name}.divisors has {sorted(recipe.divisors)}; one divisor for "
                    f"each emotion of label.rules {sorted(self.label.rules)} is allowed"
                )
        return self

    @property
    def chosen(self) -> Recipe:
        """The recipe that `recipe` names."""
        return self.recipes[self.recipe]

    def flat(self) -> dict[str, Any]:
        """Every value under its dotted key: what a run records.

        The recipe in use stands as `recipe.hidden` and so on, without its name, so that a
        comparison of two runs puts the same settings side by side; likewise `naming`.
        """
        # Without what is scored afterwards, and where it was computed.
        tree = self.model_dump(mode="json", exclude={"external", "parallel"})
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
