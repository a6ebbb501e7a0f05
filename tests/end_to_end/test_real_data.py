"""Run all stages on real recordings, chosen by parameters alone."""

import json

import pandas as pd
import pytest
import yaml
from end_to_end.conftest import stages_run
from throwaway import run

SOURCES = {
    "clips": ("ravdess/clips.csv", "table", 1_440, 24, 1_440),
    "frames": ("ravdess/frames", "openface", 33_493, 5, 300),
}
EMOTIONS = ["angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised"]


@pytest.mark.parametrize("source", SOURCES)
def test_human_labels_of_real_recordings(real_data, clone, source):
    path, layout, rows, subjects, clips = SOURCES[source]
    last = "evaluate" if source == "frames" else "weigh"  # one training takes long enough
    done = run(
        clone,
        *("dvc", "exp", "run"),
        *("-S", f"data.path={real_data / path}", "-S", f"data.layout={layout}"),
        *("-S", "data.naming=ravdess", "-S", "label.source=human"),
        *("-S", "train.batch_size=256", last),
    )
    assert stages_run(done)[-1] == last
    account = json.loads((clone / "outputs/prepare/prepare.json").read_text())
    assert account["rows_read"] == account["rows_kept"] == rows
    assert sum(split["subjects"] for split in account["splits"].values()) == subjects
    assert sum(split["clips"] for split in account["splits"].values()) == clips
    weighed = json.loads((clone / "outputs/weigh/class_weights.json").read_text())
    assert list(weighed["weights"]) == EMOTIONS


def test_training_and_evaluation_of_real_recordings(real_data, clone):
    made = json.loads((clone / "outputs/train/run.json").read_text())
    assert made["emotions"] == EMOTIONS
    assert len(made["features"]) == 35
    metrics = json.loads((clone / "outputs/evaluate/metrics.json").read_text())
    named = metrics["categories"]["scores"]["network"]
    assert named["accuracy"]["value"] > 1 / len(EMOTIONS)
    assert named["clip_accuracy"]["value"] > named["accuracy"]["value"]  # many frames a clip
    assert (
        "rule without gate" not in metrics["test"]["tuned"]
    )  # the rules know other emotions than these eight
    means = pd.read_csv(clone / "outputs/evaluate/mean_predictions.csv")
    assert set(means["emotion"]) == set(EMOTIONS)
    tables = clone / "outputs/evaluate/tables"
    audit = pd.read_csv(tables / "audit.csv").set_index(["emotion", "category"])
    assert audit.loc[("happiness", "happy"), "low"] > 0.8
    assert audit.loc[("anger", "angry"), "auroc"] < audit.loc[("anger", "disgust"), "auroc"]
    fitted = yaml.safe_load((tables / "fitted_rules.yaml").read_text())
    assert 12 in fitted["label"]["rules"]["happiness"]["aus"]
    prototypes = pd.read_csv(tables / "importance.csv").dropna(subset=["prototype"])
    assert set(prototypes["emotion"]) == {"happy", "angry", "sad", "fearful"}
