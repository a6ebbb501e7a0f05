"""Scores of each subject and clip against scoring that group's rows alone."""

import numpy as np
import pytest
from short_forms import score

from pipeline.errors import InputError
from pipeline.evaluation.scoring.by_subject import scores_by_group

EMOTIONS = ["joy", "fear"]
SETTINGS = {"positive_at": 0.5, "thresholds": [0.4, 0.6]}


def test_equals_scoring_each_group_alone() -> None:
    random = np.random.default_rng(2)
    of = random.integers(0, 7, 120)
    of[of == 3] = 4  # a name without rows
    true = random.random((120, 2)).astype(np.float32).round(1)
    predicted = np.clip(true + random.normal(0, 0.4, (120, 2)), 0, 1).astype(np.float32).round(1)
    true[of == 5] = 0.1  # nobody positive
    names = [f"S{i}" for i in range(7)]
    table = scores_by_group(true, predicted, of, names, EMOTIONS, **SETTINGS, kind="subject")
    assert list(table["subject"]) == [n for n in names if n != "S3" for _ in EMOTIONS]
    assert list(table["emotion"]) == EMOTIONS * 6
    for row in table.to_dict("records"):
        rows = of == names.index(row["subject"])
        found = score(true[rows], predicted[rows], EMOTIONS, **SETTINGS)["emotion"][row["emotion"]]
        assert row["rows"] == rows.sum()
        place = EMOTIONS.index(row["emotion"])
        assert row["mean_predicted"] == pytest.approx(predicted[rows, place].mean())
        assert row["mean_true"] == pytest.approx(true[rows, place].mean())
        for metric in set(found) - {"ece", "threshold"}:
            expected = np.nan if found[metric] is None else found[metric]
            assert row[metric] == pytest.approx(expected, abs=1e-6, nan_ok=True), metric
    alone = table[table["subject"] == "S5"]
    assert alone[["auroc", "average_precision", "recall"]].isna().all(axis=None)


def test_refuses_another_number_of_codes() -> None:
    with pytest.raises(InputError, match="2 clip codes were given for 3 rows"):
        scores_by_group(
            np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(2, int), ["a"], ["joy"],
            positive_at=0.5, thresholds=0.5, kind="clip",
        )  # fmt: skip
