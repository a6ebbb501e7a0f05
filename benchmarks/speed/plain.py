"""Compare the whole tracked pipeline with a plain script that has none of it.

Run as `python -m benchmarks.speed.plain`; `--data FOLDER` takes recordings of the layout
`expression` in place of generated ones. The script is what one writes first: pandas, labels in a
loop over rows, people dealt to training and test, `model.fit` with the recipe's network, callbacks
and batch size, validated on the test people, a score, no record. The pipeline is a first `dvc
repro` in a fresh copy: checks, quarantine, data card, labels, weights, training, baselines,
intervals, figures, a report and a run in MLflow. Both start from the same files, by turns.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from throwaway import PARAMS, environment, make_clone, run, set_params

from benchmarks import ROOT


def script(folder: Path) -> None:
    """Train and score a model, and print its best validation loss and its epochs."""
    import keras
    import numpy as np
    import pandas as pd
    from sklearn.metrics import average_precision_score

    from pipeline.settings import params

    settings = params.load(PARAMS)
    recipe, rules = settings.chosen, settings.label.rules
    tables = [
        pd.read_csv(path).assign(clip=path.stem.removesuffix("_aus"))
        for path in sorted((folder / "AUs").glob("*_aus.csv"))
    ]
    frames = pd.concat(tables)
    labels = []
    for _, row in frames.iterrows():
        valence = row["clip"].rpartition("_")[2]
        labels.append(
            [
                min(1.0, np.mean([row[f"AU{au:02d}_r"] for au in rule.aus]) / recipe.divisors[name])
                if valence == rule.valence
                else 0.0
                for name, rule in rules.items()
            ]
        )
    answers = np.array(labels, dtype=np.float32)
    columns = [name for name in frames.columns if name.startswith("AU")]
    features = frames[columns].to_numpy(np.float32)
    people = frames["clip"].str.split("_").str[0]
    chosen = np.random.default_rng(7).permutation(people.unique())
    test = people.isin(chosen[: len(chosen) // 5]).to_numpy()
    layers = [keras.Input((len(columns),)), keras.layers.Normalization()]
    layers[1].adapt(features[~test])
    for units, rate in zip(recipe.hidden, recipe.dropout, strict=True):
        dense = keras.layers.Dense(units, use_bias=False)
        layers += [dense, keras.layers.BatchNormalization(), keras.layers.ReLU()]
        layers.append(keras.layers.Dropout(rate))
    model = keras.Sequential([*layers, keras.layers.Dense(len(rules), activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(
        patience=recipe.early_stopping_patience, restore_best_weights=True
    )
    slow = keras.callbacks.ReduceLROnPlateau(patience=recipe.lr_patience, factor=0.5)
    history = model.fit(
        features[~test],
        answers[~test],
        batch_size=settings.train.batch_size,
        epochs=recipe.epochs,
        validation_data=(features[test], answers[test]),
        callbacks=[stop, slow],
        verbose=0,
    ).history
    predicted = model.predict(features[test], verbose=0)
    average_precision_score(answers[test] >= 0.5, predicted)
    told = {"val_loss": min(history["val_loss"]), "epochs": len(history["loss"])}
    print(json.dumps(told | {"frames": len(frames)}))


def time_script(folder: Path) -> tuple[float, dict[str, float]]:
    """Run the script in a process of its own; give its seconds and what it found."""
    command = [sys.executable, "-m", "benchmarks.speed.plain", "--script", str(folder)]
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(TF_CPP_MIN_LOG_LEVEL="3"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return time.perf_counter() - begin, json.loads(done.stdout.splitlines()[-1])


def time_pipeline(data: Path) -> tuple[float, int]:
    """Run `dvc repro` in a fresh copy; give its seconds and epochs."""
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder))
        set_params(clone, {"data.path": str(data)})
        begin = time.perf_counter()
        run(clone, "dvc", "repro")
        taken = time.perf_counter() - begin
        history = (clone / "outputs/train/history.csv").read_text().splitlines()
        return taken, len(history) - 1


def generate(folder: Path, frames: int) -> Path:
    """Generate recordings of 40 people, three clips each."""
    clone = make_clone(folder)
    set_params(clone, {"demo.frames_per_clip": frames // 120})
    run(clone, "dvc", "repro", "demo/dvc.yaml")
    return clone / "data/demo"


def compare(data: Path, rounds: int) -> None:
    """Time both by turns and print a line."""
    scripts, pipelines = zip(
        *((time_script(data), time_pipeline(data)) for _ in range(rounds)), strict=True
    )
    ratio = statistics.median(
        own[0] / plain[0] for own, plain in zip(pipelines, scripts, strict=True)
    )
    plain, own = (statistics.median(one[0] for one in every) for every in (scripts, pipelines))
    found = scripts[0][1]
    print(
        f"{found['frames']:,} frames: plain script {plain:.1f} s ({found['epochs']} epochs), "
        f"tracked dvc repro {own:.1f} s ({pipelines[0][1]} epochs), ratio {ratio:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[6_000, 100_000])
    parser.add_argument("--data", type=Path, help="recordings to take in place of generated ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.script:
        script(options.script)
    elif options.data:
        compare(options.data.resolve(), options.rounds)
    else:
        for frames in options.frames:
            with tempfile.TemporaryDirectory() as folder:
                compare(generate(Path(folder), frames), options.rounds)


if __name__ == "__main__":
    main()
