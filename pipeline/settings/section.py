"""What the sections of params.yaml have in common: frozen, every key known, types with ranges."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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
