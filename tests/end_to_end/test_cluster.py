"""The recipe of docs/prediction.md for a cluster, on two worker processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from exportable import KINDS, save_network
from small_model import COLUMNS, EMOTIONS, frames_of

from pipeline.commands.using import predict
from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.courier import open_store
from pipeline.tracking.store.logged_model import model_of

PAGE = Path(__file__).resolve().parents[2] / "docs/prediction.md"
KEYS = ["subject", "clip", "frame"]


def recipe(model: str) -> str:
    """Take the program from the page, for another model."""
    section = PAGE.read_text().partition("## On a cluster")[2]
    [program] = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    address = "models:/au-emotion@champion"
    assert address in program
    return program.replace(address, model)


def sorted_by_keys(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(dict.fromkeys(KEYS[:2], str)).sort_values(KEYS, ignore_index=True)


def test_two_workers_give_the_numbers_of_the_command(store, workspace, tree, tmp_path):
    model = save_network(tmp_path, KINDS["calibrated"]())
    folder = workspace(tree) / "frames"
    folder.mkdir()
    # Each person's clips stand in several files.
    frames = frames_of("ABCDE", 4, 7).to_pandas().astype({"subject": str, "clip": str})
    for part in range(4):
        frames[frames.index % 4 == part].to_parquet(folder / f"{part}.parquet")
    predict.run([folder], Path("command.parquet"), model=str(model.network))
    with training_run("au-emotion", "train", {}, {}) as run:
        example = frames[list(COLUMNS)].head(2)
        run.log_model(model.network, model.features, EMOTIONS, example, step=1)
    client, _ = open_store("au-emotion")
    Path("recipe.py").write_text(recipe(f"models:/{model_of(client, run.id)}"))
    uri = {"MLFLOW_TRACKING_URI": f"sqlite:///{store / 'mlflow.db'}"}
    subprocess.run([sys.executable, "recipe.py"], env=os.environ | uri, check=True)
    found = sorted_by_keys(pq.read_table("emotions").to_pandas())
    wanted = sorted_by_keys(pd.read_parquet("command.parquet"))
    assert found[KEYS].equals(wanted[KEYS])
    assert len(found) == 5 * 4 * 7
    for name in EMOTIONS:
        np.testing.assert_allclose(found[name], wanted[f"predicted/{name}"], rtol=0, atol=1e-6)
        assert found[name].std() > 0.02
