"""Names of the artifacts, relative to the repository root (a stage's working directory)."""

from pathlib import Path

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
DEMO = Path("data/demo")
OUTPUTS = Path("outputs")

FRAMES = OUTPUTS / "prepare/frames.parquet"
QUARANTINE = OUTPUTS / "prepare/quarantine.parquet"
PREPARE_SUMMARY = OUTPUTS / "prepare/prepare.json"
ACTIVITY = OUTPUTS / "prepare/activity.json"

LABELS = OUTPUTS / "label/labels.parquet"
LABEL_DISTRIBUTION = OUTPUTS / "label/label_distribution.csv"
LABEL_SUMMARY = OUTPUTS / "label/label.json"
DATA_CARD = OUTPUTS / "label/data_card.json"

CLASS_WEIGHTS = OUTPUTS / "weigh/class_weights.json"

MODEL = OUTPUTS / "train/model.keras"
HISTORY = OUTPUTS / "train/history.csv"
RUN = OUTPUTS / "train/run.json"
PROFILE = OUTPUTS / "train/profile.parquet"

METRICS = OUTPUTS / "evaluate/metrics.json"
SUMMARY = OUTPUTS / "evaluate/summary.json"
THRESHOLDS = OUTPUTS / "evaluate/thresholds.json"
MEAN_PREDICTIONS = OUTPUTS / "evaluate/mean_predictions.csv"
TABLES = OUTPUTS / "evaluate/tables"
PLOTS = OUTPUTS / "evaluate/plots"
SVG = OUTPUTS / "evaluate/svg"
REPORT = OUTPUTS / "evaluate/report.md"
REPORT_PAGE = OUTPUTS / "evaluate/report.html"
TRY_PAGE = OUTPUTS / "evaluate/try.html"
TEST_PREDICTIONS = OUTPUTS / "evaluate/test_predictions.parquet"

EXTERNAL = OUTPUTS / "external"
# Made by commands, not by stages.
VERDICT = OUTPUTS / "promote/verdict.json"
VERDICT_PAGE = OUTPUTS / "promote/verdict.md"
RETRAIN_SUMMARY = OUTPUTS / "retrain/summary.md"
DRIFT = OUTPUTS / "drift"  # a folder
EXPORT = OUTPUTS / "export"  # a folder
