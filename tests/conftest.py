"""What every test may use: real recordings, the repository's parameters, MLflow stores."""

import copy
import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from server import experiment, faulty, server  # noqa: F401  # fixtures of every test
from stores import client, isolate, migrated, root, store  # noqa: F401
from throwaway import PARAMS

gc.set_threshold(50_000)  # a worker holds millions of objects that all stay

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
CASES = REAL.with_name("cases")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real recordings; they are not part of this repository."""
    if not REAL.is_dir():
        pytest.skip(f"the real recordings are not on this machine ({REAL.name} folder is absent)")
    return REAL


@pytest.fixture(scope="session")
def cases() -> Path:
    """Give the folder of inputs that went wrong once; they are not part of this repository."""
    if not CASES.is_dir():
        pytest.skip(f"the inputs are not on this machine ({CASES.name} folder is absent)")
    return CASES


@pytest.fixture
def tree() -> dict[str, Any]:
    """Give the content of params.yaml, to change at will."""
    return copy.deepcopy(_parsed())


@cache
def _parsed() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PARAMS.read_text())
    return loaded


@pytest.fixture
def workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: dict[str, Any]
) -> Callable[[dict[str, Any]], Path]:
    """Enter an empty folder; `workspace(tree)` writes its params.yaml."""
    monkeypatch.chdir(tmp_path)

    def write(changed: dict[str, Any]) -> Path:
        text = yaml.dump(changed, Dumper=yaml.CSafeDumper, sort_keys=False)  # hundreds do
        (tmp_path / "params.yaml").write_text(text)
        return tmp_path

    write(tree)
    return write
