import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pipeline.commands import relocate as command
from pipeline.errors import InputError
from pipeline.tracking.store.connection import connect
from pipeline.tracking.store.relocation import COLUMNS, mend

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL = """\
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

class Twice(PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.DataFrame:
        return model_input * 2

set_model(Twice())
"""


@pytest.fixture
def filled(store: Path, client: "MlflowClient", tmp_path: Path) -> SimpleNamespace:
    """A store with a run, its artifact, its model, and a registered version of it."""
    import mlflow
    import pandas as pd

    experiment = connect("odd name")
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "found", "notes/note.txt")
    script = tmp_path / "twice.py"
    script.write_text(MODEL)
    with mlflow.start_run(run_id=run):
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(script),
            input_example=pd.DataFrame({"a": [1.0]}),
            pip_requirements=[],
        )
    client.create_registered_model("twice")
    client.create_model_version("twice", logged.model_uri)
    location = client.get_logged_model(logged.model_id).artifact_location
    client.create_model_version("twice", location)
    connect("empty")
    return SimpleNamespace(root=store, run=run, model=logged.model_uri)


def look(root: Path, run: str) -> "tuple[list[str], MlflowClient]":
    """List a run's artifacts as MLflow sees them from a store in this folder."""
    import mlflow

    uri = f"sqlite:///{root / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(uri)
    return [item.path for item in client.list_artifacts(run, "notes")], client


def every_text(database: Path) -> list[str]:
    """Give every text of every table."""
    with closing(sqlite3.connect(database)) as opened:
        tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = [row for (name,) in tables for row in opened.execute(f'SELECT * FROM "{name}"')]
    return [text for row in rows for text in row if isinstance(text, str)]


def test_after_a_move_artifacts_are_listed_and_models_load(filled: SimpleNamespace) -> None:
    import mlflow
    import pandas as pd

    new = filled.root.with_name("moved % here")
    filled.root.rename(new)
    listed, _ = look(new, filled.run)
    assert listed == []
    assert len(mend(new / "mlflow.db")) == 7
    listed, client = look(new, filled.run)
    assert listed == ["notes/note.txt"]
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    for uri in (filled.model, "models:/twice/1", "models:/twice/2"):
        assert mlflow.pyfunc.load_model(uri).predict(frame)["a"].tolist() == [2.0, 4.0]
    # Nothing of the old place is left, and what is logged from now on goes to the new one.
    assert not [text for text in every_text(new / "mlflow.db") if str(filled.root) in text]
    empty = client.get_experiment_by_name("empty")
    client.log_text(client.create_run(empty.experiment_id).info.run_id, "new", "note.txt")
    assert not filled.root.exists()
    assert len(mend(new / "mlflow.db")) == 0


def test_a_copy_stands_on_its_own_feet(filled: SimpleNamespace) -> None:
    copy = filled.root.with_name("copy")
    shutil.copytree(filled.root, copy)
    before = every_text(filled.root / "mlflow.db")
    assert len(mend(copy / "mlflow.db")) == 7
    shutil.rmtree(filled.root / "mlruns")
    assert look(copy, filled.run)[0] == ["notes/note.txt"]
    assert every_text(filled.root / "mlflow.db") == before


def test_paths_are_left_where_the_files_are_not_beside_the_store(filled: SimpleNamespace) -> None:
    new = filled.root.with_name("new")
    new.mkdir()
    shutil.copy(filled.root / "mlflow.db", new)
    before = every_text(new / "mlflow.db")
    assert len(mend(new / "mlflow.db")) == 0
    assert every_text(new / "mlflow.db") == before


def test_what_was_lost_is_left_and_named(filled: SimpleNamespace) -> None:
    with closing(sqlite3.connect(filled.root / "mlflow.db")) as database:
        database.execute("UPDATE runs SET artifact_uri = '/gone/mlruns/1/a/artifacts'")
        database.commit()
    new = filled.root.with_name("new")
    filled.root.rename(new)
    lines = command.describe(new / "mlflow.db")
    moved = [line for line in lines if line.endswith(f" of {filled.root / 'mlruns'}")]
    assert moved[0] == f"experiments.artifact_location: 2 of {filled.root / 'mlruns'}"
    assert any(line.startswith("changed 6 paths") for line in lines)
    assert lines[-1].endswith("runs.artifact_uri /gone/mlruns/1/a/artifacts")


