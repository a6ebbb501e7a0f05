"""Run the pipeline, run it again, touch one input, and see that just what must run runs."""

import json
import shutil

import pandas as pd
import pytest
from end_to_end.conftest import locked
from throwaway import commit, run, set_params
from tracer import reads, trace
from wiring import stages

from pipeline.evaluation.prediction_file import read_predictions

ALL = ["demo/dvc.yaml:demo", "prepare", "label", "weigh", "train", "evaluate"]
STAGES = stages()


RUNS = """
import json
from pathlib import Path
from mlflow import MlflowClient
client = MlflowClient("sqlite:///mlflow.db")
found = client.search_runs([client.get_experiment_by_name("au-emotion").experiment_id])
print(json.dumps([{
    "id": run.info.run_id,
    "status": run.info.status,
    "params": run.data.params,
    "metrics": run.data.metrics,
    "tags": run.data.tags,
    "dataset": next((entry.dataset.digest for entry in run.inputs.dataset_inputs), None),
    "epochs": sorted(m.step for m in client.get_metric_history(run.info.run_id, "epoch/val_loss")),
    "test_rows": json.loads(Path(client.download_artifacts(
        run.info.run_id, "provenance/test_rows.json")).read_text()),
    "artifacts": [artifact.path for artifact in client.list_artifacts(run.info.run_id)],
} for run in found]))
"""


@pytest.fixture(scope="module", autouse=True)
def traced(clone):
    trace(clone)
    commit(clone, "traced")


def runs_of(clone):
    return json.loads(run(clone, "python", "-c", RUNS).stdout.splitlines()[-1])


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_runs_every_stage_and_writes_what_it_promises(clone, repro):
    assert repro() == ALL
    made = json.loads((clone / "outputs/train/run.json").read_text())
    assert made["emotions"] == ["happiness", "anger", "sadness", "guilt", "fear", "anxiety"]
    account = json.loads((clone / "outputs/prepare/prepare.json").read_text())
    assert account["rows_read"] == account["rows_kept"] == 5 * 3 * 12
    means = pd.read_csv(clone / "outputs/evaluate/mean_predictions.csv")
    assert means["split"].value_counts().to_dict() == {"train": 6, "val": 6, "test": 6}
    assert (means["difference"] - (means["mean_predicted"] - means["mean_true"])).abs().max() < 1e-6
    scores = json.loads((clone / "outputs/evaluate/metrics.json").read_text())
    assert set(scores["test"]["tuned"]) == {
        "network",
        "constant",
        "logistic regression",
        "rule without gate",
    }
    # Five subjects leave one for test: a score, and nothing to say about others.
    assert scores["intervals"]["subjects"] == 1
    found = scores["intervals"]["network"]["average_precision"]["macro"]
    assert (found["value"] > 0, found["low"], found["high"]) == (True, None, None)
    thresholds = json.loads((clone / "outputs/evaluate/thresholds.json").read_text())
    tuned = scores["test"]["tuned"]["network"]["emotion"]
    assert thresholds["thresholds"]["network"] == {k: v["threshold"] for k, v in tuned.items()}
    tables = clone / "outputs/evaluate/tables"
    seen = {"importance", "response", "disagreements", "audit", "audit_aus", "fitted_rules"}
    seen |= {"rule_and_network"}
    assert {path.stem for path in tables.glob("*.csv")} == seen
    assert (tables / "fitted_rules.yaml").is_file()
    report = (clone / "outputs/evaluate/report.md").read_text()
    for plot in (clone / "outputs/evaluate/plots").iterdir():
        assert f"plots/{plot.name}" in report
    assert "[try the model](try.html)" in report
    page = (clone / "outputs/evaluate/try.html").read_text()
    assert "mean of" in page
    for name, threshold in thresholds["thresholds"]["network"].items():
        assert f'{{"name": "{name}", "threshold": {threshold}}}' in page
    assert "no interval (one subject: nothing is known of others)" in report


