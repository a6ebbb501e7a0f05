"""What stands ready when the work of the stages train and evaluate begins."""

import sys
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline.report.figures import rendering
from pipeline.stages import evaluate, train


class BegunError(Exception):
    """The stage has come to its work."""


def _blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_mlflow_loads_beside_and_blas_has_one_thread(workspace, tree, monkeypatch):
    from pipeline.stages.steps import evaluating

    seen: list[Any] = []

    def begin(*_: object) -> None:
        seen.append(_blas_threads())
        raise BegunError

    workspace(tree)
    monkeypatch.setattr(rendering, "cpu_count", lambda: 1)
    monkeypatch.setattr(evaluate, "get_ready", lambda: seen.append("sender"))
    monkeypatch.setattr(evaluating, "evaluate", begin)
    with threadpool_limits(2, user_api="blas"):
        assert set(_blas_threads()) == {2}  # whatever the environment says
        with pytest.raises(BegunError):
            evaluate.main()
    assert seen[0] == "sender"
    assert set(seen[1]) == {1}


def test_mlflow_loads_beside_before_tensorflow_does(workspace, tree, monkeypatch):
    def begin() -> None:
        raise BegunError

    workspace(tree)
    monkeypatch.setattr(train, "get_ready", begin)
    monkeypatch.setitem(sys.modules, "pipeline.stages.steps.training", None)  # would be imported
    with pytest.raises(BegunError):
        train.main(fresh=False)