def test_all_or_nothing_is_changed(filled: SimpleNamespace) -> None:
    new = filled.root.with_name("new")
    filled.root.rename(new)
    with closing(sqlite3.connect(new / "mlflow.db")) as database:
        database.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON logged_models BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        database.commit()
    before = every_text(new / "mlflow.db")
    with pytest.raises(InputError, match="read and written is needed"):
        mend(new / "mlflow.db")
    assert every_text(new / "mlflow.db") == before


def test_a_link_to_the_store_changes_nothing(filled: SimpleNamespace) -> None:
    link = filled.root.with_name("link")
    link.symlink_to(filled.root)
    assert len(mend(link / "mlflow.db")) == 0


def test_the_command_says_that_all_is_well(filled: SimpleNamespace) -> None:
    database = filled.root / "mlflow.db"
    assert command.describe(database) == [f"nothing to change in {database}"]


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://me:secret@host", "The MLflow store is http://host"),
        ("sqlite:////no/a.db", "not there"),
    ],
)
def test_the_command_needs_a_local_store(
    monkeypatch: pytest.MonkeyPatch, uri: str, said: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(InputError, match=said):
        command.run()


def test_without_a_store_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert len(mend(tmp_path / "mlflow.db")) == 0
    (tmp_path / "mlflow.db").touch()  # another process is about to create its tables
    assert len(mend(tmp_path / "mlflow.db")) == 0


def test_the_columns_are_all_that_mlflow_has(migrated: Path) -> None:
    """A new MLflow may keep paths elsewhere, too: look at each new column of such a name."""
    without_paths = {  # addresses in the net, or names of what made something
        *("runs.source_name", "mcp_server_versions.source", "mcp_access_endpoints.url"),
        *("webhooks.url", "evaluation_dataset_records.source", "datasets.dataset_source"),
        *("issues.root_causes", "skill_versions.source", "skill_versions.subpath"),
    }
    words = ("uri", "location", "source", "path", "url", "root")
    with closing(sqlite3.connect(migrated)) as database:
        found = database.execute(
            "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c "
            "WHERE t.type = 'table'"
        ).fetchall()
    suspect = {
        name
        for (name,) in found
        if any(word in name.split(".")[1] for word in words)
        and not name.endswith(("_id", "_type", "_version"))
    }
    known = {f"{table}.{column}" for table, column, _ in COLUMNS} - {"trace_tags.value"}
    assert suspect - without_paths == known


def test_looking_costs_little(filled: SimpleNamespace) -> None:
    with closing(sqlite3.connect(filled.root / "mlflow.db")) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(runs)")]
        own = ", ".join(f"hex(randomblob(16)) || {c}" if c == "run_uuid" else c for c in columns)
        for _ in range(11):
            database.execute(f"INSERT INTO runs SELECT {own} FROM runs")
        database.commit()

    def once() -> float:
        start = time.perf_counter()
        assert len(mend(filled.root / "mlflow.db")) == 0
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.02  # with 2,048 runs


def test_mlflow_is_not_loaded(tmp_path: Path) -> None:
    code = "import sys, pipeline.tracking.store.relocation; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_trace_follows(filled: SimpleNamespace) -> None:
    with closing(sqlite3.connect(filled.root / "mlflow.db")) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        location = (filled.root / "mlruns/odd_name/traces/tr-1/artifacts").as_uri()
        database.executemany(
            "INSERT INTO trace_tags (key, value, request_id) VALUES (?, ?, 'tr-1')",
            [("mlflow.artifactLocation", location), ("note", location)],
        )
        database.commit()
    new = filled.root.with_name("new")
    filled.root.rename(new)
    changed = {move.stored.column for move in mend(new / "mlflow.db")}
    assert "value" in changed
    texts = every_text(new / "mlflow.db")
    assert location in texts  # a note is a person's own text
    assert location.replace("main%20repository", "new") in texts
