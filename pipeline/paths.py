"""Names of the artifacts, relative to the repository root (a stage's working directory)."""

from pathlib import Path

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
DEMO = Path("data/demo")
OUTPUTS = Path("outputs")

FRAMES = OUTPUTS / "prepare/frames.parquet"
QUARANTINE = OUTPUTS / "prepare/quarantine.parquet"
PREPARE_SUMMARY = OUTPUTS / "prepare/prepare.json"

LABELS = OUTPUTS / "label/labels.parquet"
LABEL_DISTRIBUTION = OUTPUTS / "label/label_distribution.csv"
LABEL_SUMMARY = OUTPUTS / "label/label.json"

CLASS_WEIGHTS = OUTPUTS / "weigh/class_weights.json"

MODEL = OUTPUTS / "train/model.keras"
HISTORY = OUTPUTS / "train/history.csv"
RUN = OUTPUTS / "train/run.json"
PROFILE = OUTPUTS / "train/profile.parquet"

METRICS = OUTPUTS / "evaluate/metrics.json"
THRESHOLDS = OUTPUTS / "evaluate/thresholds.json"
MEAN_PREDICTIONS = OUTPUTS / "evaluate/mean_predictions.csv"
PLOTS = OUTPUTS / "evaluate/plots"
REPORT = OUTPUTS / "evaluate/report.md"
TEST_PREDICTIONS = OUTPUTS / "evaluate/test_predictions.parquet"

# Made by commands, not by stages.
VERDICT = OUTPUTS / "promote/verdict.json"
VERDICT_PAGE = OUTPUTS / "promote/verdict.md"
RETRAIN_SUMMARY = OUTPUTS / "retrain/summary.md"
RETRAIN_COMMENT = OUTPUTS / "retrain/comment.md"
DRIFT = OUTPUTS / "drift"  # a folder