def test_runs_nothing_again(repro):
    assert repro() == []


def test_the_run_holds_what_was_done(clone):
    (found,) = runs_of(clone)
    assert found["status"] == "FINISHED"
    assert found["params"]["recipe"] == "improved"
    assert found["params"]["train.learning_rate"] == "0.001"
    assert found["params"]["evaluate.threshold"] == "0.5"
    assert found["params"]["evaluate.tune.goal"] == "f1"
    metrics = found["metrics"]
    assert next(iter(metrics)) == "val/average_precision", "what the UI shows first"
    assert {"val/loss", "epoch/loss", "epoch/learning_rate", "epoch/best"} <= set(metrics)
    assert {"test/f1/fear", "labels/mean/fear", "test/gain/constant"} <= set(metrics)
    assert len(metrics) <= 60
    assert {name.split("/")[0] for name in metrics} == {"train", "val", "test", "epoch", "labels"}
    assert found["epochs"] == [1, 2]
    history = pd.read_csv(clone / "outputs/train/history.csv").set_index("epoch")
    kept = history.loc[history["val_loss"].idxmin()]
    assert metrics["val/loss"] == pytest.approx(kept["val_loss"])
    assert metrics["val/average_precision"] == pytest.approx(kept["val_average_precision"])
    summary = json.loads((clone / "outputs/evaluate/summary.json").read_text())
    assert summary["val"]["loss"] == pytest.approx(kept["val_loss"], abs=1e-6)
    assert summary["val"]["AP"] == pytest.approx(kept["val_average_precision"], abs=1e-4)
    own = {name for name in found["tags"] if not name.startswith("mlflow.")}
    wanted = {
        "pipeline.run",
        "git.commit",
        "git.branch",
        "git.dirty",
        "data.warnings",
        "batch_size",
    }
    assert own == wanted
    assert "few_subjects 1" in found["tags"]["data.warnings"]
    assert found["tags"]["git.dirty"] == "false"
    assert found["params"]["train.batch_size"] == "auto"
    assert found["tags"]["batch_size"] == "32"
    frames = locked(clone)["outputs/prepare/frames.parquet"]
    assert found["dataset"] == frames
    rows = read_predictions(clone / "outputs/evaluate/test_predictions.parquet").rows_hash
    assert found["test_rows"] == {"rows_hash": rows}
    assert {"evaluation", "labels", "data", "params", "provenance"} <= set(found["artifacts"])


def test_the_gate_finds_what_the_stages_recorded(clone):
    done = run(clone, "python", "-m", "pipeline", "promote", check=False)
    assert done.returncode == 4, done.stderr
    assert "BROKEN beats_constant: mean average precision" in done.stdout
    assert "no interval: one subject" in done.stdout
    verdict = json.loads((clone / "outputs/promote/verdict.json").read_text())
    assert (verdict["verdict"], verdict["subjects"], verdict["rows"]) == ("refused", 1, 3 * 12)


def test_evaluation_settings_rerun_evaluate_alone(clone, repro):
    set_params(clone, {"evaluate.threshold": 0.4})
    assert repro() == ["evaluate"]


def test_another_evaluation_is_a_run_below_the_first(clone):
    runs = runs_of(clone)
    (first,) = [found for found in runs if "mlflow.parentRunId" not in found["tags"]]
    (second,) = [found for found in runs if "mlflow.parentRunId" in found["tags"]]
    assert second["tags"]["mlflow.parentRunId"] == first["id"]
    assert second["params"]["evaluate.threshold"] == "0.4"
    assert second["metrics"]["test/auroc"] == first["metrics"]["test/auroc"]


def test_another_recipes_values_rerun_nothing(clone, repro):
    set_params(clone, {"recipes.baseline.epochs": 3, "recipes.baseline.divisors.anger": 1.9})
    assert repro() == []


def test_a_line_that_changes_no_output_reruns_its_own_stages(clone, repro):
    with (clone / "pipeline/data/card/label_distribution.py").open("a") as file:
        file.write("\n# a note\n")
    assert repro() == ["label"]


