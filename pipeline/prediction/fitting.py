"""Refuse recordings that a model was not trained for: another extractor, other AUs or units."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.data.action_units import INTENSITIES
from pipeline.data.card.profile import BINS, Profile
from pipeline.errors import InputError
from pipeline.prediction.stored_model import StoredModel

# Of so many frames of a face one has an intensity above 1; fewer may all be calm. Of RAVDESS'
# clips, 100 frames each, none stays below.
FEWEST_TO_TELL = 100
_ONE = BINS // 5  # the bin of a profile that ends at intensity 1


def refuse_unfit(model: StoredModel, extractor: str, aus: Sequence[str]) -> None:
    """Raise `InputError` for another extractor than the model's, and for AUs that are lacking."""
    if extractor != model.extractor:
        raise InputError(
            f"the recordings were written by {extractor}, {model.name} was trained on "
            f"{model.extractor}: their units differ. Extract the action units with "
            f"{model.extractor}, or choose another --model."
        )
    if lacking := [name for name in model.features.columns if name not in aus]:
        raise InputError(
            f"the recordings lack {', '.join(lacking)}, which {model.name} takes; they have "
            f"{', '.join(aus)}. Extract all action units that it takes, or choose another --model."
        )


def refuse_units(model: StoredModel, found: Mapping[str, Mapping[str, Any]], frames: int) -> None:
    """Raise `InputError` where intensities seem to lie in 0-1; `found` has the highest of each."""
    taken = [name for name in model.features.columns if name in INTENSITIES]
    if not taken or frames < FEWEST_TO_TELL or (model.profile and _small(model.profile)):
        return
    if (highest := max(float(found[name]["highest"]) for name in taken)) <= 1:
        raise InputError(
            f"no intensity of {frames} frames exceeds {highest:g}: these look like 0-1, and "
            f"{model.name} takes 0-5 as OpenFace 2 writes them. Extract them anew, or pass "
            "--same-units if the faces are that calm."
        )


def _small(profile: Profile) -> bool:
    """Say whether the intensities of training do not exceed 1 either."""
    taken = [i for i, item in enumerate(profile.items) if item in INTENSITIES]
    return not profile.counts[:, taken, _ONE + 1 :].any()
