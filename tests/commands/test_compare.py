"""`compare` reads two runs from a store and prints, or refuses with what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.commands.compare import PREDICTIONS, run
from pipeline.errors import InputError
from pipeline.evaluation.prediction_file import KEYS, write_predictions

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRUE = np.random.default_rng(0).random((40, 1)).astype(np.float32)
Make = Callable[..., str]


@pytest.fixture
def make(client: "MlflowClient", store: Path, tmp_path: Path) -> Make:
    """Return a function that records an evaluated run and gives its id."""
    place = (store / "mlruns" / "e").as_uri()
    experiment = client.create_experiment("e", artifact_location=place)

    def made(
        noise: float, *, evaluated: bool = True, name: str = "improved", **params: object
    ) -> str:
        run_id = str(client.create_run(experiment, run_name=name).info.run_id)
        for key, value in {"noise": noise, **params}.items():
            client.log_param(run_id, key, value)
        if evaluated:
            names = [f"S{i // 8}" for i in range(40)]
            keys = pa.table([names, names, np.arange(40)], names=KEYS)
            file = tmp_path / PREDICTIONS
            write_predictions(
                *(file, keys, ["joy"], TRUE, np.clip(TRUE + noise, 0, 1)),
                thresholds=0.5,
                positive_at=0.5,
            )
            client.log_artifact(run_id, str(file), "evaluation")
        return run_id

    return made


@pytest.fixture(autouse=True)
def place(workspace: object) -> None:
    """Be in a folder with parameters."""


def compare(first: str, second: str, html: Path | None = None) -> None:
    run(first, second, html)


def test_prints_the_comparison_and_writes_a_page(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make(0.3), make(0.1)
    compare(first, second, tmp_path / "page.html")
    out = capsys.readouterr().out
    assert out.startswith(f"improved {second[:8]} against improved {first[:8]}\n")
    assert "mean absolute error" in out
    assert "noise" in out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert first in page
    assert "<svg" in page


def test_runs_of_other_names_keep_them(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    compare(make(0.3, name="old"), make(0.1, name="new"))
    assert capsys.readouterr().out.startswith("new against old\n")


def test_intervals_are_drawn_as_params_yaml_says(
    make: Make,
    workspace: Callable[[dict[str, Any]], Path],
    tree: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs, told = (make(0.3, name="old"), make(0.1, name="new")), []
    for change in ({"resamples": 200}, {}, {"seed": 8}, {"confidence": 0.5}):
        tree["evaluate"] |= change
        workspace(tree)
        compare(*runs)
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert told[1] != told[2]
    assert "50% interval" in told[3]


def test_what_both_names_say_is_left_out(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    own = {"train.seed": 7, "data.path": "mine", "data.naming": "ours"}
    first = make(0.3, name="improved data.path=mine (one)", **own)
    name = "improved seed=8 data.path=mine data.naming=ours +1 more (two)"
    compare(first, make(0.1, name=name, **own | {"train.seed": 8}))
    assert capsys.readouterr().out.startswith("improved seed=8 (two) against improved (one)\n")


def test_refuses_one_run_by_two_names(make: Make) -> None:
    only = make(0.3, name="only")
    with pytest.raises(InputError, match=f"only and {only[:8]} are one run, {only}: name two"):
        compare("only", only[:8])


def test_refuses_a_run_without_test_predictions(make: Make) -> None:
    with pytest.raises(InputError, match=r"holds no evaluation/test_predictions\.parquet"):
        compare(make(0.3), make(0.1, evaluated=False))


def test_refuses_an_unknown_run_and_lists_the_latest(make: Make) -> None:
    known = make(0.3)
    with pytest.raises(InputError, match=f"(?s)The latest:.*{known} .*improved"):
        compare(known, "unknown")
