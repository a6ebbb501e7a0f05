"""Every figure is drawn, saved and the same each time, whatever the emotions are."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.scoring import tidy_tables
from pipeline.report.figures import (
    au_grids,
    category_figures,
    clip_timeline,
    curve_points,
    emotion_panels,
    files,
    overviews,
    style,
)

World = Callable[..., Any]
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [0.6, 0.4, 0.3],
        "val_loss": [0.5, 0.4, 0.6],
        "learning_rate": 0.001,
    }
)
NAMES = {
    1: ["happiness"],
    12: [f"an emotion with a long name, number {i}" for i in range(12)],
}
SOME = (
    "overview",
    "confusion",
    "timeline",
    "importance",
    "categories",
)  # each is drawn in another way
AUS = ["AU01_r", "AU12_r", "AU45_c"]


def distribution(emotions: list[str], splits: tuple[str, ...]) -> pd.DataFrame:
    lines = [(split, e, 10, 4, 2, 0.2) for split in splits for e in emotions]
    columns = ["split", "emotion", "frames", "above_0_1", "at_least_0_5", "mean"]
    return pd.DataFrame(lines, columns=columns)


def intervals(emotions: list[str], models: list[str]) -> pd.DataFrame:
    pairs = itertools.product(models, overviews.COMPARED, emotions)
    table = pd.DataFrame(pairs, columns=["model", "metric", "emotion"])
    return table.assign(against=None, low=0.3, high=0.8)


def looks(emotions: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    pairs = pd.DataFrame(itertools.product(emotions, AUS), columns=["emotion", "column"])
    importance = pairs.assign(importance=[-0.01, 0.0, 0.05] * len(emotions), low=0.01)
    importance["prototype"] = [True, False, None] * len(emotions)
    sweep = pd.DataFrame({"value": [0.0, 1.0], "predicted": [0.0, 1.0]})
    return importance, pairs.merge(sweep, how="cross")


def clips(emotions: int) -> list[clip_timeline.ShownClip]:
    def one(frames: int) -> clip_timeline.ShownClip:
        values = np.linspace(0, 1, frames * emotions).reshape(frames, emotions)
        place = np.append(np.arange(frames - 1), 2 * frames)
        return clip_timeline.ShownClip(
            "S", "a-clip-with-a-very-long-name", "why", place, values, 1 - values
        )

    return [one(12), one(700)]


def spread(emotions: list[str], subjects: int) -> pd.DataFrame:
    pairs = itertools.product(map(str, range(subjects)), emotions)
    table = pd.DataFrame(pairs, columns=["subject", "emotion"])
    return table.assign(auroc=np.linspace(0, 1, len(table)), mae=np.nan)


def named(categories: list[str]) -> pd.DataFrame:
    counts = np.arange(len(categories) ** 2).reshape(len(categories), -1) * 100
    counts[-1] = 0
    return pd.DataFrame(counts, index=categories, columns=categories)


def understood(people: int) -> pd.DataFrame:
    names = [f"person {i}" for i in range(people)]
    return pd.DataFrame({"subject": names, "accuracy": np.linspace(0, 1, people)})


@pytest.fixture
def drawn(world: World, scored: World) -> Callable[[list[str]], dict[str, Figure]]:
    def draw(emotions: list[str]) -> dict[str, Figure]:
        # The last emotion has no positives.
        rare = len(emotions) - 1
        true, models = world(len(emotions), rare=rare)
        scores = scored(emotions, rare=rare)
        pair = true, models[NETWORK]
        means = [
            tidy_tables.mean_predictions(*pair, emotions, split, 0.5) for split in ("val", "test")
        ]
        cells = tidy_tables.confusion(*pair, emotions, positive_at=0.5, thresholds=0.5)
        pr = curve_points.precision_recall_points(*pair, emotions, 0.5)
        importance, response = looks(emotions)
        return {
            "label_distribution": overviews.label_distribution(distribution(emotions, ("train",))),
            "training_curves": overviews.training_curves(HISTORY),
            "mean_predictions": overviews.mean_predictions(pd.concat(means)),
            "overview": overviews.overview(scores, intervals(emotions, list(scores))),
            "confusion": emotion_panels.confusion_matrices(cells),
            "roc": emotion_panels.roc(
                curve_points.roc_points(*pair, emotions, 0.5), scores[NETWORK]
            ),
            "precision_recall": emotion_panels.precision_recall(pr, scores[NETWORK]),
            "reliability": emotion_panels.reliability(
                curve_points.reliability_points(*pair, emotions)
            ),
            "subjects": overviews.subjects(spread(emotions, 5)),
            "categories": category_figures.confusion_matrix(named(emotions), "clips"),
            "category_people": category_figures.accuracy_by_subject(understood(70), 0.5, 0.1),
            "timeline": clip_timeline.timeline(clips(len(emotions)), emotions),
            "importance": au_grids.importance_map(importance),
            "response": au_grids.response_curves(response, importance),
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
    elements = []
    for run in ("first", "second"):
        # What a person set for their own plots must not show.
        with mpl.rc_context({"font.size": 30 if run == "second" else 10}):
            for name, figure in drawn(NAMES[1]).items():
                if name not in SOME:
                    continue
                elements.append(files.svg(figure))
                files.save(figure, tmp_path / run / f"{name}.png")
    assert elements[: len(elements) // 2] == elements[len(elements) // 2 :]
    first = sorted((tmp_path / "first").iterdir())
    assert len(first) == len(SOME)
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert round(image.info["dpi"][0]) == 150
            assert set(image.info) == {"dpi"}


def test_svg_takes_every_colour_from_the_page_and_shares_no_id(scored: World) -> None:
    figure = overviews.training_curves(HISTORY)
    element = files.svg(figure)
    assert element.startswith("<svg ")
    assert re.findall(r"#[0-9a-f]{6}", element) == []
    assert "var(--blue)" in element
    assert not {"<metadata", "<?xml", "font-family"} & {
        *re.findall(r"<\??\w+|font-family", element)
    }
    ids = [set(re.findall(r'id="([^"]+)"', files.inline(element, p))) for p in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', files.inline(element, "a"))
    assert set(used) <= ids[0]


def test_svg_file_brings_its_colours_and_ground() -> None:
    text = files.standalone('<svg width="1"><path style="fill: var(--ink)"/></svg>')
    root = ElementTree.fromstring(text)
    style, ground, _ = root
    for name, (light, dark) in files.COLORS.items():
        assert f"--{name}:{light};" in style.text
        assert f"--{name}:{dark};" in style.text.split("prefers-color-scheme:dark")[1]
    assert ground.get("style") == "fill: var(--paper)"


def luminance(color: str) -> float:
    """Give the relative luminance of WCAG 2."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def blend(front: str, back: str, alpha: float) -> str:
    parts = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (front, back)]
    mixed = np.average(parts, axis=0, weights=[alpha, 1 - alpha])
    return "#" + "".join(f"{round(value):02x}" for value in mixed)


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_stand_out_from_paper_and_text_from_cells(scheme: int) -> None:
    color = {name: pair[scheme] for name, pair in files.COLORS.items()}
    for name in ("ink", "faint", "blue"):  # text and links
        assert contrast(color[name], color["paper"]) >= 4.5, name
    for name in ("green", "vermilion", "grey", "brown"):  # marks
        assert contrast(color[name], color["paper"]) >= 3, name
    for name in ("fill", "warm"):  # a cell at its darkest
        mixed = blend(color[name], color["paper"], style.DEEPEST)
        assert contrast(color["ink"], mixed) >= 4.5, name


