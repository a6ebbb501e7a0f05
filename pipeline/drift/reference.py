"""Find the model that new data is compared for, and the profile of what it was trained on."""

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.card import profile
from pipeline.data.card.profile import Network, Profile
from pipeline.data.features.feature_map import FeatureMap, read_feature_map
from pipeline.data.reading.columns.extractors import recognise
from pipeline.errors import InputError
from pipeline.model.inference.model_file import open_network
from pipeline.settings import paths
from pipeline.settings.run_files import PROFILE
from pipeline.settings.schema import Params
from pipeline.tracking.registry.registry import Registry, open_registry
from pipeline.tracking.registry.versions import Version
from pipeline.tracking.store.artifacts import features_in, fetch, network_of
from pipeline.tracking.store.connection import no_database


@dataclass(frozen=True)
class ReferenceModel:
    """A model by a name that people know, and the profile of its training data."""

    name: str
    profile: Profile
    features: FeatureMap
    emotions: list[str]
    network: Path

    @property
    def extractor(self) -> str:
        """The program that wrote the training data."""
        return str(recognise(self.features.columns))

    def predict(self) -> Network:
        """Load the network, which turns features into predictions."""
        return open_network(self.network)


def find_reference(settings: Params, folder: Path) -> ReferenceModel:
    """Take the champion, whose files are copied into a folder, or else the model in `outputs/`.

    Raises `InputError` where there is neither, or the champion's run has no profile.
    """
    # MLflow would make an empty store, which takes seconds and has no champion either.
    if not no_database():
        with open_registry(settings.tracking.experiment, settings.promote.model) as registry:
            if champion := registry.champion():
                return _of_champion(registry, champion, folder)
    return _of_outputs()


def _of_champion(registry: Registry, champion: Version, folder: Path) -> ReferenceModel:
    name = f"champion {registry.name}, version {champion.number}"
    counted = fetch(registry.client, champion.run_id, PROFILE, folder)
    if counted is None:
        raise InputError(
            f"Run {champion.run_id} of {name} has no artifact {PROFILE}. Train it again with `dvc "
            "repro --force --single-item train` and promote that; after the repository was moved, "
            "run `python -m pipeline relocate` first."
        )
    network, contract = network_of(champion.model_id, folder)
    told = json.loads(contract.read_text(encoding="utf-8"))
    features = features_in(told)
    return ReferenceModel(name, profile.read(counted), features, told["emotions"], network)


def _of_outputs() -> ReferenceModel:
    if not paths.RUN.is_file():
        raise InputError(
            f"There is no champion, and {paths.RUN} is not there either. Run `dvc repro` first: it "
            "trains a model."
        )
    made = json.loads(paths.RUN.read_text(encoding="utf-8"))
    name = f"the model in {paths.MODEL.parent}"
    features = read_feature_map(made["feature_map"])
    return ReferenceModel(
        name, profile.read(paths.PROFILE), features, made["emotions"], paths.MODEL
    )
