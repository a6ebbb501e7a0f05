"""Score the trained model on a data set of its own, which no training has seen."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import paths, prepare
from pipeline.data import facs
from pipeline.data.activity import Activity
from pipeline.data.frames import as_matrix, au_columns, batches, column_words
from pipeline.data.runs import find_runs
from pipeline.data.split import TEST, with_split
from pipeline.data.units import AU_COLUMNS
from pipeline.data.warning import warning
from pipeline.errors import InputError
from pipeline.evaluation.arrays import Floats
from pipeline.evaluation.baselines import NETWORK, RULE
from pipeline.model.saving import Predictor, load_model
from pipeline.schema import Data, Params


def read_set(source: Data, settings: Params, folder: Path) -> dict[str, Any]:
    """Read a data set as `prepare` does, all of it as test; return the account."""
    folder.mkdir(parents=True, exist_ok=True)
    places = prepare.Places(folder / "frames.parquet", folder / "quarantine.parquet")
    with TemporaryDirectory(dir=folder) as scratch:
        plan = prepare.make_plan(settings, Path(scratch), source)
        account, _ = prepare.write_frames(plan, settings.prepare, all_test, places)
    account["warnings"] += plan.check_labels(prepare.make_naming(settings, source))
    if not account["rows_kept"]:
        raise InputError(
            f"no frame of {source.path} is left: {account['rows_quarantined']} rows are "
            f"quarantined ({account['quarantined_by_reason']}); see {places.quarantine}."
        )
    return account


def all_test(frames: pa.Table, _batch: int) -> pa.Table:
    """Put every row into the test split."""
    return with_split(frames, np.full(frames.num_rows, TEST, dtype=np.int32))


def level_drift(theirs: Path, features: list[str]) -> list[dict[str, Any]]:
    """Compare the AUs of the people in another frame table with those of training."""
    activity = Activity(features)
    keys = ["subject", "clip", "split"]
    for path, split in ((paths.FRAMES, "train"), (theirs, "test")):
        for batch in batches(path, [*keys, *features]):
            rows = batch.filter(pc.equal(batch["split"].cast(pa.string()), split)).combine_chunks()
            if rows.num_rows:
                activity.add(rows, find_runs(rows, clips=True))
    return [row for row in activity.drift() if row["split"] == "test"]


def unknown_words(frames: Path, emotions: list[str]) -> list[dict[str, Any]]:
    """Warn of human categories that the model has not learned: their rows count as none of its."""
    words = column_words(frames, "emotion")
    unknown = sorted(set(words.tolist()) - {*emotions, ""})
    if not unknown:
        return []
    rows = int(np.isin(words, unknown).sum())
    text = (
        f"{rows} frames are {', '.join(unknown)}, which the model does not know: none of its own."
    )
    return [warning("unknown_category", rows, text)]


def predict(frames: Path, made: dict[str, Any], settings: Params) -> dict[str, Floats]:
    """Predict every row with the network, and with the rule where it knows all emotions."""
    features = as_matrix(pq.read_table(frames, columns=made["features"]), made["features"])
    predicted: dict[str, Floats] = {NETWORK: Predictor(load_model(paths.MODEL))(features)}
    rules = {emotion: rule.weights for emotion, rule in settings.label.rules.items()}
    if not set(made["emotions"]) <= set(rules):
        return predicted
    needed = facs.rule_columns(rules, au_columns(frames, AU_COLUMNS))
    table = pq.read_table(frames, columns=needed)
    columns = {name: table[name].to_numpy() for name in needed}
    scores = facs.rule_scores(columns, rules, settings.chosen.divisors)
    predicted[RULE] = scores[:, [list(rules).index(emotion) for emotion in made["emotions"]]]
    return predicted
