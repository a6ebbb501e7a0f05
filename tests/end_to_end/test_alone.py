"""A logged model serves with its own requirements alone, from another folder."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exportable import KINDS, save_network
from faulty import free_port
from patience import wait_for
from small_model import COLUMNS, EMOTIONS, frames_of

from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.store.logged_model import model_of


def new_environment(folder: Path, requirements: Path) -> Path:
    """Make an environment with what a file lists and nothing else; give its programs' folder."""
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", folder], check=True)
    programs = folder / "bin"
    install = [programs / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", requirements], check=True)
    return programs


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ping", timeout=60) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


@pytest.mark.soak  # installs MLflow anew; quickly, in this environment: test_same_numbers.py
def test_a_fresh_environment_serves_the_numbers_of_this_one(store: Path, tmp_path: Path) -> None:
    import mlflow.artifacts
    import mlflow.pyfunc

    model = save_network(tmp_path, KINDS["calibrated"]())
    rows = frames_of("AB", 3, 5).to_pandas().astype({"subject": str, "clip": str})
    with training_run("au-emotion", "train", {}, {}) as run:
        run.log_model(model.network, model.features, EMOTIONS, rows[list(COLUMNS)].head(2), step=1)
    client, _ = open_store("au-emotion")
    uri = f"models:/{model_of(client, run.id)}"
    here = mlflow.pyfunc.load_model(uri).predict(rows)
    elsewhere = tmp_path / "elsewhere"
    folder = mlflow.artifacts.download_artifacts(uri, dst_path=str(elsewhere / "model"))
    programs = new_environment(tmp_path / "env", Path(folder) / "requirements.txt")
    port = free_port()
    own = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(elsewhere)}
    serve = [programs / "mlflow", "models", "serve", "--env-manager", "local", "-m", folder]
    process = subprocess.Popen(
        [*serve, "--host", "127.0.0.1", "--port", str(port)],
        cwd=elsewhere,
        env=own | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(address), over=lambda: process.poll() is not None)
        request = urllib.request.Request(
            f"{address}/invocations",
            rows.to_csv(index=False).encode(),
            {"Content-Type": "text/csv"},
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            found = pd.DataFrame(json.load(answer)["predictions"])
    finally:
        os.killpg(process.pid, 15)
        process.wait()
        shutil.rmtree(tmp_path / "env")  # pytest would keep it
    np.testing.assert_allclose(found[list(EMOTIONS)], here[list(EMOTIONS)], rtol=0, atol=1e-5)
