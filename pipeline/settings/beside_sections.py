"""Say what params.yaml may hold that decides no output of a stage: no stage runs again for it."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipeline.settings.section import Count, Seed, SettingsSection, Share


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


class Parallel(SettingsSection):
    """Where independent jobs are computed: here, or on a cluster that runs already."""

    backend: Literal["local", "dask", "ray", "spark"]
    address: Annotated[str, Field(min_length=1)] | None

    @field_validator("address")
    @classmethod
    def is_of_a_cluster(cls, value: str | None, others: ValidationInfo) -> str | None:
        if value is not None and others.data.get("backend") == "local":
            raise ValueError("null is allowed where parallel.backend is local, which needs none")
        return value