def test_series_differ_in_more_than_colour() -> None:
    markers = [series["marker"] for series in style.SERIES]
    dashes = [series["dashes"] for series in style.SERIES]
    assert len({*markers}) == len({*dashes}) == len(style.SERIES) >= 8


def test_subjects_are_dots_up_to_a_bound_then_quartiles_alone() -> None:
    few, many = (
        overviews.subjects(spread(["joy"], n)).axes[0] for n in (5, overviews.MOST_DOTS + 1)
    )
    assert [len(np.asarray(line.get_xdata())) for line in few.get_lines()] == [1, 5]
    assert [list(np.asarray(line.get_xdata())) for line in many.get_lines()] == [[0.5]]
    undefined = overviews.subjects(spread(["joy"], 5)).axes[1]
    assert [text.get_text() for text in undefined.texts] == ["undefined"]


def test_overview_marks_what_is_defined_and_names_what_is_not(scored: World) -> None:
    scores = scored(["happiness", "anger"], rare=1)
    bounds = intervals(["happiness", "anger"], list(scores))
    precision, auroc, _ = overviews.overview(scores, bounds).axes
    network = precision.get_lines()[0]
    expected = scores[NETWORK]["emotion"]["happiness"]["average_precision"]
    assert network.get_label() == NETWORK
    np.testing.assert_equal(network.get_xdata(), [expected, np.nan])
    for axes in (precision, auroc):
        assert [text.get_text() for text in axes.texts] == ["undefined"]


def test_training_curves_mark_the_lowest_validation_loss() -> None:
    best = overviews.training_curves(HISTORY).axes[0].get_lines()[-1]
    assert [*np.asarray(best.get_xdata()), *np.asarray(best.get_ydata())] == [2, 0.4]
    assert best.get_label() == "best: epoch 2, validation loss 0.4000"


def test_training_curves_without_a_defined_validation_loss_mark_none() -> None:
    lost = HISTORY.assign(val_loss=np.nan)
    labels = [line.get_label() for line in overviews.training_curves(lost).axes[0].get_lines()]
    assert labels == ["training", "validation"]


def test_label_distribution_shows_shares_of_each_split_but_not_all_of_them() -> None:
    table = distribution(["happiness"], ("train", "test", "all"))
    table.loc[table["split"] == "test", "frames"] = 0
    weak = overviews.label_distribution(table).axes[0].get_lines()
    shown = {line.get_label(): list(np.asarray(line.get_xdata())) for line in weak}
    assert shown["train"] == [0.4]
    assert np.isnan(shown["test"]).all()
    assert set(shown) == {"train", "test"}


def test_confusion_panel_shows_counts_and_shares_of_each_label() -> None:
    cells = {"tp": [0, 4], "fp": [1, 0], "fn": [0, 1], "tn": [3, 2]}
    table = pd.DataFrame({"emotion": ["joy", "fear"]} | cells)
    joy, fear = emotion_panels.confusion_matrices(table).axes
    assert [text.get_text() for text in joy.texts] == ["3\n75%", "1\n25%", "0\n-", "0\n-"]
    assert [text.get_text() for text in fear.texts] == ["2\n100%", "0\n0%", "1\n20%", "4\n80%"]


def test_curve_panels_say_what_is_undefined(scored: World) -> None:
    scores = scored(["happiness", "anger"], rare=1)[NETWORK]
    empty = pd.DataFrame({"emotion": [], "recall": [], "precision": []})
    happiness, anger = emotion_panels.precision_recall(empty, scores).axes
    number = scores["emotion"]["happiness"]["average_precision"]
    assert happiness.get_title(loc="left") == f"happiness\nAP {number:.2f}"
    assert anger.get_title(loc="left") == "anger\nAP undefined"
    assert anger.texts[0].get_text() == "needs positives\nand negatives"
