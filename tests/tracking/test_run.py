import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from patience import wait_for

from pipeline.tracking.open_runs import training_run
from pipeline.tracking.outbox.entries import PARAM_LENGTH
from pipeline.tracking.outbox.journal import waiting
from pipeline.tracking.run import DataSet, Run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Stored

EXPERIMENT = "au emotion/test"


@pytest.fixture
def run(store: Path) -> Iterator[Run]:
    with training_run(EXPERIMENT, "a run", {}, {}) as opened:
        yield opened


def arrived(run: Run) -> str:
    """Wait until the store has all that was logged; return the run's id."""
    wait_for(lambda: run.id and not waiting(run.journal))
    assert run.id
    return run.id


def stored(client: "MlflowClient", run: Run) -> "Stored":
    return client.get_run(arrived(run))


def text_of(client: "MlflowClient", run: Run, name: str) -> str:
    return Path(client.download_artifacts(arrived(run), name)).read_text(encoding="utf-8")


def test_metrics_keep_value_and_step(run: Run, client: "MlflowClient") -> None:
    for epoch in (1, 2, 3):
        run.log_metrics({"loss": 1 / epoch, "val/f1/joy": epoch / 10}, step=epoch)
    history = client.get_metric_history(arrived(run), "val/f1/joy")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert stored(client, run).data.metrics == {"loss": 1 / 3, "val/f1/joy": 0.3}


def test_more_metrics_than_a_call_takes_are_all_stored(run: Run, client: "MlflowClient") -> None:
    run.log_metrics({f"m{number}": number for number in range(1001)})
    assert len(stored(client, run).data.metrics) == 1001


def test_more_params_than_a_call_takes_are_all_stored(run: Run, client: "MlflowClient") -> None:
    run.log_params({f"p{number}": number for number in range(101)})
    params = stored(client, run).data.params
    assert len(params) == 101
    assert params["p100"] == "100"


def test_too_long_a_param_is_shortened_and_kept_whole_as_text(
    run: Run, client: "MlflowClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")  # MLflow would raise by itself
    value = [0] * PARAM_LENGTH
    run.log_params({"label.rules": value, "short": "x"})
    params = stored(client, run).data.params
    assert len(params["label.rules"]) == PARAM_LENGTH
    assert params["label.rules"].endswith("…")
    assert text_of(client, run, "params/label.rules.txt") == str(value)
    assert [file.path for file in client.list_artifacts(arrived(run), "params")] == [
        "params/label.rules.txt"
    ]


def test_odd_keys_and_long_values_of_tags_are_storable(run: Run, client: "MlflowClient") -> None:
    run.set_tags({"md5.données/a(1)*.csv": "1", "long": "x" * 9000, "k" * 300: "2"})
    tags = stored(client, run).data.tags
    assert tags["md5.données/a_1__.csv"] == "1"
    assert len(tags["long"]) == 8000
    assert tags["k" * 250] == "2"


def test_texts_mappings_and_files_become_artifacts(
    run: Run, client: "MlflowClient", tmp_path: Path
) -> None:
    (tmp_path / "report.md").write_text("# Report", encoding="utf-8")
    run.log_text("- a\n+ b\n", "git/changes.patch")
    run.log_dict({"joy": 1.5}, "class_weights.json")
    run.log_file(tmp_path / "report.md")
    run.log_file(tmp_path / "report.md", "evaluation")
    assert text_of(client, run, "git/changes.patch") == "- a\n+ b\n"
    assert json.loads(text_of(client, run, "class_weights.json")) == {"joy": 1.5}
    assert text_of(client, run, "report.md") == "# Report"
    assert text_of(client, run, "evaluation/report.md") == "# Report"


def test_table_is_listed_and_read_back_by_mlflow(run: Run, client: "MlflowClient") -> None:
    table = pd.DataFrame({"clip": ["S01_a", "S02_b"], "joy": [0.25, 0.5]}, index=[7, 8])
    run.log_table(table, "tables/means")
    run.log_table(table, "tables/others")
    loaded = client.load_table(stored(client, run).info.experiment_id, "tables/means.json")
    pd.testing.assert_frame_equal(loaded, table.reset_index(drop=True), check_dtype=False)
    listed = json.loads(stored(client, run).data.tags["mlflow.loggedArtifacts"])
    assert listed == [
        {"path": "tables/means.json", "type": "table"},
        {"path": "tables/others.json", "type": "table"},
    ]


def test_table_logged_again_replaces_the_first(run: Run, client: "MlflowClient") -> None:
    for value in (0.25, 0.75):
        run.log_table(pd.DataFrame({"joy": [value]}), "means")
    assert json.loads(text_of(client, run, "means.json")) == {"columns": ["joy"], "data": [[0.75]]}
    assert len(json.loads(stored(client, run).data.tags["mlflow.loggedArtifacts"])) == 1


def test_data_set_keeps_digest_context_rows_and_columns(run: Run, client: "MlflowClient") -> None:
    digest = "d41d8cd98f00b204e9800998ecf8427e.dir"
    columns = {"clip": "str", "AU01_r": "float32"}
    path = Path("outputs/prepare/frames.parquet")
    run.log_dataset(DataSet("training", digest), path, 1200, columns)
    [used] = stored(client, run).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("frames for training", digest)
    assert [(tag.key, tag.value) for tag in used.tags] == [("mlflow.data.context", "training")]
    assert json.loads(used.dataset.source) == {"uri": "outputs/prepare/frames.parquet"}
    assert json.loads(used.dataset.profile) == {"num_rows": 1200}
    assert json.loads(used.dataset.schema)["mlflow_colspec"] == [
        {"name": "clip", "type": "string", "required": True},
        {"name": "AU01_r", "type": "float", "required": True},
    ]
