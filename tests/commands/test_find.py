"""What MLflow calls a model: of the run that is meant, else of the champion, else of outputs/."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from candidates import guesses, log_candidate
from throwaway import PARAMS

from pipeline.commands import find, promote
from pipeline.errors import InputError
from pipeline.settings import params, paths
from pipeline.tracking.open_runs import evaluation_run, training_run
from pipeline.tracking.registry.registry import open_registry


def record(folder: Path, name: str, predicted: np.ndarray) -> str:
    with training_run("au-emotion", name, {}, {}) as run:
        log_candidate(run, folder, predicted)
    return run.key


def address(capsys: pytest.CaptureFixture[str], meant: str | None = None) -> str:
    find.run(meant, address=True)
    return capsys.readouterr().out.strip()


def test_names_the_model_of_the_run_the_champion_or_outputs(store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(store)
    Path("params.yaml").write_text(PARAMS.read_text())
    one, two = (record(tmp_path, name, guesses([0.5, 0.5])) for name in ("one", "two"))
    paths.RUN.parent.mkdir(parents=True)
    paths.RUN.write_text(json.dumps({"run": two}))
    of_two = address(capsys)
    assert of_two.startswith("models:/m-")
    assert address(capsys, "two") == of_two != address(capsys, "one")
    chosen = params.load()
    with open_registry(chosen.tracking.experiment, chosen.promote.model) as registry:
        registry.crown(registry.register(one, {}), None)
    assert address(capsys) == address(capsys, "one")
    for threshold in (0.5, 0.3):
        with evaluation_run("au-emotion", one, {"evaluate.threshold": threshold}):
            pass
    for command in (partial(find.run, address=True), partial(promote.run, dry_run=True)):
        with pytest.raises(InputError, match=r"another evaluation of the model of run \w+: name"):
            command("one evaluated anew")
    with training_run("au-emotion", "bare", {}, {}):
        pass
    with pytest.raises(InputError, match=r"run bare \(\w+\) has logged no model"):
        address(capsys, "bare")
