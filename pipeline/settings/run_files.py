"""Name the files on a run that are read again: by the gate, the comparison and the replay."""

PREDICTIONS = "evaluation/test_predictions.parquet"
REPORT = "evaluation/report.html"
WARNINGS = "data/warnings.json"
SUBJECTS = "data/subjects.json"
DISTRIBUTION = "labels/distribution.json"
OTHER_ROWS = "promotion/test_predictions"  # the folder of predictions of other models' test rows

SETTINGS = "params/params.yaml"
HASHES = "provenance/md5.json"  # of every dependency and output, by path
PATCH = "provenance/changes.patch"
ENVIRONMENT = "provenance/environment.json"  # Python, packages and machine
TEST_ROWS = "provenance/test_rows.json"
