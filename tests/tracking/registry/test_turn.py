"""Turns at changing the champion, as a server gives them; on SQLite by the same client."""

import threading
import time

import pytest

from pipeline.errors import InputError
from pipeline.tracking.registry import turn as module
from pipeline.tracking.registry.turn import _Turn, exclusive


@pytest.fixture
def turn(client, monkeypatch):
    """Return a function that gives somebody's turn, and be impatient."""
    monkeypatch.setattr(module, "_LOOK_AGAIN", 0.02)
    return lambda token: _Turn(client, "model-turn", token)


def test_the_second_waits_for_the_first(turn):
    first, second = turn("a"), turn("b")
    first.take()
    order = []
    waiting = threading.Thread(target=lambda: (second.take(), order.append("second")))
    waiting.start()
    time.sleep(0.2)
    order.append("first ends")
    first.end()
    waiting.join(20)
    assert order == ["first ends", "second"]
    second.check()


def test_a_dead_holder_is_passed_over_and_finds_out_if_it_only_slept(turn, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    slow, quick = turn("a"), turn("b")
    slow.take()
    quick.take()
    with pytest.raises(InputError, match="Another process changes who is champion"):
        slow.check()
    slow.end()
    quick.check()


def test_the_answer_to_its_own_making_may_be_lost(turn, client, monkeypatch):
    from mlflow.exceptions import MlflowException

    make = client.create_registered_model

    def lost(*arguments):
        make(*arguments)
        raise MlflowException("the connection broke off")

    own = turn("a")
    monkeypatch.setattr(client, "create_registered_model", lost)
    own.take()
    own.check()


def test_a_holder_that_ends_while_the_server_looks_at_it_is_no_failure(turn, client, monkeypatch):
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

    make, answers = client.create_registered_model, iter([True, False])

    def gone(*arguments):
        if next(answers):
            raise MlflowException("model-turn not found", RESOURCE_DOES_NOT_EXIST)
        make(*arguments)

    own = turn("a")
    monkeypatch.setattr(client, "create_registered_model", gone)
    own.take()
    own.check()


def test_a_failing_store_is_no_turn(turn, client, monkeypatch):
    from mlflow.exceptions import MlflowException

    def refuse(*_):
        raise MlflowException("full")

    monkeypatch.setattr(client, "create_registered_model", refuse)
    with pytest.raises(MlflowException, match="full"):
        turn("a").take()


def test_on_sqlite_it_is_a_lock_of_the_system(client, store):
    with exclusive(client, "au-emotion") as still_ours:
        still_ours()
        assert (store / "mlruns/.au-emotion.turn").exists()
        assert client.search_registered_models() == []
    with exclusive(client, "au-emotion"):
        pass


def test_a_server_holds_it_for_the_block_alone(client, monkeypatch):
    monkeypatch.setattr(module, "tracking_uri", lambda: "http://127.0.0.1:9")
    with exclusive(client, "au-emotion") as still_ours:
        still_ours()
        (held,) = client.search_registered_models()
        assert held.name == "au-emotion-turn"
    assert client.search_registered_models() == []
