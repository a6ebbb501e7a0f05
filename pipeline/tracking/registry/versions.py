"""Name a version of the registered model, and what its tags say.

A version's tags: `pipeline.run` (the run's key), `promotion.verdict`, `promotion.against` (the
champion it was judged against, "none" for the first), `promotion.settings` (a hash of what it was
judged by), `promotion.broken` (the rules it broke), `promotion.at`, `promotion.rule.<name>`; of one
that is or was champion `promotion.replaced` (the version before it, or "none") and
`promotion.since`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.tracking.outbox.courier import KEY

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

NONE = "none"
VERDICT, AGAINST, SETTINGS = "promotion.verdict", "promotion.against", "promotion.settings"
BROKEN, AT, RULE = "promotion.broken", "promotion.at", "promotion.rule."
REPLACED, SINCE = "promotion.replaced", "promotion.since"


@dataclass(frozen=True)
class Version:
    """A version of the registered model, with the run and the logged model that it was made of."""

    number: str
    run_id: str
    model_id: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The run's key, which `run.json` holds."""
        return self.tags.get(KEY, NONE)

    @property
    def was_champion(self) -> bool:
        """Whether it is champion, or was once."""
        return SINCE in self.tags


def as_version(found: "ModelVersion") -> Version:
    model_id = found.model_id or str(found.source).rpartition("/")[2]
    return Version(str(found.version), str(found.run_id), str(model_id), dict(found.tags))
