"""What a report says of real recordings before any score."""

import json

import pyarrow.parquet as pq

from pipeline.data.frames import as_matrix, column_words
from pipeline.evaluation.all_models import Bounds, build_case
from pipeline.evaluation.unlearnable import limits_line
from pipeline.settings import params, paths
from pipeline.stages import label, prepare
from pipeline.stages.steps.reporting import card_of, facts_of, find_limits_of


def test_names_what_the_expression_recordings_cannot_teach(real_data, workspace, tree):
    tree["data"] |= {"path": str(real_data / "expression"), "layout": "expression"}
    workspace(tree)
    prepare.main()
    label.main()
    emotions = pq.read_schema(paths.LABELS).names
    true = as_matrix(pq.read_table(paths.LABELS), emotions)
    split = column_words(paths.FRAMES, "split")
    aus = json.loads(paths.PREPARE_SUMMARY.read_text())["aus"]
    case = build_case(emotions, split, true, {}, Bounds(0.5, 0.5))
    (line,) = limits_line(find_limits_of(params.load(), case, aus))
    # Of twelve action units seven are 0 on every image, and four rules are left with AU04.
    assert "sadness, guilt, fear and anxiety (of their rules only AU04 moves:" in line
    assert "fear and anxiety (identical labels on every row)" in line
    assert "training rows with a label of at least 0.5" in line
    assert "happiness" not in line
    assert "anger" not in line


def test_warns_of_test_people_whom_the_start_knows(workspace):
    paths.DATA_CARD.parent.mkdir(parents=True)
    paths.DATA_CARD.write_text(json.dumps({"warnings": ["of the data"]}))
    made = {"feature_map": ["AU06_r"]}  # without calibration nobody's level matters
    assert card_of(made)["warnings"] == ["of the data"]
    made["start"] = {"warnings": ["of the start"]}
    assert card_of(made)["warnings"] == ["of the data", "of the start"]


def test_the_model_card_knows_what_training_started_from(tree, workspace):
    workspace(tree)
    made = {"recipe": "r", "features": [], "emotions": [], "best_epoch": 1, "params": {}}
    account = {"extractor": "OpenFace 2", "splits": {}}
    for start in (None, {"folder": "models/first"}):
        told = made | ({"start": start} if start else {})
        assert facts_of(params.load(), told, account, {}).start == start


def test_human_labels_are_not_held_to_rules(real_data, workspace, tree):
    tree["data"] |= {"path": str(real_data / "ravdess/clips.csv"), "layout": "table"}
    tree["data"]["naming"], tree["label"]["source"] = "ravdess", "human"
    workspace(tree)
    prepare.main()
    label.main()
    emotions = pq.read_schema(paths.LABELS).names
    true = as_matrix(pq.read_table(paths.LABELS), emotions)
    case = build_case(emotions, column_words(paths.FRAMES, "split"), true, {}, Bounds(0.5, 0.5))
    still = {"AU04_r": {"lowest": 0.0, "highest": 0.0}}
    assert find_limits_of(params.load(), case, still) == []
