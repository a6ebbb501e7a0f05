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
MEAN_PREDICTIONS = OUTPUTS / "evaluate/mean_predictions.csv"
PLOTS = OUTPUTS / "evaluate/plots"
REPORT = OUTPUTS / "evaluate/report.md"

DRIFT = OUTPUTS / "drift"  # a folder, made by the command `drift`
