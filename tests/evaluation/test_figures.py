"""Every figure is drawn, saved and the same each time, whatever the emotions are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.evaluation import curves, figures, panels, pictures, style, tables
from pipeline.evaluation.baselines import NETWORK

World = Callable[..., Any]
HISTORY = pd.DataFrame(
    {"epoch": [1, 2, 3], "loss": [0.6, 0.4, 0.3], "val_loss": [0.5, 0.4, 0.6], "lr": 0.001}
)
NAMES = {
    1: ["happiness"],
    6: ["happiness", "anger", "sadness", "guilt", "fear", "anxiety"],
    12: [f"an emotion with a long name, number {i}" for i in range(12)],
}


def distribution(emotions: list[str], splits: tuple[str, ...]) -> pd.DataFrame:
    lines = [(split, e, 10, 4, 2, 0.2) for split in splits for e in emotions]
    columns = ["split", "emotion", "frames", "above_0_1", "at_least_0_5", "mean"]
    return pd.DataFrame(lines, columns=columns)


@pytest.fixture
def drawn(world: World, scored: World) -> Callable[[list[str]], dict[str, Figure]]:
    def draw(emotions: list[str]) -> dict[str, Figure]:
        # The last emotion has no positives.
        rare = len(emotions) - 1
        true, models = world(len(emotions), rare=rare)
        scores = scored(emotions, rare=rare)
        pair = true, models[NETWORK]
        means = [tables.mean_predictions(*pair, emotions, split, 0.5) for split in ("val", "test")]
        cells = tables.confusion(*pair, emotions, positive_at=0.5, thresholds=0.5)
        pr = curves.precision_recall_points(*pair, emotions, 0.5)
        return {
            "label_distribution": figures.label_distribution(distribution(emotions, ("train",))),
            "training_curves": figures.training_curves(HISTORY),
            "mean_predictions": figures.mean_predictions(pd.concat(means)),
            "overview": figures.overview(scores),
            "confusion": panels.confusion_matrices(cells),
            "roc": panels.roc(curves.roc_points(*pair, emotions, 0.5), scores[NETWORK]),
            "precision_recall": panels.precision_recall(pr, scores[NETWORK]),
            "reliability": panels.reliability(curves.reliability_points(*pair, emotions)),
        }

    return draw


@pytest.mark.parametrize("count", NAMES)
def test_draws_any_number_of_emotions_without_overlap(
    count: int, drawn: Callable[[list[str]], dict[str, Figure]]
) -> None:
    for name, figure in drawn(NAMES[count]).items():
        with style.styled():
            figure.draw_without_rendering()
        boxes = [axes.get_tightbbox() for axes in figure.axes]
        for i, box in enumerate(boxes):
            assert box is not None
            assert figure.bbox.padded(1).fully_contains(*box.min), name
            assert figure.bbox.padded(1).fully_contains(*box.max), name
            others = [other.padded(-1) for other in boxes[i + 1 :] if other is not None]
            assert not box.padded(-1).count_overlaps(others), name


def test_same_data_gives_the_same_bytes(
    tmp_path: Path, drawn: Callable[[list[str]], dict[str, Figure]]
) -> None:
    for run in ("first", "second"):
        # What a person set for their own plots must not show.
        with mpl.rc_context({"font.size": 30 if run == "second" else 10}):
            for name, figure in drawn(NAMES[1]).items():
                pictures.save(figure, tmp_path / run / f"{name}.png")
    first = sorted((tmp_path / "first").iterdir())
    assert len(first) == 8
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert round(image.info["dpi"][0]) == 150
            assert set(image.info) == {"dpi"}


def test_overview_marks_what_is_defined_and_names_what_is_not(scored: World) -> None:
    scores = scored(["happiness", "anger"], rare=1)
    precision, auroc, _ = figures.overview(scores).axes
    network = precision.get_lines()[0]
    expected = scores[NETWORK]["emotion"]["happiness"]["average_precision"]
    assert network.get_label() == NETWORK
    np.testing.assert_equal(network.get_xdata(), [expected, np.nan])
    for axes in (precision, auroc):
        assert [text.get_text() for text in axes.texts] == ["undefined"]


def test_training_curves_mark_the_lowest_validation_loss() -> None:
    best = figures.training_curves(HISTORY).axes[0].get_lines()[-1]
    assert [*np.asarray(best.get_xdata()), *np.asarray(best.get_ydata())] == [2, 0.4]
    assert best.get_label() == "best: epoch 2, validation loss 0.4000"


def test_training_curves_without_a_defined_validation_loss_mark_none() -> None:
    lost = HISTORY.assign(val_loss=np.nan)
    labels = [line.get_label() for line in figures.training_curves(lost).axes[0].get_lines()]
    assert labels == ["training", "validation"]


def test_label_distribution_shows_shares_of_each_split_but_not_all_of_them() -> None:
    table = distribution(["happiness"], ("train", "test", "all"))
    table.loc[table["split"] == "test", "frames"] = 0
    weak = figures.label_distribution(table).axes[0].get_lines()
    shown = {line.get_label(): list(np.asarray(line.get_xdata())) for line in weak}
    assert shown["train"] == [0.4]
    assert np.isnan(shown["test"]).all()
    assert set(shown) == {"train", "test"}


def test_confusion_panel_shows_counts_and_shares_of_each_label() -> None:
    cells = {"tp": [0, 4], "fp": [1, 0], "fn": [0, 1], "tn": [3, 2]}
    table = pd.DataFrame({"emotion": ["joy", "fear"]} | cells)
    joy, fear = panels.confusion_matrices(table).axes
    assert [text.get_text() for text in joy.texts] == ["3\n75%", "1\n25%", "0\n-", "0\n-"]
    assert [text.get_text() for text in fear.texts] == ["2\n100%", "0\n0%", "1\n20%", "4\n80%"]


def test_curve_panels_say_what_is_undefined(scored: World) -> None:
    scores = scored(["happiness", "anger"], rare=1)[NETWORK]
    empty = pd.DataFrame({"emotion": [], "recall": [], "precision": []})
    happiness, anger = panels.precision_recall(empty, scores).axes
    number = scores["emotion"]["happiness"]["average_precision"]
    assert happiness.get_title(loc="left") == f"happiness, AP {number:.2f}"
    assert anger.get_title(loc="left") == "anger, AP undefined"
    assert anger.texts[0].get_text() == "needs positives\nand negatives"
