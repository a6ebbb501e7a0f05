"""What a store will never take is told from what it cannot take now."""

import errno
import os
from types import SimpleNamespace

import pytest

from pipeline.tracking.store.faults import refuses

FOR_GOOD = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED")
FOR_NOW = (
    *("TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_CONFLICT", "ABORTED"),
    *("PERMISSION_DENIED", "UNAUTHENTICATED", "DEADLINE_EXCEEDED"),
)


def of_code(code: str, text: str = "") -> Exception:
    import mlflow.protos.databricks_pb2 as codes
    from mlflow.exceptions import MlflowException

    return MlflowException(text, getattr(codes, code))


def of_artifact(status: int) -> Exception:
    from requests import HTTPError

    error = HTTPError("no")
    error.response = SimpleNamespace(status_code=status)
    return error


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("code", FOR_GOOD + FOR_NOW)
def test_word_of_mlflow(code: str, local: bool) -> None:
    assert refuses(of_code(code), local=local) == (code in FOR_GOOD)


@pytest.mark.parametrize(
    ("status", "for_good"),
    [(400, 1), (413, 1), (422, 1), (501, 1), (401, 0), (403, 0), (408, 0), (429, 0), (502, 0)],
)
def test_status_of_an_answer(status: int, for_good: bool) -> None:
    text = f"API request to endpoint /a failed with error code {status} != 200. Response body: ''"
    assert refuses(of_code("INTERNAL_ERROR", text), local=False) == bool(for_good)
    assert refuses(of_artifact(status), local=False) == bool(for_good)


def test_fault_of_its_own_passes_on_a_server_alone() -> None:
    """On a local store that is MLflow's code in this process, which does the same each time."""
    assert not refuses(of_code("INTERNAL_ERROR", "'NoneType' object"), local=False)
    assert refuses(of_code("INTERNAL_ERROR", "'NoneType' object"), local=True)
    assert not refuses(of_code("INTERNAL_ERROR", "database is locked"), local=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ECONNREFUSED, errno.EIO])
def test_disk_and_network_pass(number: int) -> None:
    assert not refuses(OSError(number, os.strerror(number)), local=True)


def test_what_mlflow_cannot_ask_is_refused_but_for_a_lack_of_memory() -> None:
    assert refuses(TypeError("no text"), local=True)
    assert not refuses(MemoryError(), local=True)
