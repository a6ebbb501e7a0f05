"""Names of the files on a run: stages write them, commands and the gate look for them there."""

DATA, LABELS, EVALUATION = "data", "labels", "evaluation"  # folders

SETTINGS = "params/params.yaml"
HASHES = "provenance/md5.json"
PATCH = "provenance/changes.patch"
ENVIRONMENT = "provenance/environment.json"  # Python, packages and machine
TEST_ROWS = "provenance/test_rows.json"
START = "provenance/start.json"  # of a training that did not start from random weights

WARNINGS = f"{DATA}/warnings.json"
SUBJECTS = f"{DATA}/subjects.json"  # by split: no model may be judged on whom it was trained on
PROFILE = f"{DATA}/profile.parquet"
DISTRIBUTION = f"{LABELS}/distribution.json"

PREDICTIONS = f"{EVALUATION}/test_predictions.parquet"
REPORT = f"{EVALUATION}/report.html"
TRY_PAGE = f"{EVALUATION}/try.html"
THRESHOLDS = f"{EVALUATION}/thresholds.json"
# The folder of predictions of other models' test rows.
OTHER_ROWS = "promotion/test_predictions"


def folder_of(name: str) -> str:
    """Give the folder of a file on a run."""
    return name.rpartition("/")[0]


def table_of(name: str) -> str:
    """Give the name under which a table is logged that becomes this file."""
    return name.removesuffix(".json")
