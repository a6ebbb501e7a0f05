"""Score the trained model on a data set of its own, which no training has seen."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.comparison.data_sets import differences, flat, macro_scores, score_table, told
from pipeline.data.action_units import ACTIVATIONS, INTENSITIES
from pipeline.data.card.counting.au_activity import Activity
from pipeline.data.card.counting.copies import row_digests
from pipeline.data.card.level_warnings import warn_of_people
from pipeline.data.features.feature_map import read_feature_map
from pipeline.data.frames import as_matrix, batches, column_codes, column_words, find_runs
from pipeline.data.names.words import folded
from pipeline.data.split import TEST, with_split
from pipeline.data.warnings import warning
from pipeline.errors import InputError, run_main
from pipeline.evaluation.baselines import NETWORK
from pipeline.evaluation.resampling.bootstrap import Resampling
from pipeline.settings import params, paths
from pipeline.settings.data_sections import DataSource
from pipeline.settings.schema import Params
from pipeline.stages.steps.ingest import Places, make_naming, make_plan, write_frames
from pipeline.stages.steps.labelling import write_labels
from pipeline.stages.steps.predicting import check_features, predict_set
from pipeline.tracking import provenance
from pipeline.tracking.open_runs import evaluation_run
from pipeline.tracking.outbox.sender_process import get_ready
from pipeline.tracking.run import DataSet

TELLING = 4  # values other than 0 by which a frame is told from others
BY_CHANCE = 0.01  # the share of frames that may be alike for no reason


def entry_of(stage: str) -> str:
    """Name the entry of a stage, `external@clinic`, or give back what is no stage.

    An entry's name is the user's own, and a command in dvc.yaml is a line for the shell: DVC says
    the name by the environment, where it can do no harm.
    """
    return stage.rpartition("external@")[2]


def read_set(source: DataSource, settings: Params, folder: Path) -> dict[str, Any]:
    """Read a data set as `prepare` does, all of it as test; return the account."""
    folder.mkdir(parents=True, exist_ok=True)
    places = Places(folder / "frames.parquet", folder / "quarantine.parquet")
    with TemporaryDirectory(dir=folder) as scratch:
        plan = make_plan(settings, Path(scratch), source)
        account, _ = write_frames(plan, settings, all_test, places)
    account["warnings"] += plan.check_labels(make_naming(settings, source))
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


def seen_in_training(theirs: Path, features: list[str]) -> list[dict[str, Any]]:
    """Warn of frames that training or validation holds: scores of them tell of nothing new."""
    graded = [name for name in features if name in INTENSITIES + ACTIVATIONS]
    asked = _telling_frames(theirs, graded, but=None)
    same = int(np.isin(asked, _telling_frames(paths.FRAMES, graded, but="test")).sum())
    if same <= BY_CHANCE * len(asked):
        return []
    text = (
        f"{same} of the {len(asked)} frames that can be told apart hold to the last digit what a "
        "frame of training or validation holds: these scores are not of new data. Leave out the "
        "recordings that training has."
    )
    return [warning("seen_in_training", same, text)]


def _telling_frames(path: Path, aus: list[str], but: str | None) -> NDArray[np.uint64]:
    """Give digests of the frames that can be told apart, those of a split left out."""
    found = [np.zeros(0, dtype=np.uint64)]
    for batch in batches(path, [*aus, "split"]):
        values, filled = row_digests([batch[au].to_numpy() for au in aus], batch.num_rows)
        chosen = batch["split"].cast(pa.string()).to_numpy() != but
        found.append(values[chosen & (filled >= TELLING)])
    return np.concatenate(found)


def unknown_words(frames: Path, emotions: list[str]) -> list[dict[str, Any]]:
    """Warn of human categories that the model has not learned: their rows count as none of its."""
    words = column_words(frames, "emotion")
    known = {"", *map(folded, emotions)}
    unknown = sorted(word for word in set(words.tolist()) if folded(word) not in known)
    if not unknown:
        return []
    rows = int(np.isin(words, unknown).sum())
    text = (
        f"{rows} frames are {', '.join(unknown)}, which the model does not know: none of its own."
    )
    return [warning("unknown_category", rows, text)]


def score(frames: Path, labels: Path, made: Mapping[str, Any], settings: Params) -> pd.DataFrame:
    """Score the set at the thresholds that were tuned on validation rows of the training data."""
    emotions: list[str] = made["emotions"]
    true = as_matrix(pq.read_table(labels, columns=emotions), emotions)
    predicted = predict_set(frames, made, settings)
    tuned = json.loads(paths.THRESHOLDS.read_text())["thresholds"]
    chosen = settings.evaluate
    return score_table(
        true,
        predicted,
        {model: np.array([tuned[model][e] for e in emotions]) for model in predicted},
        emotions,
        column_codes(frames, "subject")[0],
        column_codes(frames, "clip")[0],
        Resampling(chosen.resamples, chosen.seed, chosen.confidence),
        positive_at=chosen.positive_at,
    )


def record(name: str, source: DataSource, made: Mapping[str, Any], table: pd.DataFrame) -> str:
    """Record scores, files and the data set on the run of the model; return the run's name."""
    folder, place = paths.EXTERNAL / name, f"external/{name}"
    frames = folder / "frames.parquet"
    used = {f"external.{name}.{key}": value for key, value in source.model_dump().items()}
    with evaluation_run(made["experiment"], made["run"], used) as run:
        digest, rows = provenance.file_md5(frames), pq.read_metadata(frames).num_rows
        dataset = DataSet("external", digest, of=name)
        run.log_metrics(flat(table, name, NETWORK), of_model=dataset)
        run.log_table(table, f"{place}/scores")
        run.log_file(folder / "metrics.json", place)
        run.log_dataset(dataset, frames, rows, dict.fromkeys(made["features"], "float32"))
    return run.address


@click.argument("name", envvar="DVC_STAGE", callback=lambda _c, _p, value: entry_of(value))
def main(name: str) -> None:
    settings = params.load()
    if name not in settings.external:
        known = ", ".join(settings.external) or "none"
        raise InputError(f"params.yaml: external has no entry {name!r}; there are: {known}.")
    get_ready()
    source, folder = settings.external[name], paths.EXTERNAL / name
    frames, labels = folder / "frames.parquet", folder / "labels.parquet"
    made = json.loads(paths.RUN.read_text())
    account = read_set(source, settings, folder)
    check_features(frames, made, account)
    write_labels(settings, frames, labels, made["emotions"])
    table = score(frames, labels, made, settings)
    ours = json.loads(paths.PREPARE_SUMMARY.read_text())
    account["warnings"] += warn_of_people(frames, read_feature_map(made["feature_map"]))
    account["warnings"] += differences(ours, account, level_drift(frames, made["features"]))
    account["warnings"] += seen_in_training(frames, made["features"])
    if settings.label.source == "human":
        account["warnings"] += unknown_words(frames, made["emotions"])
    content = {"macro": macro_scores(table), **account}
    (folder / "metrics.json").write_text(json.dumps(content, indent=2) + "\n")
    run = record(name, source, made, table)
    for item in account["warnings"]:
        print(f"warning {item['code']}: {item['message']}")
    print("\n".join(told(table, name)))
    print(f"MLflow run {run}")


if __name__ == "__main__":
    run_main(main)
