"""Train on labels that mean nothing: the verdict must claim nothing.

Run as `python -m benchmarks.soak.shuffled`, or with `--data FOLDER --layout LAYOUT` on recordings.
For each seed the rows of labels are shuffled over all frames, subjects are dealt anew (4 in 10 for
test), a network is trained, and it is judged beside its baselines as the evaluate stage does. Any
gain is chance. Exit code 1 where a verdict claims that the network beats every baseline.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import yaml
from throwaway import PARAMS

from benchmarks import ROOT

EPOCHS = 8
SUBJECTS = 20  # of the demo data; 8 for test
Words = npt.NDArray[np.str_]


def prepare(workspace: Path, data: str | None, layout: str) -> None:
    """Make frames and labels in the workspace, of the demo data or of recordings."""
    tree = yaml.safe_load(PARAMS.read_text())
    tree["demo"]["subjects"] = SUBJECTS
    if data:
        tree["data"] |= {"path": str(Path(data).resolve()), "layout": layout}
    (workspace / "params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    for stage in ["prepare", "label"] if data else ["demo", "prepare", "label"]:
        subprocess.run(
            [sys.executable, "-m", f"pipeline.stages.{stage}"],
            cwd=workspace,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            check=True,
        )


def deal(subject: npt.NDArray[np.int64], random: np.random.Generator) -> Words:
    """Deal subjects to the splits and give each row its split."""
    people = random.permutation(np.unique(subject))
    test, val = people[: int(0.4 * len(people))], people[-max(2, len(people) // 6) :]
    return np.where(np.isin(subject, test), "test", np.where(np.isin(subject, val), "val", "train"))


def claims(seed: int) -> dict[str, tuple[str, bool]]:
    """Train on shuffled labels; tell by baseline what is claimed against it.

    The second part is what average precision alone would claim: that its gain is above 0.
    """
    from pipeline.data.action_units import INTENSITIES
    from pipeline.data.frames import as_matrix, au_columns, column_codes
    from pipeline.evaluation import baselines
    from pipeline.evaluation.all_models import Bounds, build_case
    from pipeline.evaluation.baselines.logistic_regression import fit_logistic
    from pipeline.evaluation.baselines.training_mean import training_mean
    from pipeline.evaluation.judgement import judge
    from pipeline.evaluation.resampling.bootstrap import Resampling
    from pipeline.settings import params, paths
    from pipeline.stages.steps.predicting_baselines import rule_baseline

    random = np.random.default_rng(seed)
    names = au_columns(paths.FRAMES, INTENSITIES)
    emotions = list(pq.read_schema(paths.LABELS).names)
    features = as_matrix(pq.read_table(paths.FRAMES, columns=names), names)
    true = as_matrix(pq.read_table(paths.LABELS), emotions)[random.permutation(len(features))]
    subject = column_codes(paths.FRAMES, "subject")[0]
    split = deal(subject, random)
    train = split == "train"
    rule = rule_baseline(params.load())
    regression = fit_logistic(features[train], true[train])
    predicted = {
        baselines.NETWORK: network(features, true, split, seed),
        baselines.CONSTANT: training_mean(true[train], len(true)),
        baselines.LOGISTIC: regression.predict(features),
    }
    if rule is not None and set(emotions) <= set(rule.columns):
        predicted[baselines.RULE] = rule[emotions].to_numpy()
    case = build_case(emotions, split, true, predicted, Bounds(0.5, 0.5))
    found = judge(case, subject, Resampling(2000, seed, 0.95))
    print(f"seed {seed}: {' '.join(found.verdict)}", flush=True)
    certainty = found.certainty
    standings = {name: certainty.standing(name, found.judged) for name in certainty.baselines}
    return {name: (claim, gain.low > 0) for name, (gain, claim) in standings.items()}


def network(features: Any, true: Any, split: Words, seed: int) -> Any:
    """Train a small network for a few epochs and predict every row."""
    from pipeline.model.training.fit import Data, Settings, fit
    from pipeline.model.training.saving import Predictor

    settings = Settings(
        seed=seed,
        hidden=(64, 32),
        dropout=(0.2, 0.2),
        batch_norm=True,
        weights=[1.0] * true.shape[1],
        weight_mode="emotion",
        learning_rate=0.003,
        batch_size=32,
        epochs=EPOCHS,
        early_stopping_patience=None,
        lr_patience=None,
        lr_factor=0.5,
        lr_lowest=1e-6,
    )
    train, val = split == "train", split == "val"
    data = Data((features[train], true[train]), (features[val], true[val]))
    with tempfile.TemporaryDirectory() as folder:
        trained = fit(data, settings, lambda *_: {}, lambda *_: None, Path(folder))
    return Predictor(trained.model)(features)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--data", help="a folder of recordings instead of the demo data")
    parser.add_argument("--layout", default="expression")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), options.data, options.layout)
        os.chdir(name)
        found = [claims(seed) for seed in range(options.seeds)]
    every = sum(all(claim == "better" for claim, _ in one.values()) for one in found)
    told = [each for one in found for each in one.values()]
    counts = Counter(claim for claim, _ in told)
    print(
        f"{options.seeds} seeds: {every} verdicts claim a gain over every baseline; of {len(told)} "
        f"comparisons {counts['better']} found the network better and {counts['worse']} worse, by "
        f"average precision alone {sum(alone for _, alone in told)} better"
    )
    raise SystemExit(1 if every else 0)


if __name__ == "__main__":
    main()
