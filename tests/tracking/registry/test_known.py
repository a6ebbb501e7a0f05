"""Whether the store in use knows the run of a model that came from elsewhere."""

import pytest

from pipeline.errors import InputError
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.registry.registry import is_known

ELSEWHERE = "1796000000000-aaaaaaaaaaaa"


@pytest.fixture
def key(client):
    with training_run("experiment", "a run", {}, {}) as run:
        return run.key


def test_a_run_is_known_by_its_journal_or_by_the_store(key, store, tmp_path, monkeypatch):
    assert is_known("experiment", "model", key)
    assert not is_known("experiment", "model", ELSEWHERE)
    monkeypatch.setattr(
        "pipeline.tracking.registry.registry.journals_folder", lambda: tmp_path / "of another clone"
    )
    assert is_known("experiment", "model", key)


def test_a_store_that_is_away_is_an_error_of_one_kind(monkeypatch, client):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match="Start or mend it"):
        is_known("experiment", "model", ELSEWHERE)
