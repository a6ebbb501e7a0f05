"""A store per test: one database is migrated a session and copied, which takes 0.1 s, not 7.

Fixtures that tests/conftest.py hands out to every test.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.tracking.store.connection import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

Isolate = Callable[[pytest.MonkeyPatch, Path], None]


@pytest.fixture(scope="session")
def isolate() -> Isolate:
    """Return a function that makes a folder the main repository, whatever the surroundings say."""

    def isolated(patch: pytest.MonkeyPatch, folder: Path) -> None:
        # Set before it is deleted, so that what MLflow writes there is undone after the test.
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.delenv("MLFLOW_TRACKING_URI")
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "DVC_EXP_NAME"):
            patch.delenv(name, raising=False)
        patch.setenv("DVC_ROOT", str(folder))

    return isolated


@pytest.fixture(scope="session")
def migrated(isolate: Isolate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with all tables."""
    root = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, root)
        connect("template")
    return root / "mlflow.db"


@pytest.fixture
def root(isolate: Isolate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty main repository, by DVC_ROOT, whose path holds a blank."""
    folder = tmp_path / "main repository"
    folder.mkdir()
    isolate(monkeypatch, folder)
    return folder


@pytest.fixture
def store(root: Path, migrated: Path) -> Path:
    """Return a main repository with a migrated, empty store."""
    shutil.copy(migrated, root / "mlflow.db")
    return root


@pytest.fixture
def client(store: Path) -> "MlflowClient":
    """Return a client of the store that the test writes to."""
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
