import pytest
from throwaway import PARAMS

from pipeline.settings import params
from pipeline.settings.schema import Params


@pytest.fixture
def settings() -> Params:
    return params.load(PARAMS)


@pytest.fixture
def quick(settings: Params) -> Params:
    """The repository's parameters with a small network and one epoch."""
    recipe = settings.chosen.model_copy(update={"hidden": (4,), "dropout": (0.1,), "epochs": 1})
    recipes = settings.recipes | {settings.recipe: recipe}
    return settings.model_copy(update={"recipes": recipes})
