"""What a run records: one scheme, few, the number to choose by first."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from pipeline.evaluation.all_models import Bounds, build_case
from pipeline.evaluation.judgement import Judgement, judge
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.run_metrics import of_labels
from pipeline.evaluation.scoring.metric_names import CHOOSE_BY, KNOWN, MOST, of_epoch

SUBJECT = np.arange(80) // 8
MEASURED = {
    "epoch": 3,
    "loss": 0.5,
    "val_loss": 0.6,
    "learning_rate": 0.001,
    "val_average_precision": 0.7,
    "val_average_precision/anger": 0.8,
    "val_auroc": 0.75,
    "val_f1": 0.4,
    "val_mae": 0.1,
}


@pytest.fixture
def judgement_of(world: Callable[..., object]) -> Callable[[list[str]], Judgement]:
    def judge_emotions(emotions: list[str]) -> Judgement:
        true, models = world(len(emotions))
        split = np.select([SUBJECT < 3, SUBJECT < 6], ["train", "val"], "test")
        case = build_case(emotions, split, true, models, Bounds(0.5, 0.5))
        return judge(case, SUBJECT, Resampling(50, 7, 0.95))

    return judge_emotions


def names_of(emotions: list[str], found: Judgement) -> list[str]:
    """List the metrics of a run in the order in which they are logged."""
    labels = pd.DataFrame({"split": "all", "emotion": emotions, "mean": 0.5})
    parts = [of_epoch(MEASURED, MEASURED), found.of_training(), found.of_validation()]
    return [name for part in (*parts, found.of_test(), of_labels(labels)) for name in part]


@pytest.mark.parametrize("count", [1, 6, 8, 9, 14, 30, 70])
def test_a_run_has_at_most_sixty_and_the_first_is_the_one_to_choose_by(
    judgement_of, count: int
) -> None:
    emotions = [f"e{i}" for i in range(count)]
    names = names_of(emotions, judgement_of(emotions))
    assert names[0] == CHOOSE_BY == "val/average_precision"
    assert len(names) == len(set(names)) <= MOST
    assert {name.split("/")[0] for name in names} <= {"train", "val", "epoch", "test", "labels"}
    assert KNOWN in names
    of_emotions = [name for name in names if name.endswith("/e0")]
    kinds = ["test/f1/e0", "test/average_precision/e0", "labels/mean/e0"]
    assert of_emotions == kinds[: 3 if count <= 9 else 28 // count]


def test_kept_checkpoint_and_epoch_are_told_apart() -> None:
    kept = MEASURED | {"epoch": 2, "val_loss": 0.5, "val_average_precision": 0.9}
    found = of_epoch(MEASURED, kept)
    assert (found["val/loss"], found["epoch/val_loss"]) == (0.5, 0.6)
    assert (found["val/average_precision"], found["epoch/val_average_precision"]) == (0.9, 0.7)
    assert found["epoch/best"] == 2


def test_the_score_of_training_rows_is_that_of_the_kept_network_on_them_alone(judgement_of) -> None:
    found = judgement_of(["anger", "joy"])
    train = found.case.rows("train")
    true, predicted = found.case.true[train] >= 0.5, found.case.predicted["network"][train]
    wanted = average_precision_score(true, predicted, average="macro")
    assert found.of_training() == {KNOWN: pytest.approx(wanted)}


def test_what_is_not_defined_is_left_out() -> None:
    lacking = {k: v for k, v in MEASURED.items() if k != "val_average_precision"}
    assert next(iter(of_epoch(lacking, lacking))) == "val/loss"


def test_names_of_emotions_are_safe_and_apart(judgement_of) -> None:
    emotions = ["joy & pride", "joy + pride", "..", "macro"]
    found = judgement_of(emotions)
    names = [name for name in found.of_test() if name.startswith("test/f1/")]
    assert len(names) == 4
    assert {"test/f1/__", "test/f1/macro"} < set(names)
    assert len([name for name in names if name.startswith("test/f1/joy _ pride")]) == 2


def test_dvc_shows_ten_numbers_which_the_run_has_too(judgement_of) -> None:
    found = judgement_of(["happiness", "anger", "fear"])
    shown, test = found.for_dvc(0.25), found.of_test()
    assert {name: list(group) for name, group in shown.items()} == {
        "val": ["AP", "AUROC", "F1", "loss"],
        "test": ["AP", "AUROC", "F1", "ECE"],
        "gain": ["AP", "low"],
    }
    assert shown["val"]["loss"] == 0.25
    assert shown["test"]["AP"] == pytest.approx(test["test/average_precision"], abs=1e-6)
    assert shown["test"]["ECE"] == pytest.approx(test["test/calibration_error"], abs=1e-6)
    gains = [value for name, value in test.items() if name.startswith("test/gain/")]
    assert shown["gain"]["AP"] == pytest.approx(min(gains), abs=1e-6)
    lows = [value for name, value in test.items() if name.startswith("test/gain_low/")]
    assert shown["gain"]["low"] in [pytest.approx(low, abs=1e-6) for low in lows]
