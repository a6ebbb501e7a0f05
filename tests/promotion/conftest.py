"""A store with nothing in it, the parameters, and a way to record candidates."""

from collections.abc import Callable
from pathlib import Path

import pytest
from candidates import EXPERIMENT, make_candidate

from pipeline import params
from pipeline.schema import Params
from pipeline.tracking.registry import Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def settings() -> Params:
    """Give the repository's parameters."""
    return params.load(ROOT / "params.yaml")


@pytest.fixture
def candidate(store: Path, tmp_path: Path) -> Callable[..., str]:
    """Return a function that records a run which predicts this, and gives its key."""
    return lambda predicted, **options: make_candidate(tmp_path / "made", predicted, **options)


@pytest.fixture
def registry(client, settings) -> Registry:
    """Give the registry of the test's store."""
    from pipeline.tracking.delivery import open_store

    own, experiment_id = open_store(EXPERIMENT)
    return Registry(own, experiment_id, settings.promote.model)