def test_a_seed_reruns_train(clone):
    set_params(clone, {"train.seed": 8})
    found = json.loads(run(clone, "dvc", "status", "--json").stdout)
    assert {name for name in found if not name.startswith("studies/")} == {"train"}
    set_params(clone, {"train.seed": 7})


def test_an_external_set_is_scored_by_a_stage_of_its_own(clone, repro):
    others = clone / "data/others"
    shutil.copytree(clone / "data/demo", others)
    clip = next(others.glob("AUs/*_aus.csv"))
    header, first, *rest = clip.read_text().splitlines()
    clip.write_text("\n".join([header, first.rsplit(",", 1)[0] + ",9", *rest, ""]))
    source = {"path": "data/others", "layout": "expression", "naming": "expression"}
    set_params(clone, {"external": {"others": source}})
    assert repro() == ["external@others"]
    found = json.loads((clone / "outputs/external/others/metrics.json").read_text())
    assert found["splits"]["test"]["frames"] == found["rows_kept"] == 5 * 3 * 12 - 1
    assert found["quarantined_by_reason"] == {"out_of_range": 1}
    (warned,) = [told for told in found["warnings"] if told["code"] == "seen_in_training"]
    assert 0 < warned["number"] < 5 * 3 * 12 - 1  # the demo's test people are new
    assert found["macro"]["network"]["auroc"]["value"] is not None
    runs = runs_of(clone)
    assert len(runs) == 2  # no run of its own
    value = found["macro"]["network"]["auroc"]["value"]
    (own,) = [run for run in runs if "external/others/auroc" in run["metrics"]]
    assert own["metrics"]["external/others/auroc"] == pytest.approx(value, abs=1e-6)
    assert own["params"]["external.others.layout"] == "expression"
    assert "external" in own["artifacts"]
    clip.unlink()
    assert "external@others" in run(clone, "dvc", "status").stdout


@pytest.mark.parametrize("stage", STAGES)
def test_params_list_every_value_that_a_stage_reads_and_no_other(clone, stage):
    listed = [
        key.replace("${recipe}", "improved")
        .replace("${data.naming}", "expression")
        .replace("${item.naming}", "expression")
        .replace("${key}", "others")
        for key in STAGES[stage]["params"]
    ]
    by = {
        key: [p for p in listed if key == p or key.startswith(f"{p}.")]
        for key in reads(clone, stage)
        # Where a run is filed, and where files are read, decides no output.
        if not key.startswith(("tracking.", "parallel."))
    }
    assert {key for key, params in by.items() if not params} == set()
    assert set(listed) - {param for params in by.values() for param in params} == set()


def test_a_source_line_reruns_its_stages(clone, repro):
    replace(clone / "pipeline/stages/weigh.py", "total / (2.0 *", "total / (3.0 *")
    assert repro("weigh") == ["weigh"]


def test_divisor_reruns_label_and_what_follows(clone, repro):
    set_params(clone, {"recipes.improved.divisors.anger": 1.1})
    assert repro("weigh") == ["label", "weigh"]
    assert "train" in json.loads(run(clone, "dvc", "status", "--json").stdout)


def test_training_starts_from_the_model_of_a_run(clone, repro):
    before = json.loads((clone / "outputs/train/run.json").read_text())
    run(clone, "python", "-m", "pipeline", "fetch", before["name"], "--out", "models/first")
    set_params(clone, {"train.start_from": "models/first"})
    assert repro("train") == ["train"]
    start = json.loads((clone / "outputs/train/run.json").read_text())["start"]
    assert start["folder"] == "models/first"
    assert start["action_units"] == {"taken": before["features"], "new": []}
    assert start["emotions"] == {"taken": before["emotions"], "new": []}
    assert start["warnings"] == []  # its test people are those of today
    assert len(list((clone / "mlruns").glob("**/provenance/start.json"))) == 1
