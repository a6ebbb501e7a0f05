"""Make the report of an evaluation in a second or two, from invented rows and no pipeline."""

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.data.frames import word_type
from pipeline.evaluation import baselines
from pipeline.evaluation.all_models import Bounds, Case, build_case, mean_table
from pipeline.evaluation.baselines.training_mean import training_mean
from pipeline.evaluation.judgement import Judgement, judge, network_by_group
from pipeline.evaluation.prediction_file import KEYS
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.evaluation.unlearnable import Limit
from pipeline.report.evaluation_page import Report
from pipeline.report.figures.gallery import before_scores, of_action_units, of_scores, pictures
from pipeline.report.figures.rendering import Drawn, render
from pipeline.report.model_card import Facts

EMOTIONS = ["happiness", "anger", "an emotion with a long name", "fear"]
SUBJECTS, FRAMES = 8, 15
COLUMNS = ["AU01_r", "AU04_r", "AU12_r"]
SPLITS: dict[str, Any] = {
    name: {"subjects": 8, "clips": 8, "frames": 1120} for name in ("train", "test")
}
CARD: dict[str, Any] = {
    "splits": SPLITS,
    "aus": [
        {"split": split, "au": au, "state": "dead" if au == "AU01_r" else "ok"}
        | {"expressed_share": 0.3, "mean": 0.5}
        for split in ("train", "test")
        for au in COLUMNS
    ],
    "au_drift": [
        {"split": "test", "name": au, "difference": 0.1, "beyond_chance": False} for au in COLUMNS
    ],
    "labels": [
        {"split": "train", "emotion": emotion, "frames": 1120}
        | {"share_above_0_1": 0.4, "share_at_least_0_5": 0.2}
        for emotion in EMOTIONS
    ],
    "label_drift": [],
    "correlations": [{"first": "anger", "second": "fear", "correlation": 0.99}],
    "warnings": [{"code": "dead_au", "number": 1, "message": "AU01_r | never <moves>."}],
}
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [0.6, 0.4, 0.3],
        "val_loss": [0.5, 0.4, 0.6],
        "learning_rate": [0.002, 0.002, 0.001],
    }
)
FACTS = Facts(
    recipe="improved",
    extractor="OpenFace 2",
    features=COLUMNS,
    emotions=EMOTIONS,
    best_epoch=3,
    label_source="facs",
    splits={**SPLITS, "val": SPLITS["train"]},
    hashes={"outputs/train/model.keras": "0" * 32},
    params={"train.seed": 7},
)


def invented_case() -> Case:
    """Make a case of three splits in which the last emotion has no positives."""
    random = np.random.default_rng(5)
    rows = 3 * SUBJECTS * FRAMES
    true = random.random((rows, len(EMOTIONS)))
    true[:, -1] *= 0.4
    predicted = {
        name: np.clip(true + random.normal(0, noise, true.shape), 0, 1)
        for name, noise in ((baselines.NETWORK, 0.2), (baselines.RULE, 0.4))
    }
    predicted[baselines.CONSTANT] = training_mean(true, rows)
    split = np.repeat(["train", "val", "test"], rows // 3)
    return build_case(EMOTIONS, split, true, predicted, Bounds(0.5, 0.5))


@cache
def invented_judgement() -> Judgement:
    """Judge it with few resamples."""
    return judge(invented_case(), np.tile(_subject(), 3), Resampling(200, 7, 0.95))


@cache
def invented_tables() -> dict[str, pd.DataFrame]:
    """Make every table that a report may have."""
    judgement = invented_judgement()
    names = [f"S{i}" for i in range(SUBJECTS)]
    pairs = [(e, c) for e in EMOTIONS for c in COLUMNS]
    importance = pd.DataFrame(pairs, columns=["emotion", "column"]).assign(
        importance=np.linspace(-0.01, 0.05, len(pairs)), low=0.01, prototype=True
    )
    response = importance[["emotion", "column"]].merge(
        pd.DataFrame({"value": np.linspace(0, 5, 11), "predicted": np.linspace(0, 1, 11) ** 2}),
        how="cross",
    )
    numbers = {f"{of}{part}": [0.6] for of in ("fitted", "current", "gain") for part in PARTS}
    fitted = {"emotion": ["anger"], "category": ["angry"], "aus": ["{9: 1.0}"], "divisor": [1.2]}
    return {
        **judgement.tables(),
        "mean_predictions": mean_table(judgement.case),
        "subjects": network_by_group(judgement.case, np.tile(_subject(), 3), names, "subject"),
        "importance": importance,
        "response": response,
        "disagreements": pd.DataFrame(
            [("anger", 9, "foreign"), ("anger", 4, "unused"), ("fear", 4, "unused")],
            columns=["emotion", "au", "kind"],
        ),
        "audit": pd.DataFrame(
            {"emotion": ["anger", "fear"], "category": "angry", "auroc": [0.4, np.nan]}
        ).assign(low=[0.3, np.nan], high=[0.5, np.nan]),
        "fitted_rules": pd.DataFrame({**fitted, **numbers}),
    }


PARTS = ("", "_low", "_high")


@cache
def invented_figures() -> dict[str, Drawn]:
    """Draw every figure."""
    judgement = invented_judgement()
    words = [pa.array([f"S{i}" for i in _subject()]).cast(word_type()) for _ in range(2)]
    keys = pa.table([*words, pa.array(np.tile(np.arange(FRAMES), SUBJECTS))], names=KEYS)
    lines = [(split, e, 10, 4, 2, 0.2) for split in ("train", "all") for e in EMOTIONS]
    columns = ["split", "emotion", "frames", "above_0_1", "at_least_0_5", "mean"]
    tables = invented_tables()
    drawings = {
        **before_scores(CARD, pd.DataFrame(lines, columns=columns), HISTORY),
        **of_scores(judgement.case, keys, judgement.tuned, tables),
        **of_action_units(tables["importance"], tables["response"]),
    }
    return {name: render(drawing) for name, drawing in drawings.items()}


def invented_report(*, drawn: bool = False) -> Report:
    """Put the report together, with pictures only if they are drawn."""
    judgement = invented_judgement()
    return Report(
        title="Recipe improved on data/demo",
        headline=judgement.headline,
        verdict=judgement.verdict,
        scores=judgement.tuned,
        tables=invented_tables(),
        facts=FACTS,
        card=CARD,
        pictures=pictures(invented_figures(), "plots") if drawn else {},
        limits=[Limit(("anger", "fear"), "identical labels", "Change the rules.")],
    )


def table_rows(text: str) -> list[list[str]]:
    """Read the cells of each row of a Markdown text's tables."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def _subject() -> np.ndarray:
    return np.repeat(np.arange(SUBJECTS), FRAMES)
